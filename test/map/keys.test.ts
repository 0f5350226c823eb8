import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  decodeKeyUnchecked,
  encodeKey,
  floorLog2,
  getAbi,
  highestBit,
  keyFault,
  keyPath,
  parsePageSize,
  radixGeometry,
  splitRange,
  trailingZeros,
} from '../../src/index.js';

interface Row {
  size: string;
  depth: number;
  address: string;
  order: number;
  key: string;
  path: number[];
  bit: number;
  seen?: { address: string; order: number };
}

const ROWS = parse(
  readFileSync(join(import.meta.dirname, '../../golden/documented/keys/keys.yaml'), 'utf8'),
) as Row[];
const GEOMETRIES = (['kho-v2', 'kho-v4'] as const).flatMap((abi) =>
  ([12, 14, 16] as const).map((shift) => radixGeometry(getAbi(abi), shift)),
);

describe('documented keys', () => {
  test.each(
    ROWS.map((row) => [`${row.size} depth ${row.depth} ${row.address} order ${row.order}`, row] as const),
  )('%s', (_name, row) => {
    // Depth 4 on 16K is kho-v2, depth 5 is kho-v4; elsewhere both agree.
    const matching = GEOMETRIES.filter(
      (geometry) => geometry.pageShift === parsePageSize(row.size) && geometry.depth === row.depth,
    );
    expect(matching.length).toBeGreaterThan(0);
    for (const geometry of matching) {
      const key = encodeKey(geometry, { address: BigInt(row.address), order: row.order });
      expect(key).toBe(BigInt(row.key));
      expect(keyPath(geometry, key)).toEqual({ tables: row.path, bit: row.bit });
      const stored = key & ((1n << BigInt(geometry.coveredBits)) - 1n);
      const seen = row.seen ?? row;
      expect(decodeKeyUnchecked(geometry, stored)).toEqual({
        address: BigInt(seen.address),
        order: seen.order,
      });
    }
  });

  test('there are rows for every geometry', () => {
    expect(new Set(ROWS.map(({ size, depth }) => `${size}/${depth}`))).toEqual(
      new Set(['4K/6', '16K/4', '16K/5', '64K/4']),
    );
  });
});

describe('keys', () => {
  test.each(GEOMETRIES)('every aligned block comes back ($pageShift, depth $depth)', (geometry) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: geometry.order0Bit - 1 }),
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        (order, raw) => {
          const shift = BigInt(geometry.pageShift + order);
          const block = { address: (raw >> shift) << shift, order };
          expect(decodeKeyUnchecked(geometry, encodeKey(geometry, block))).toEqual(block);
        },
      ),
    );
  });

  test('faults', () => {
    const geometry = radixGeometry(getAbi('kho-v4'), 12);
    expect(keyFault(geometry, 0n)).toBe('no order bit');
    expect(keyFault(geometry, 1n)).toBe('order bit 0');
    expect(keyFault(geometry, 2n)).toBeUndefined();
    expect(keyFault(geometry, 1n << 52n)).toBeUndefined();
    expect(keyFault(geometry, 1n << 53n)).toBe('order bit above the order-0 position');
    expect([highestBit(0n), highestBit(1n), highestBit((1n << 63n) + 5n)]).toEqual([-1, 0, 63]);
  });
});

describe('splitting', () => {
  const rules = { trailingZerosOfZero: 64, orderLimit: 31 };
  const blocks = (pfn: number, count: number, nodes: number[] = []): [number, number][] => {
    const out: [number, number][] = [];
    expect(splitRange(pfn, count, rules, nodes, (at, order) => out.push([at, order]))).toBeUndefined();
    return out;
  };

  test('documented examples', () => {
    expect(blocks(0x3, 0xd)).toEqual([
      [3, 0],
      [4, 2],
      [8, 3],
    ]);
    expect(blocks(0x100000, 0x300)).toEqual([
      [0x100000, 9],
      [0x100200, 8],
    ]);
    expect(blocks(5, 0)).toEqual([]);
  });

  test('covers the range exactly, with aligned blocks, in ascending order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 40 }),
        fc.integer({ min: 0, max: 2 ** 30 }),
        (pfn, count) => {
          let at = pfn;
          for (const [start, order] of blocks(pfn, count)) {
            expect(start).toBe(at);
            expect(start % 2 ** order).toBe(0);
            at += 2 ** order;
          }
          expect(at).toBe(pfn + count);
        },
      ),
    );
  });

  test('lowers the order at NUMA boundaries', () => {
    expect(blocks(0x100, 0x100, [0x180])).toEqual([
      [0x100, 7],
      [0x180, 7],
    ]);
    expect(blocks(0x100, 0x100, [0x181])).toEqual([
      [0x100, 7],
      [0x180, 0],
      [0x181, 0],
      [0x182, 1],
      [0x184, 2],
      [0x188, 3],
      [0x190, 4],
      [0x1a0, 5],
      [0x1c0, 6],
    ]);
    expect(blocks(0x100, 0x100, [0x100, 0x200])).toEqual([[0x100, 8]]);
  });

  test('faults of the kernel are named, not run into', () => {
    expect(splitRange(0, 16, { trailingZerosOfZero: -1, orderLimit: 31 }, [], () => {})).toEqual({
      pfn: 0,
      order: -1,
      kind: 'range at PFN 0',
    });
    expect(blocks(0, 16)).toEqual([[0, 4]]);
    expect(splitRange(2 ** 31, 2 ** 31, rules, [], () => {})).toEqual({
      pfn: 2 ** 31,
      order: 31,
      kind: 'order overflows an int',
    });
    expect(blocks(2 ** 31, 2 ** 31 - 1).map(([, order]) => order)[0]).toBe(30);
    // A boundary can keep the order below the limit.
    expect(blocks(2 ** 31, 2 ** 31, [2 ** 31 + 2 ** 30])).toEqual([
      [2 ** 31, 30],
      [2 ** 31 + 2 ** 30, 30],
    ]);
  });

  test('bit helpers agree with bigints', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 53 - 1 }), (value) => {
        const bits = BigInt(value).toString(2);
        expect(floorLog2(value)).toBe(bits.length - 1);
        expect(trailingZeros(value)).toBe(bits.length - 1 - bits.lastIndexOf('1'));
      }),
    );
  });
});
