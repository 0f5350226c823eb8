/** The check goes on behind a defect: what is wrong later is found too, and damage brings no made-up defects with it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkFdt, FDT_DEFECTS, type FdtDefectId, type Severity } from '../../src/index.js';
import { type BlobParts, blob, type Piece, SMALL } from '../support/blob.js';

/** Stands for a tag that was overwritten. */
const NO_TAG = 0x77;

function ids(bytes: Uint8Array, ...severities: Severity[]): FdtDefectId[] {
  return checkFdt(bytes)
    .defects.filter(({ severity }) => severities.length === 0 || severities.includes(severity))
    .map(({ id }) => id);
}

/** Offsets of all tags of a sound blob without NOPs, found with the specification's words only. */
function tags(bytes: Buffer): number[] {
  const found: number[] = [];
  const start = bytes.readUInt32BE(8);
  let at = start;
  for (;;) {
    const tag = bytes.readUInt32BE(at);
    if (tag === 9) return found;
    found.push(at);
    at += 4;
    if (tag === 1) at = bytes.indexOf(0, at) + 1;
    if (tag === 3) at += 8 + bytes.readUInt32BE(at);
    at += -(at - start) & 3;
  }
}

function withWord(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt32BE(value, at);
  return changed;
}

/** SMALL with two defects at its end: a property after the subnodes, twice. */
const LATE: Piece[] = [
  ...SMALL.slice(0, -1),
  { prop: 'late', value: [1, 2, 3, 4] },
  { prop: 'late', value: [5, 6, 7, 8] },
  { end: true },
];

describe('one damaged tag', () => {
  const good = blob({ pieces: LATE });
  // The last two properties and the root's end are the late defects themselves.
  test.each(tags(good).slice(0, -3))('at %i: it is the only error, and later defects are found', (at) => {
    const bytes = withWord(good, at, NO_TAG);
    expect(ids(bytes, 'error')).toEqual(['fdt-token']);
    expect(ids(bytes, 'warning')).toContain('fdt-duplicate-property');
    expect(checkFdt(bytes).defects.find(({ id }) => id === 'fdt-token')!.offset).toBe(at);
  });

  test.each([2, 3, 16])('a wrong property length, version %i', (version) => {
    const old = blob({ pieces: LATE, version });
    const at = old.indexOf(Buffer.from([0, 0, 0, 6]), old.readUInt32BE(8));
    const bytes = withWord(old, at, 0x7fff_0000);
    expect(ids(bytes)).toEqual([
      'fdt-property-bounds',
      'fdt-property-after-node',
      'fdt-property-after-node',
      'fdt-duplicate-property',
    ]);
  });
});

describe('independent defects together', () => {
  test('in every part of a blob', () => {
    const good = blob({
      pieces: [
        { begin: '' },
        { prop: 'length', value: [1, 2, 3, 4], length: 0x10_0000 },
        { prop: 'name', value: [1], nameOffset: 0x1000 },
        { begin: 'a' },
        { prop: 'x', value: [1, 2, 3] },
        { prop: 'x', value: [1, 2, 3] },
        { end: true },
        { begin: 'a' },
        { prop: 'y', value: [1] },
        { end: true },
        { prop: 'late', value: [1] },
        { end: true },
        { begin: '' },
        { end: true },
        { word: 9 },
      ],
      reserve: [[1n, 1n]],
      unterminatedReserve: true,
      gap: 4,
    });
    good.writeUInt32BE(good.readUInt32BE(16) + 4, 16);
    const bytes = Buffer.concat([good, Buffer.alloc(3)]);
    for (const id of [
      'fdt-block-alignment',
      'fdt-reserve-unterminated',
      'fdt-property-bounds',
      'fdt-property-name',
      'fdt-duplicate-property',
      'fdt-duplicate-node',
      'fdt-property-after-node',
      'fdt-second-root',
      'fdt-trailing-bytes',
    ] as const) {
      expect(ids(bytes), FDT_DEFECTS[id].title).toContain(id);
    }
  });

  test('wrong magic and wrong totalsize do not hide the rest', () => {
    const bytes = blob({ pieces: LATE });
    bytes.writeUInt32BE(0xd00dfeef, 0);
    bytes.writeUInt32BE(12, 4);
    expect(ids(bytes)).toEqual([
      'fdt-magic',
      'fdt-totalsize',
      'fdt-property-after-node',
      'fdt-property-after-node',
      'fdt-duplicate-property',
    ]);
  });

  test('an FDT_END_NODE too many does not hide the rest', () => {
    const pieces: Piece[] = [...SMALL, { end: true }, { end: true }, { prop: 'p', value: [1] }];
    expect(ids(blob({ pieces }))).toEqual(['fdt-unbalanced', 'fdt-unbalanced', 'fdt-property-outside']);
  });

  test('several damaged tags: each is found, and nothing is said of nodes that cannot be followed', () => {
    const nodes = Array.from({ length: 12 }, (_, index): Piece[] => [
      { begin: `node@${index}` },
      { prop: 'compatible', value: 'test,node\0' },
      { prop: 'reg', value: [0, 0, 0, index] },
      { prop: 'status', value: 'okay\0' },
      { end: true },
    ]);
    const good = blob({ pieces: [{ begin: '' }, ...nodes.flat(), { end: true }] });
    const at = tags(good);
    // The first tags of nodes 1, 4 and 9: root first, then five tags a node.
    const damaged = [1, 4, 9].map((node) => at[1 + node * 5]!);
    const bytes = damaged.reduce((before, offset) => withWord(before, offset, NO_TAG), good);
    const { defects } = checkFdt(bytes);
    expect(defects.filter(({ id }) => id === 'fdt-token').map(({ offset }) => offset)).toEqual(damaged);
    expect([...new Set(defects.map(({ id }) => id))].sort()).toEqual(['fdt-token', 'fdt-unchecked']);
  });
});

test('real blobs with one damaged tag: no error but that one, and the check goes on', () => {
  const samples = join(import.meta.dirname, '../fixtures/dtb');
  for (const file of readdirSync(samples).filter((name) => name.endsWith('.dtb'))) {
    const good = readFileSync(join(samples, file));
    const whole = checkFdt(good);
    const all = tags(good).slice(1, -1);
    for (let index = 0; index < 40; index++) {
      const at = all[Math.floor((index * all.length) / 40)]!;
      const result = checkFdt(withWord(good, at, NO_TAG));
      const errors = result.defects.filter(({ severity }) => severity === 'error');
      expect(
        errors.map(({ id, offset }) => `${id} ${offset}`),
        file,
      ).toEqual([`fdt-token ${at}`]);
      expect(result.nodes + result.properties, `${file} ${at}`).toBeGreaterThanOrEqual(
        whole.nodes + whole.properties - 8,
      );
    }
  }
});

test('a blob that is damaged everywhere takes linear time', () => {
  const pieces: Piece[] = [{ begin: '' }];
  for (let index = 0; index < 30_000; index++) {
    pieces.push({ begin: 'a' }, { word: NO_TAG }, { prop: 'p', value: [1] }, { prop: 'p', value: [] });
  }
  const parts: BlobParts = { pieces };
  const bytes = blob(parts);
  const started = performance.now();
  const { defects, suppressed } = checkFdt(bytes);
  expect(defects.length + suppressed).toBeGreaterThan(20_000);
  // Quadratic work would take minutes.
  expect(performance.now() - started).toBeLessThan(5_000);
});
