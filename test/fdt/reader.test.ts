import { describe, expect, test } from 'vitest';
import {
  checkFdt,
  type FdtDefectId,
  nodeAt,
  property,
  readFdt,
  stringList,
  walkNodes,
} from '../../src/index.js';
import { type BlobParts, blob, type Piece, SMALL } from '../support/blob.js';
import { thrown } from '../support/errors.js';

describe('readFdt', () => {
  test.each([2, 3, 16, 17])('reads version %i', (version) => {
    const tree = readFdt(
      blob({ pieces: SMALL, version, bootCpuid: 5, reserve: [[0x1_0000_0000n, 0x1000n]] }),
    );
    expect(tree.version).toBe(version);
    expect(tree.bootCpuid).toBe(5);
    expect(tree.reservations).toEqual([{ address: 0x1_0000_0000n, size: 0x1000n }]);
    expect([...walkNodes(tree)].map(({ node, depth }) => `${depth}${node.name}`)).toEqual([
      '0',
      '1cpus',
      '2cpu@0',
      '1chosen',
    ]);
    expect(stringList(property(tree.root, 'compatible')!.value)).toEqual(['test,board', 'test']);
    expect(nodeAt(tree, '/cpus/cpu@0')!.properties.map(({ name, value }) => [name, value.length])).toEqual([
      ['reg', 4],
      ['empty', 0],
    ]);
    expect(nodeAt(tree, '/cpus/none')).toBeUndefined();
  });

  test('keeps offsets of nodes and values', () => {
    const bytes = blob({ pieces: SMALL });
    const tree = readFdt(bytes);
    const bootargs = property(nodeAt(tree, '/chosen')!, 'bootargs')!;
    expect(bytes.subarray(bootargs.valueOffset!, bootargs.valueOffset! + 6).toString()).toBe('quiet\0');
    expect(bytes.readUInt32BE(nodeAt(tree, '/cpus')!.offset!)).toBe(1);
  });

  test('keeps names of any bytes', () => {
    const tree = readFdt(
      blob({
        pieces: [
          { begin: '' },
          { begin: '\xff\x01' },
          { prop: '\x80', value: [1] },
          { end: true },
          { end: true },
        ],
      }),
    );
    expect(tree.root.children[0]!.name).toBe('\xff\x01');
    expect(tree.root.children[0]!.properties[0]!.name).toBe('\x80');
  });

  test('does not recurse: 100,000 nested nodes', () => {
    const depth = 100_000;
    const pieces: Piece[] = [];
    for (let level = 0; level < depth; level++) pieces.push({ begin: level === 0 ? '' : 'n' });
    for (let level = 0; level < depth; level++) pieces.push({ end: true });
    expect([...walkNodes(readFdt(blob({ pieces })))]).toHaveLength(depth);
  });

  test('a string list must end in NUL', () => {
    expect(stringList(Buffer.from('a\0b\0'))).toEqual(['a', 'b']);
    expect(stringList(Buffer.from('a\0b'))).toBeUndefined();
    expect(stringList(Buffer.alloc(0))).toBeUndefined();
  });
});

/** Each case is a sound blob with one change; the comment of the rule says why it is wrong. */
const DEFECTS: [rule: FdtDefectId, at: number, change: (good: Buffer) => Buffer, options?: BlobParts][] = [
  ['fdt-too-short', 20, (good) => good.subarray(0, 20)],
  ['fdt-magic', 0, (good) => put(good, 0, 0xedfe0dd0)],
  ['fdt-version', 20, (good) => put(good, 20, 1)],
  ['fdt-version', 20, (good) => put(good, 24, 18)],
  // Version 16 that only readers of 17 may read: libfdt's fdt_check_header refuses it.
  ['fdt-version', 24, (good) => put(good, 24, 17), { version: 16, pieces: SMALL }],
  ['fdt-totalsize', 4, (good) => put(good, 4, 39)],
  ['fdt-cut-off', 100, (good) => good.subarray(0, 100)],
  ['fdt-trailing-bytes', -1, (good) => Buffer.concat([good, Buffer.alloc(5)])],
  ['fdt-block-alignment', 8, (good) => put(good, 8, good.readUInt32BE(8) + 2)],
  ['fdt-block-bounds', 12, (good) => put(good, 12, 0xffff_fff0)],
  ['fdt-block-bounds', 8, (good) => put(good, 36, 0xffff_fff0)],
  ['fdt-block-bounds', 16, (good) => put(good, 16, 0)],
  ['fdt-block-overlap', 12, (good) => put(good, 12, good.readUInt32BE(8) + 4)],
  [
    'fdt-reserve-unterminated',
    -1,
    (good) => good,
    { pieces: SMALL, unterminatedReserve: true, reserve: [[1n, 1n]] },
  ],
  ['fdt-token', -1, (good) => good, { pieces: [{ begin: '' }, { word: 7 }] }],
  // Words that lead nowhere: no tag follows the damaged one.
  ['fdt-unchecked', -1, (good) => good, { pieces: [{ begin: '' }, { word: 7 }, { word: 8 }], noEnd: true }],
  [
    'fdt-name-unterminated',
    -1,
    (good) => good,
    { pieces: [{ begin: '' }, { word: 1 }, { word: 0x61616161 }], noEnd: true },
  ],
  ['fdt-root-name', -1, (good) => good, { pieces: [{ begin: 'name' }, { end: true }] }],
  // Before version 16: the root's path is "/aa".
  [
    'fdt-root-name',
    -1,
    (good) => good,
    { version: 3, pieces: [{ word: 1 }, { word: 0x2f616100 }, { end: true }] },
  ],
  [
    'fdt-old-path',
    -1,
    (good) => good,
    { version: 3, pieces: [{ begin: '' }, { word: 1 }, { word: 0x61000000 }, { end: true }, { end: true }] },
  ],
  [
    'fdt-property-bounds',
    -1,
    (good) => good,
    { pieces: [{ begin: '' }, { prop: 'p', value: [1], length: 0xffff_fff0 }, { end: true }] },
  ],
  [
    'fdt-property-name',
    -1,
    (good) => good,
    { pieces: [{ begin: '' }, { prop: 'p', value: [1], nameOffset: 0x1000 }, { end: true }] },
  ],
  ['fdt-string-unterminated', -1, (good) => good.fill(0x61, good.length - 3)],
  // Names that share their bytes: 128 KiB that would take 170 MiB to read.
  ['fdt-property-name', -1, () => sharedNames(128 * 1024)],
  [
    'fdt-property-outside',
    -1,
    (good) => good,
    { pieces: [{ prop: 'p', value: [1] }, { begin: '' }, { end: true }] },
  ],
  ['fdt-unbalanced', -1, (good) => good, { pieces: [{ begin: '' }, { begin: 'a' }, { end: true }] }],
  ['fdt-unbalanced', -1, (good) => good, { pieces: [{ begin: '' }, { end: true }, { end: true }] }],
  ['fdt-no-root', -1, (good) => good, { pieces: [] }],
  [
    'fdt-second-root',
    -1,
    (good) => good,
    { pieces: [{ begin: '' }, { end: true }, { begin: '' }, { end: true }] },
  ],
  ['fdt-no-end', -1, (good) => good, { pieces: [{ begin: '' }, { end: true }], noEnd: true }],
  // An empty structure block at the end of the blob.
  ['fdt-no-end', -1, (good) => put(put(good, 8, good.length), 36, 0), { pieces: SMALL, strings: 'abc\0' }],
  ['fdt-after-end', -1, (good) => good, { pieces: [{ begin: '' }, { end: true }, { word: 9 }, { word: 4 }] }],
  [
    'fdt-property-after-node',
    -1,
    (good) => good,
    { pieces: [{ begin: '' }, { begin: 'a' }, { end: true }, { prop: 'p', value: [1] }, { end: true }] },
  ],
  [
    'fdt-duplicate-property',
    -1,
    (good) => good,
    { pieces: [{ begin: '' }, { prop: 'p', value: [1] }, { prop: 'p', value: [2] }, { end: true }] },
  ],
  [
    'fdt-duplicate-node',
    -1,
    (good) => good,
    { pieces: [{ begin: '' }, { begin: 'a' }, { end: true }, { begin: 'a' }, { end: true }, { end: true }] },
  ],
  ['fdt-nop-outside', -1, (good) => good, { pieces: [{ begin: '' }, { end: true }, { nop: true }] }],
  ['fdt-nop-outside', 56, (good) => good, { pieces: [{ nop: true }, { begin: '' }, { end: true }] }],
  ['fdt-old-nop', -1, (good) => good, { version: 3, pieces: [{ begin: '' }, { nop: true }, { end: true }] }],
  ['fdt-padding', -1, (good) => good.fill(1, good.indexOf('quiet') + 6, good.indexOf('quiet') + 7)],
];

/** Properties without a value whose names all end at the one NUL at the end of the blob. */
function sharedNames(total: number): Buffer {
  const count = Math.floor(total / 24);
  const pieces: Piece[] = [{ begin: '' }];
  for (let nameOffset = 0; nameOffset < count; nameOffset++) pieces.push({ prop: '', value: [], nameOffset });
  return blob({ pieces: [...pieces, { end: true }], strings: `${'a'.repeat(total / 2)}\0` });
}

function put(bytes: Buffer, offset: number, value: number): Buffer {
  bytes.writeUInt32BE(value, offset);
  return bytes;
}

describe('checkFdt', () => {
  test('a sound blob has no defects', () => {
    const { defects, nodes, properties, suppressed } = checkFdt(blob({ pieces: SMALL }));
    expect(defects).toEqual([]);
    expect([nodes, properties, suppressed]).toEqual([4, 5, 0]);
  });

  test.each(DEFECTS)('finds %s', (rule, at, change, parts) => {
    const bytes = change(blob(parts ?? { pieces: SMALL }));
    const { defects } = checkFdt(bytes);
    const found = defects.filter(({ id }) => id === rule);
    expect(found).not.toEqual([]);
    if (at >= 0) expect(found[0]!.offset).toBe(at);
    expect(found[0]!.offset).toBeLessThanOrEqual(bytes.length);
    // The reader stops at errors and passes over the rest.
    if (defects.some(({ severity }) => severity === 'error')) {
      const error = thrown(() => readFdt(bytes, { source: 'x.dtb' }));
      expect(['E_FDT', 'E_WRONG_KIND']).toContain(error.code);
      expect(error.message).toMatch(/^x\.dtb, .*offset 0x/);
    } else {
      readFdt(bytes);
    }
  });

  test('every rule has a case', async () => {
    const { FDT_DEFECTS } = await import('../../src/index.js');
    expect(new Set(DEFECTS.map(([rule]) => rule))).toEqual(new Set(Object.keys(FDT_DEFECTS)));
  });

  test('reports all defects of a blob, by offset', () => {
    const bytes = blob({
      pieces: [
        { begin: '' },
        { prop: 'p', value: [1], nameOffset: 0x1000 },
        { begin: 'a' },
        { end: true },
        { prop: 'q', value: [1] },
        { prop: 'q', value: [1] },
        { end: true },
        { begin: '' },
        { end: true },
      ],
    });
    put(bytes, 16, bytes.readUInt32BE(16) + 4);
    const ids = checkFdt(Buffer.concat([bytes, Buffer.alloc(1)])).defects.map(({ id }) => id);
    expect(new Set(ids)).toEqual(
      new Set([
        'fdt-block-alignment',
        'fdt-block-overlap',
        'fdt-reserve-unterminated',
        'fdt-property-name',
        'fdt-property-after-node',
        'fdt-duplicate-property',
        'fdt-second-root',
        'fdt-trailing-bytes',
      ]),
    );
  });

  test('says what a wrong file is', () => {
    const hint = (text: string): string | undefined => checkFdt(Buffer.from(text, 'latin1')).defects[0]?.hint;
    expect(hint('\x7fELF\x02\x01\x01')).toContain('an ELF file');
    expect(hint('\x1f\x8b\x08\0')).toContain('a gzip file');
    expect(hint('/dts-v1/;\n/ {};\n')).toContain('device tree source');
    expect(hint('\xed\xfe\x0d\xd0')).toContain('swapped');
  });

  test('a million defects of one kind stay bounded', () => {
    const pieces: Piece[] = [{ begin: '' }];
    for (let index = 0; index < 20_000; index++) pieces.push({ prop: 'p', value: [1] });
    const { defects, suppressed } = checkFdt(blob({ pieces: [...pieces, { end: true }] }));
    expect(defects).toHaveLength(100);
    expect(suppressed).toBe(20_000 - 1 - 100);
  });
});
