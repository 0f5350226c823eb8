import {
  encodeKey,
  isRadix,
  keyPath,
  type MapSource,
  type Reading,
  walkBitmaps,
  walkLeaves,
  walkRuns,
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

/**
 * Those of some addresses that lie in a preserved block. One walk, whatever their number: the runs of a large map are not all kept,
 * and a hostile blob can name a thousand addresses.
 */
export function preservedOf(
  source: MapSource,
  reading: Reading,
  addresses: Iterable<bigint | undefined>,
): ReadonlySet<bigint> {
  const shift = BigInt(source.geometry.pageShift);
  const byPfn = new Map<number, bigint[]>();
  for (const address of addresses) {
    if (address === undefined) continue;
    const pfn = Number(address >> shift);
    byPfn.set(pfn, [...(byPfn.get(pfn) ?? []), address]);
  }
  /** PFNs that were not met yet, ascending. */
  const open = [...byPfn.keys()].sort((a, b) => a - b);
  const held = new Set<bigint>();
  walkRuns(
    source,
    {
      run(pfn, order, count) {
        const from = firstAtLeast(open, pfn);
        const end = pfn + count * 2 ** order;
        let to = from;
        while (to < open.length && open[to]! < end) to++;
        if (to === from) return;
        for (const met of open.splice(from, to - from))
          for (const address of byPfn.get(met)!) held.add(address);
      },
    },
    reading,
  );
  return held;
}

/** Index of the first of ascending numbers that is not below `least`. */
function firstAtLeast(numbers: readonly number[], least: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
