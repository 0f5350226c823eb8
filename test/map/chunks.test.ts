import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ByteOrder,
  type ChunkGeometry,
  type ChunkSource,
  ChunkTracker,
  getAbi,
  mapGeometry,
  type PageShift,
  PageStore,
  type PhysicalMemory,
  readMap,
  readU64,
  walkBlocks,
  walkText,
} from '../../src/index.js';
import { thrown } from '../support/errors.js';

const BASE = 0x1_0000_0000n;
const TARGETS = ['kho-v1-6.16', 'kho-v1-6.18', 'kho-v1-6.19'].flatMap((abi) =>
  (['little', 'big'] as const).flatMap((order) =>
    ([12, 14, 16] as const).map((shift) => ({ abi, order, shift })),
  ),
);

function tracker(abi: string, order: ByteOrder, shift: PageShift): ChunkTracker {
  const geometry = mapGeometry(getAbi(abi), shift) as ChunkGeometry;
  return new ChunkTracker(new PageStore({ base: BASE, pageShift: shift }), geometry, order);
}

function source(of: ChunkTracker): ChunkSource {
  return { memory: of.store, root: of.serialize(), geometry: of.geometry, byteOrder: of.byteOrder };
}

function blocks(of: ChunkSource): string[] {
  const out: string[] = [];
  walkBlocks(of, (pfn, order) => out.push(`${order}/${pfn}`));
  return out;
}

const block = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 36 }), fc.integer({ min: 0, max: 12 }))
  .map(([raw, order]): [number, number] => [raw - (raw % 2 ** order), order]);

/** Ascending by order, then by address: the documented order of the list. */
function expected(all: Iterable<readonly [number, number]>): string[] {
  return [...new Map([...all].map(([pfn, order]) => [`${order}/${pfn}`, { pfn, order }]))]
    .sort(([, a], [, b]) => a.order - b.order || a.pfn - b.pfn)
    .map(([text]) => text);
}

describe.each(TARGETS)('$abi $order page shift $shift', ({ abi, order, shift }) => {
  test('adds and deletes like a set of blocks, walked by order and address', () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 40 }), fc.array(fc.nat(60)), (all, deletions) => {
        const made = tracker(abi, order, shift);
        for (const [pfn, of] of all) made.add(pfn, of);
        const left = new Map(all.map((entry) => [entry.join('/'), entry]));
        for (const index of deletions) {
          const gone = all[index];
          if (gone === undefined) continue;
          expect(made.delete(...gone)).toBe(true);
          left.delete(gone.join('/'));
        }
        expect(blocks(source(made))).toEqual(expected(left.values()));
      }),
      { numRuns: 15 },
    );
  });

  test('a run equals its blocks one by one', () => {
    const one = tracker(abi, order, shift);
    const bulk = tracker(abi, order, shift);
    const first = firstPfn(shift);
    for (let index = 0; index < 300; index++) one.add(first + index * 4, 2);
    bulk.addRun(first, 2, 300);
    expect(blocks(source(bulk))).toEqual(blocks(source(one)));
    expect(readMap(source(bulk)).statistics).toMatchObject({ blocks: 300, bytes: 1200n << BigInt(shift) });
  });

  test('unpreserving a block without bitmap is told; an emptied bitmap stays in the list', () => {
    const made = tracker(abi, order, shift);
    made.add(0x1000, 0);
    expect(made.delete(0x1000, 1)).toBe(false);
    expect(made.delete(2 ** 34, 0)).toBe(false);
    expect(made.delete(0x1000, 0)).toBe(true);
    expect(readMap(source(made)).statistics.shape).toEqual({
      kind: 'chunks',
      chunks: 1,
      bitmaps: 1,
      emptyBitmaps: 1,
    });
  });
});

/** A first PFN from which 300 blocks of order 2 cross the end of a bitmap, whatever its size. */
function firstPfn(shift: PageShift): number {
  return 2 ** (shift + 3) * 4 * 8 - 600;
}

test.each([
  // One bit a bitmap: 255 entries fit a chunk of 4K, 256 do not.
  { bitmaps: 255, chunks: 1 },
  { bitmaps: 256, chunks: 2 },
])('$bitmaps bitmaps of one order take $chunks chunks at 4K', ({ bitmaps, chunks }) => {
  const made = tracker('kho-v1-6.18', 'little', 12);
  for (let index = 0; index < bitmaps; index++) made.add(index * 32768, 0);
  const at = source(made);
  expect(readMap(at).statistics.shape).toMatchObject({ chunks, bitmaps });
  // num_elms of the first chunk, at offset 12.
  expect(Buffer.from(made.store.read(at.root, 16)!).readUInt32LE(12)).toBe(Math.min(255, bitmaps));
});

test('serializing again frees the chunks before; dropping frees bitmaps of a page, not slots', () => {
  const pages = tracker('kho-v1-6.19', 'little', 12);
  pages.add(0x1000, 0);
  pages.serialize();
  pages.serialize();
  expect([0, 1, 2].map((index) => pages.store.state(index))).toEqual(['used', 'freed', 'used']);
  pages.drop();
  expect([0, 1, 2].map((index) => pages.store.state(index))).toEqual(['freed', 'freed', 'freed']);
  const slots = tracker('kho-v1-6.16', 'little', 12);
  slots.add(0x1000, 0);
  slots.serialize();
  slots.drop();
  expect([0, 1].map((index) => slots.store.state(index))).toEqual(['used', 'freed']);
  expect(slots.serialize()).toBe(0n);
});

describe('a damaged list is refused with the address of the damage', () => {
  /** A list of two chunks, orders 0 and 1, one bitmap each: bitmaps at pages 0 and 1, chunks at pages 2 and 3. */
  const make = (): { store: PageStore; at: ChunkSource } => {
    const made = tracker('kho-v1-6.18', 'little', 12);
    made.add(0x8000, 0);
    made.add(0x20000, 1);
    return { store: made.store, at: source(made) };
  };
  const CHUNK0 = BASE + 0x2000n;
  const CHUNK1 = BASE + 0x3000n;
  const cases: {
    name: string;
    change: (view: DataView, page: number) => void;
    page: number;
    summary: string;
    address: bigint;
  }[] = [
    {
      name: 'a cycle of chunks',
      page: 3,
      change: (view) => view.setBigUint64(0, CHUNK0, true),
      summary: 'a chunk is reached twice',
      address: CHUNK0,
    },
    {
      name: 'a misaligned next',
      page: 2,
      change: (view) => view.setBigUint64(0, CHUNK1 + 8n, true),
      summary: 'a chunk is not page aligned',
      address: CHUNK1 + 8n,
    },
    {
      name: 'too many entries',
      page: 2,
      change: (view) => view.setUint32(12, 256, true),
      summary: 'a chunk says it has more entries than fit',
      address: CHUNK0,
    },
    {
      name: 'order -1',
      page: 2,
      change: (view) => view.setUint32(8, 0xffff_ffff, true),
      summary: 'an order that no block can have',
      address: CHUNK0,
    },
    {
      name: 'a bitmap named twice',
      page: 3,
      change: (view) => view.setBigUint64(24, BASE, true),
      summary: 'a bitmap is named twice',
      address: CHUNK1 + 16n,
    },
    {
      name: 'a misaligned bitmap',
      page: 2,
      change: (view) => view.setBigUint64(24, BASE + 512n, true),
      summary: 'a bitmap is not aligned to its size',
      address: CHUNK0 + 16n,
    },
    {
      name: 'an odd first address',
      page: 2,
      change: (view) => view.setBigUint64(16, 0x100_0000n, true),
      summary: 'the first address of a bitmap is not a multiple of what it spans',
      address: CHUNK0 + 16n,
    },
    {
      name: 'a bitmap outside the dump',
      page: 2,
      change: (view) => view.setBigUint64(24, 0x5000_0000n, true),
      summary: 'not in dump',
      address: 0x5000_0000n,
    },
  ];
  test.each(cases)('$name', ({ change, page, summary, address }) => {
    const { store, at } = make();
    const bytes = store.page(page);
    change(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), page);
    const error = thrown(() => readMap(at));
    expect(error.summary).toBe(summary);
    expect(error.details.address).toBe(address);
  });

  test('the undamaged list reads', () => {
    const { at } = make();
    expect(walkText(at)).toBe('0x8000000 0\n0x20000000 1\n');
    expect(readU64(at.memory.read(CHUNK0, 8)!, 0, 'little')).toBe(CHUNK1);
  });

  test('a list that never ends in a memory that answers everything is bounded', () => {
    // Every page says: next is the page after me. Only the dump's size could bound this; counts of entries are 0.
    let reads = 0;
    const memory: PhysicalMemory = {
      source: 'endless',
      hints: {},
      ranges: () => [{ start: 0n, end: 1n << 24n }],
      read: (address) => {
        reads++;
        if (address >= 1n << 24n) return undefined;
        const page = new Uint8Array(4096);
        new DataView(page.buffer).setBigUint64(0, address + 4096n, true);
        return page;
      },
    };
    const geometry = mapGeometry(getAbi('kho-v1-6.18'), 12) as ChunkGeometry;
    expect(thrown(() => readMap({ memory, root: 4096n, geometry, byteOrder: 'little' })).code).toBe(
      'E_NOT_IN_DUMP',
    );
    expect(reads).toBe(4096);
  });
});
