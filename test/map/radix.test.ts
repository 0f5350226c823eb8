import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ByteOrder,
  getAbi,
  type PageShift,
  PageStore,
  preservedRanges,
  RadixTree,
  radixGeometry,
  readMap,
  readU64,
  walkBlocks,
  walkRuns,
  walkText,
  writeU64,
} from '../../src/index.js';
import { thrown } from '../support/errors.js';

const BASE = 0x1_0000_0000n;
const TARGETS = (['kho-v2', 'kho-v4'] as const).flatMap((abi) =>
  (['little', 'big'] as const).flatMap((order) =>
    ([12, 14, 16] as const).map((shift) => ({ abi, order, shift })),
  ),
);
type TestTarget = (typeof TARGETS)[number];

function tree({ abi, order, shift }: { abi: string; order: ByteOrder; shift: PageShift }): RadixTree {
  return new RadixTree(
    new PageStore({ base: BASE, pageShift: shift }),
    radixGeometry(getAbi(abi), shift),
    order,
  );
}

function source(of: RadixTree) {
  return { memory: of.store, root: of.root, geometry: of.geometry, byteOrder: of.byteOrder };
}

/** Blocks that a walk meets, as text. */
function walked(of: RadixTree, reading: 'kernel' | 'recovered' = 'kernel'): string[] {
  const out: string[] = [];
  walkBlocks(
    source(of),
    (pfn, order) => out.push(`${pfn}/${order}`),
    (key) => out.push(`bad ${key}`),
    reading,
  );
  return out;
}

/** Blocks in the order of their keys, worked out with bigints from the documented formula. */
function expected(blocks: Iterable<[pfn: number, order: number]>, shift: number): string[] {
  const keys = new Map<bigint, string>();
  for (const [pfn, order] of blocks)
    keys.set((1n << BigInt(64 - shift - order)) | (BigInt(pfn) >> BigInt(order)), `${pfn}/${order}`);
  return [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
}

const block = fc
  .tuple(fc.integer({ min: 1, max: 2 ** 36 }), fc.integer({ min: 0, max: 12 }))
  .map(([raw, order]): [number, number] => [raw - (raw % 2 ** order), order]);

describe.each(TARGETS)('$abi $order page shift $shift', (target: TestTarget) => {
  const reading = 'recovered';

  test('adds and deletes like a set of keys, walked in key order', () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 60 }), fc.array(fc.nat(100)), (blocks, deletions) => {
        const made = tree(target);
        for (const [pfn, order] of blocks) made.add(pfn, order);
        const left = new Map(
          blocks.map(([pfn, order]) => [`${pfn}/${order}`, [pfn, order] as [number, number]]),
        );
        for (const index of deletions) {
          const gone = blocks[index];
          if (gone === undefined) continue;
          expect(made.delete(...gone)).toBe(true);
          left.delete(`${gone[0]}/${gone[1]}`);
        }
        // A tree without order bits mixes order-0 pages among the keys of high orders: compare as sets there.
        const found = walked(made, reading);
        const want = expected(left.values(), target.shift);
        if (made.geometry.lostOrderBit === undefined) expect(found).toEqual(want);
        else expect(found.sort()).toEqual(want.sort());
      }),
      { numRuns: 25 },
    );
  });

  test('bulk runs give the bytes of single adds', () => {
    fc.assert(
      fc.property(block, fc.integer({ min: 0, max: 5000 }), ([pfn, order], count) => {
        const single = tree(target);
        const bulk = tree(target);
        for (let index = 0; index < count; index++) single.add(pfn + index * 2 ** order, order);
        bulk.addRun(pfn, order, count);
        expect(bulk.store.pages).toBe(single.store.pages);
        for (let page = 0; page < single.store.pages; page++) {
          expect(Buffer.compare(bulk.store.page(page), single.store.page(page))).toBe(0);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('runs are the blocks, joined', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 2 ** 20 }), fc.integer({ min: 1, max: 300 })), {
          maxLength: 20,
        }),
        (pieces) => {
          const made = tree(target);
          for (const [pfn, count] of pieces) made.addRun(pfn, 0, count);
          const blocks: string[] = [];
          let last: [number, number, number] | undefined;
          walkRuns(
            source(made),
            {
              run(pfn, order, count) {
                // Neighbouring runs of one order have been joined.
                if (last !== undefined && last[1] === order)
                  expect(pfn).not.toBe(last[0] + last[2] * 2 ** order);
                last = [pfn, order, count];
                for (let index = 0; index < count; index++)
                  blocks.push(`${pfn + index * 2 ** order}/${order}`);
              },
            },
            reading,
          );
          expect(blocks).toEqual(walked(made, reading));
        },
      ),
      { numRuns: 20 },
    );
  });

  test('deleting leaves empty tables and leaves behind', () => {
    const made = tree(target);
    made.add(0x1000, 0);
    const pages = made.store.pages;
    expect(made.delete(0x1000, 0)).toBe(true);
    expect(made.store.pages).toBe(pages);
    const { statistics } = readMap(source(made));
    expect(statistics).toMatchObject({
      shape: { leaves: 1, emptyLeaves: 1, tables: made.geometry.depth - 1 },
      blocks: 0,
    });
    expect(made.delete(0x1000, 0)).toBe(true);
    // No table on the way: the kernel warns and stops.
    expect(made.delete(2 ** 30, 3)).toBe(false);
    expect(made.store.pages).toBe(pages);
  });
});

test('walkText is address in hex and order in decimal', () => {
  const made = tree({ abi: 'kho-v4', order: 'little', shift: 12 });
  made.add(0x12345, 0);
  made.add(0x200, 9);
  expect(walkText(source(made))).toBe('0x200000 9\n0x12345000 0\n');
});

test('statistics and ranges', () => {
  const made = tree({ abi: 'kho-v4', order: 'big', shift: 14 });
  made.addRun(0x100, 0, 4);
  made.add(0x104, 2);
  made.add(0x2000, 9);
  const { statistics, runs } = readMap(source(made));
  expect(statistics).toMatchObject({ blocks: 6, bytes: BigInt(4 + 4 + 512) << 14n, badKeys: 0 });
  expect([...statistics.byOrder].sort()).toEqual([
    [0, 4],
    [2, 1],
    [9, 1],
  ]);
  expect(preservedRanges(runs, 14)).toEqual([
    { start: 0x100n << 14n, end: 0x108n << 14n },
    { start: 0x2000n << 14n, end: 0x2200n << 14n },
  ]);
});

test('a tree without room for the order bit reads as the kernel reads it, and as it was meant', () => {
  const made = tree({ abi: 'kho-v2', order: 'little', shift: 14 });
  made.add(0x41294, 0);
  made.add(0x8, 3);
  expect(made.geometry.lostOrderBit).toEqual({ erratum: 'B3', fromOrder: 13 });
  expect(walkText(source(made))).toBe('0x4a5000000000000 32\n0x20000 3\n');
  expect(walked(made, 'recovered')).toEqual(['266900/0', '8/3']);
});

describe('hostile trees', () => {
  const made = (order: ByteOrder = 'little'): RadixTree => {
    const good = tree({ abi: 'kho-v4', order, shift: 12 });
    good.add(0x12345, 0);
    return good;
  };
  const put = (of: RadixTree, page: number, index: number, value: bigint): void =>
    writeU64(of.store.page(page), 8 * index, value, of.byteOrder);

  test.each(['little', 'big'] as const)('every slot points to one node: refused at once (%s)', (order) => {
    const bad = made(order);
    const first = readU64(bad.store.page(0), 16, order);
    for (let index = 0; index < 512; index++) put(bad, 0, index, first);
    const error = thrown(() => walkText(source(bad)));
    expect(error.code).toBe('E_RADIX');
    expect(error.message).toContain('reached twice');
    expect(error.message).toContain('physical address 0x100000008');
  });

  test('a table that points to itself, and one that points to the root', () => {
    for (const target of [0, 1]) {
      const bad = made();
      put(bad, 1, 5, bad.store.address(target));
      expect(thrown(() => walkText(source(bad))).message).toContain('reached twice');
    }
  });

  test('entries that are no page addresses', () => {
    for (const [value, text] of [
      [0x1234n, 'not page aligned'],
      [0xffff_ffff_ffff_f000n, 'not in dump'],
      [BASE + 0x10_0000n, 'not in dump'],
    ] as const) {
      const bad = made();
      put(bad, 0, 7, value);
      const error = thrown(() => walkText(source(bad)));
      expect(error.message).toContain(text);
      expect(error.message).toMatch(/0x100000038|named by the entry at 0x100000038/);
    }
  });

  test('keys that are no blocks are reported one by one, with their leaf', () => {
    const bad = made();
    // Leaf 0 holds keys 0 and 1; root slot 4 holds keys above the order-0 position.
    let page = 0;
    for (let level = 5; level >= 1; level--) {
      const next = bad.store.allocate();
      put(bad, page, 0, bad.store.address(next));
      page = next;
    }
    bad.store.page(page)[0] = 0b1111;
    let high = 0;
    for (let level = 5; level >= 1; level--) {
      const next = bad.store.allocate();
      put(bad, high, level === 5 ? 4 : 0, bad.store.address(next));
      high = next;
    }
    bad.store.page(high)[0] = 1;
    const { badKeys, statistics } = readMap(source(bad));
    expect(badKeys).toEqual([
      { key: 0n, leaf: bad.store.address(page) },
      { key: 1n, leaf: bad.store.address(page) },
      { key: 1n << 53n, leaf: bad.store.address(high) },
    ]);
    expect(statistics.badKeys).toBe(3);
    expect(walkText(source(bad)).split('\n')).toEqual([
      '0x0 53',
      '0x0 52',
      '0x0 51',
      '0x8000000000000000 51',
      '0x12345000 0',
      '0x0 -1',
      '',
    ]);
  });

  test('a root that is misaligned or absent', () => {
    const bad = { ...source(made()), root: 0x1001n };
    expect(thrown(() => walkText(bad)).message).toContain('not page aligned');
    expect(thrown(() => walkText({ ...bad, root: 0x2000n })).code).toBe('E_NOT_IN_DUMP');
  });
});
