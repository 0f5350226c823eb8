import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  forEachBit,
  getAbi,
  PageStore,
  RadixTree,
  radixGeometry,
  walkBlocks,
  walkRuns,
  wordView,
} from '../../src/index.js';

const PAGE_BITS = 4096 * 8;
const FIRST_BLOCK = 1 << 20;

/** Stretches of bits as leaves have them: empty, full, and single bits; long enough to cross groups of sixteen words. */
const stretches = fc.array(
  fc.record({
    length: fc.integer({ min: 1, max: 3000 }),
    kind: fc.constantFrom('empty', 'full', 'sparse'),
    step: fc.integer({ min: 2, max: 200 }),
  }),
  { maxLength: 25 },
);

/** Set bits, by counting up bit by bit. */
function bitsOf(pieces: readonly { length: number; kind: string; step: number }[]): number[] {
  const bits: number[] = [];
  let at = 0;
  for (const { length, kind, step } of pieces) {
    for (let bit = at; bit < Math.min(at + length, PAGE_BITS); bit++) {
      if (kind === 'full' || (kind === 'sparse' && (bit - at) % step === 0)) bits.push(bit);
    }
    at += length;
  }
  return bits;
}

describe.each(['little', 'big'] as const)('leaves in %s endian order', (order) => {
  test('each bit is visited once, ascending', () => {
    fc.assert(
      fc.property(stretches, fc.integer({ min: 0, max: 3 }), (pieces, page) => {
        const want = bitsOf(pieces);
        const bytes = new Uint8Array(4 * 4096);
        // Bit n of a u64 word stands in byte n / 8 from its low end.
        for (const bit of want) {
          const low = (bit >> 3) & 7;
          bytes[page * 4096 + (bit >> 6) * 8 + (order === 'little' ? low : 7 - low)]! |= 1 << (bit & 7);
        }
        const found: number[] = [];
        const span = { words: new Uint32Array(bytes.buffer), start: page * 1024, length: 1024 };
        forEachBit(span, wordView(order), (bit) => found.push(bit));
        expect(found).toEqual(want);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ['one slab', 64, 0, FIRST_BLOCK],
    ['many slabs', undefined, 0, FIRST_BLOCK],
    ['order 3', 64, 3, FIRST_BLOCK],
    ['PFNs above 31 bits', 64, 0, 2 ** 31 + PAGE_BITS],
    ['PFNs above 32 bits', 64, 0, 2 ** 33],
  ])('walks give the blocks that were added: %s', (_name, expectedPages, blockOrder, firstBlock) => {
    fc.assert(
      fc.property(stretches, (pieces) => {
        const store = new PageStore({
          base: 1n << 40n,
          pageShift: 12,
          ...(expectedPages && { expectedPages }),
        });
        const tree = new RadixTree(store, radixGeometry(getAbi('kho-v4'), 12), order);
        // Other leaves first, so that slabs fill up where they are small.
        if (expectedPages === undefined)
          for (let leaf = 0; leaf < 80; leaf++) tree.add((leaf + 1) * PAGE_BITS * 64, 0);
        const want = bitsOf(pieces).map((bit) => (firstBlock + bit) * 2 ** blockOrder);
        for (const pfn of want) tree.add(pfn, blockOrder);
        const from = firstBlock * 2 ** blockOrder;
        const end = (firstBlock + PAGE_BITS) * 2 ** blockOrder;
        const inside = (pfn: number): boolean => pfn >= from && pfn < end;
        const source = { memory: store, root: tree.root, geometry: tree.geometry, byteOrder: order };

        const blocks: number[] = [];
        walkBlocks(source, (pfn, found) => {
          if (inside(pfn) && found === blockOrder) blocks.push(pfn);
        });
        expect(blocks).toEqual(want.filter(inside));

        const inRuns: number[] = [];
        walkRuns(source, {
          run(pfn, found, count) {
            if (!inside(pfn) || found !== blockOrder) return;
            for (let index = 0; index < count; index++) inRuns.push(pfn + index * 2 ** blockOrder);
          },
        });
        expect(inRuns).toEqual(want);
      }),
      { numRuns: 15 },
    );
  });
});
