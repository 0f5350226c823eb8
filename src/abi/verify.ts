import { KhoError } from '../bytes/index.js';
import type { AbiFile, PageSizeName, RadixMap } from './schema.js';

const SHIFTS: Record<PageSizeName, number> = { '4K': 12, '16K': 14, '64K': 16 };

/**
 * Recomputes the derived numbers of an ABI file from their formulas (include/linux/kho/abi headers of Linux 6.19 to 7.3):
 * they are written out for people, and must not drift.
 *
 * @throws KhoError `E_ABI_FILE`
 */
export function verifyNumbers(file: AbiFile, size: PageSizeName): void {
  const pageShift = SHIFTS[size];
  const pageSize = 2 ** pageShift;
  const expect = (path: string, declared: unknown, computed: unknown): void => {
    if (JSON.stringify(declared) === JSON.stringify(computed)) return;
    throw new KhoError('E_ABI_FILE', 'number does not follow from its formula', {
      path: `${path} (${size})`,
      found: JSON.stringify(declared),
      expected: JSON.stringify(computed),
    });
  };
  const map = file.memoryMap;
  if (map.kind === 'radix')
    expect('memoryMap.geometry', map.geometry[size], radixNumbers(pageShift, map.depthCountsOrderBit));
  else {
    expect('memoryMap.geometry', map.geometry[size], {
      pageShift,
      bitmapBytes: map.bitmap === 'page' ? pageSize : 512,
      // A chunk is one page: address of the next one, order and count, then entries of two addresses to its end.
      entriesPerChunk: (pageSize - 16) / 16,
    });
  }
  // A chunk is one page: the address of the next one, then addresses to its end.
  if (file.vmalloc !== undefined)
    expect('vmalloc.entriesPerChunk', file.vmalloc.entriesPerChunk[size], (pageSize - 8) / 8);
  const text = (name: string): number => name.length + 1;
  const root = file.fdt.root.reduce((sum, property) => sum + text(property.name), 0);
  const subtree = file.fdt.subtree.reduce((sum, property) => sum + text(property.name), 0);
  expect('fdt.sizes.strings', file.fdt.sizes.strings, { empty: root, subtree: root + subtree });
  // Root node 8, compatible 12 + 8, map 12 + 8, end node 4, end 4.
  const fixed = 8 + (12 + Math.ceil(text(file.compatible) / 4) * 4) + 20 + 4 + 4;
  expect('fdt.sizes.fixedStruct', file.fdt.sizes.fixedStruct, fixed);
  expect('fdt.sizes.empty', file.fdt.sizes.empty, 64 + fixed + root);
}

/** Geometry of a radix tree from the formulas of its header. */
function radixNumbers(pageShift: number, depthCountsOrderBit: boolean): RadixMap['geometry']['4K'] {
  const order0Bit = 64 - pageShift;
  const tableBits = pageShift - 3;
  const bitmapBits = pageShift + 3;
  const keyBits = order0Bit + (depthCountsOrderBit ? 1 : 0);
  const depth = Math.ceil((keyBits - bitmapBits) / tableBits) + 1;
  const shifts = Array.from({ length: depth - 1 }, (_, level) => bitmapBits + level * tableBits);
  return { pageShift, order0Bit, tableBits, bitmapBits, depth, shifts };
}
