import {
  encodeKey,
  isRadix,
  keyPath,
  type MapSource,
  walkBitmaps,
  walkLeaves,
  wordView,
} from '../map/index.js';

/**
 * Walks a whole map, so that any broken entry throws, and looks for the order-0 block of the root FDT's page on the way. Every
 * booting kernel preserves that page, so it tells a right reading from a wrong one.
 */
export function holdsFdtPage(source: MapSource, address: bigint | undefined): boolean {
  const view = wordView(source.byteOrder);
  let held = false;
  const test = (words: Uint32Array, start: number, bit: number): boolean =>
    (words[start + ((bit >>> 5) ^ view.halfXor)]! & view.masks[bit & 31]!) !== 0;
  if (!isRadix(source)) {
    const pfn = address === undefined ? -1 : Number(address >> BigInt(source.geometry.pageShift));
    walkBitmaps(source, ({ order, pfn: first, span }) => {
      const bit = pfn - first;
      if (order === 0 && bit >= 0 && bit < source.geometry.bits) held ||= test(span.words, span.start, bit);
    });
    return held;
  }
  const { geometry } = source;
  const wanted =
    address === undefined ? undefined : keyPath(geometry, encodeKey(geometry, { address, order: 0 }));
  const number = wanted?.tables.reduce((sum, index) => sum * 2 ** geometry.tableBits + index, 0);
  walkLeaves(source, (leaf, { words, start }) => {
    if (wanted !== undefined && leaf === number) held = test(words, start, wanted.bit);
  });
  return held;
}
