/** Damaged and hostile BTF: a result or a KhoError with exit status 2, in bounded time. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadTreeMap } from '../../src/abi/index.js';
import { KhoError } from '../../src/index.js';
import { matchStructs } from '../../src/kernel/btf-registry.js';
import { BtfLayouts, BtfTypes, fingerprintBtf, idsNamed, khoOfBtf } from '../../src/kernel/index.js';
import { inBounds } from './bounds.js';
import { blob, EVERY_KIND, KIND, LONG, type Order, type Row } from './btf-blob.js';

const map = loadTreeMap();

/** Everything that the command does with the bytes. Gives the error, if any. */
function readAll(bytes: Uint8Array): KhoError | undefined {
  try {
    const types = new BtfTypes(bytes, 'damaged');
    const layouts = new BtfLayouts(types);
    const kho = khoOfBtf(layouts, map);
    matchStructs(kho, map, 12);
    fingerprintBtf(kho, map, 12);
    for (const id of idsNamed(types, 'structure', () => true)) layouts.struct(id);
    return undefined;
  } catch (error) {
    if (!(error instanceof KhoError) || error.exitStatus !== 2) throw error;
    expect(error.message).toContain('damaged');
    return error;
  }
}

const ORDERS: Order[] = ['little', 'big'];

describe.each(ORDERS)('%s endian', (order) => {
  const good = blob(EVERY_KIND, { order });

  test('whole it is read; cut at any byte it is refused', () => {
    expect(readAll(good)).toBeUndefined();
    for (let length = 0; length < good.length; length++)
      expect(readAll(good.subarray(0, length)), `${length} bytes`).toBeInstanceOf(KhoError);
  });

  test('mutated', () => {
    const change = fc.oneof(
      fc.tuple(fc.constant('byte'), fc.nat(good.length - 1), fc.nat(255)),
      fc.tuple(
        fc.constant('word'),
        fc.nat(good.length - 4),
        fc.constantFrom(0, 1, 2, 5, 19, 20, 0x7fffffff, 0x80000000, 0xffffff, 0x04ffffff, 0xffffffff),
      ),
      fc.tuple(fc.constant('copy'), fc.nat(good.length - 16), fc.nat(good.length - 16)),
    );
    const seen = { read: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = Buffer.from(good);
        for (const [kind, at, value] of changes) {
          if (kind === 'byte') bytes[at] = value;
          else if (kind === 'copy') bytes.copy(bytes, at, value, value + 16);
          else if (order === 'little') bytes.writeUInt32LE(value, at & ~3);
          else bytes.writeUInt32BE(value, at & ~3);
        }
        seen[readAll(bytes) === undefined ? 'read' : 'refused']++;
      }),
      { numRuns: 2000 },
    );
    // Both happen, or the changes are too tame or too wild.
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(50);
  });
});

describe('time', () => {
  test('two hundred thousand types load in well under a second', () => {
    const rows: Row[] = [LONG];
    for (let index = 0; index < 100_000; index++) {
      rows.push({ kind: KIND.PTR, value: 1 });
      rows.push({ kind: KIND.STRUCT, vlen: 2, value: 16, more: ['', 1, 0, '', 2, 64] });
    }
    const bytes = blob(rows);
    inBounds(1000, () => expect(new BtfTypes(bytes, 'many').count).toBe(200_001));
  });

  test('structures of KHO that hold each other in rings end soon', () => {
    const ring = (index: number): Row => {
      const next = 2 + ((index + 1) % 8);
      const more = Array.from({ length: 8 }, (_, member) => [`m${member}`, next, 0]).flat();
      return { name: `luo_ring${'abcdefgh'[index]}_ser`, kind: KIND.STRUCT, vlen: 8, value: 8, more };
    };
    const rows = [LONG, ...Array.from({ length: 8 }, (_, index) => ring(index))];
    inBounds(3000, () => readAll(blob(rows)));
    const known: Row = { ...ring(0), name: 'kho_vmalloc' };
    inBounds(3000, () => readAll(blob([LONG, known, ...rows.slice(2)])));
  });
});
