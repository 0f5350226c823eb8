import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkFdt, dtcRewrite, dtcView, readFdt, writeDtc } from '../../src/index.js';
import { type BlobParts, blob, type Piece, SMALL } from '../support/blob.js';

const SAMPLES = join(import.meta.dirname, '../fixtures/dtb');

/** Every version that is read. Before 16 a node carries its full path, long values are aligned to 8, and NOPs are odd. */
const VERSIONS = [2, 3, 16, 17];
const DEPTH = 1000;

/** Our layout against the real dtc. */
async function compare(bytes: Uint8Array): Promise<void> {
  const theirs = await dtcRewrite(bytes);
  if (theirs.refused) throw new Error(`dtc refused: ${theirs.stderr}`);
  const view = dtcView(readFdt(bytes));
  expect(view.objections).toEqual([]);
  expect(Buffer.from(writeDtc(view.tree)).toString('hex')).toBe(Buffer.from(theirs.bytes).toString('hex'));
}

describe('writeDtc gives what dtc -q -I dtb -O dtb gives', () => {
  for (const file of readdirSync(SAMPLES).filter((name) => name.endsWith('.dtb'))) {
    test(`real blob ${file}`, () => compare(readFileSync(join(SAMPLES, file))));
  }

  const deep: Piece[] = [
    ...Array.from({ length: DEPTH }, (_, level): Piece => ({ begin: level === 0 ? '' : 'n' })),
    { prop: 'leaf', value: [1] },
    ...Array.from({ length: DEPTH }, (): Piece => ({ end: true })),
  ];
  const shared: Piece[] = [
    { begin: '' },
    ...['blob-size', 'size', 'e', 'xsize', 'blob', 'preserved-blob-size', 'blob-size'].flatMap(
      (name, index): Piece[] => [{ begin: `n${index}` }, { prop: name, value: [index] }, { end: true }],
    ),
    { end: true },
  ];
  const cases: Record<string, BlobParts> = {
    'a small tree': { pieces: SMALL },
    'an empty root': { pieces: [{ begin: '' }, { end: true }] },
    // dtc takes NOPs inside the root only, although the format allows them before and after it.
    'NOPs between all tags of the root': {
      pieces: SMALL.flatMap((piece, index): Piece[] =>
        index === SMALL.length - 1 ? [piece] : [piece, { nop: true }, { nop: true }],
      ),
    },
    'several reserve entries': {
      pieces: SMALL,
      reserve: [
        [0x1000n, 0x2000n],
        [0xffff_ffff_0000_0000n, 0x10n],
        [0n, 1n],
      ],
    },
    'an entry of size 0, where dtc ends the reserve list': {
      pieces: SMALL,
      reserve: [
        [1n, 1n],
        [5n, 0n],
        [6n, 6n],
      ],
    },
    'gaps between the blocks and a tail': { pieces: SMALL, gap: 4, tail: 12 },
    'boot CPU': { pieces: SMALL, bootCpuid: 7 },
    'deep nesting': { pieces: deep },
    'shared string tails': { pieces: shared },
    // Path lengths of old versions and all buffers of dtc have to grow.
    'long names and values': {
      pieces: [
        { begin: '' },
        { begin: 'x'.repeat(5000) },
        { prop: 'p'.repeat(5001), value: 'v'.repeat(100_003) },
        { prop: 'p'.repeat(4000), value: [1] },
        { begin: 'z'.repeat(255) },
        { end: true },
        { end: true },
        { end: true },
      ],
    },
    'values of 0 to 9 bytes': {
      pieces: [
        { begin: '' },
        ...Array.from(
          { length: 10 },
          (_, size): Piece => ({ prop: `v${size}`, value: Array(size).fill(0xa5) }),
        ),
        { end: true },
      ],
    },
    'a property after a subnode': {
      pieces: [{ begin: '' }, { begin: 'a' }, { end: true }, { prop: 'late', value: [1] }, { end: true }],
    },
    'an empty subnode name': {
      pieces: [{ begin: '' }, { begin: '' }, { prop: 'p', value: [] }, { end: true }, { end: true }],
    },
    // The first string of all, and then the tail that every string has.
    'an empty property name': {
      pieces: [
        { begin: '' },
        { prop: '', value: [1] },
        { begin: 'a' },
        { prop: 'a', value: [] },
        { prop: '', value: [2] },
        { end: true },
        { end: true },
      ],
    },
    'an empty property name after others': {
      pieces: [{ begin: '' }, { prop: 'a', value: [] }, { prop: '', value: [2] }, { end: true }],
    },
    'names that share strings in the input': {
      pieces: [
        { begin: '' },
        { prop: '', nameOffset: 10, value: [1] },
        { prop: '', nameOffset: 0, value: [2] },
        { prop: '', nameOffset: 14, value: [3] },
        { end: true },
      ],
      strings: 'preserved-blob-size\0',
    },
    'a redundant name property, which dtc drops': {
      pieces: [
        { begin: '' },
        { begin: 'cpu@1' },
        { prop: 'name', value: 'cpu\0' },
        { prop: 'z', value: [1] },
        { end: true },
        { end: true },
      ],
    },
  };
  cases['redundant names everywhere'] = {
    pieces: [
      { begin: '' },
      { prop: 'name', value: '\0' },
      { begin: 'soc' },
      { prop: 'name', value: 'soc\0' },
      { prop: 'long', value: 'more than eight bytes\0' },
      { begin: 'uart@fe00' },
      { prop: 'name', value: 'uart\0' },
      { end: true },
      { end: true },
      { end: true },
    ],
  };
  for (const [name, parts] of Object.entries(cases)) {
    test.each(VERSIONS)(`${name}, version %i`, (version) => compare(blob({ ...parts, version })));
  }

  test('bytes after totalsize, and words after FDT_END, are not read', async () => {
    await compare(Buffer.concat([blob({ pieces: SMALL }), Buffer.alloc(9, 0xff)]));
    await compare(blob({ pieces: [...SMALL, { word: 9 }, { word: 7 }] }));
  });
});

describe('trees that dtc refuses', () => {
  const inRoot = (...pieces: Piece[]): Piece[] => [{ begin: '' }, ...pieces, { end: true }];
  const cases: [check: string, pieces: Piece[]][] = [
    ['duplicate_node_names', inRoot({ begin: 'a' }, { end: true }, { begin: 'a' }, { end: true })],
    ['duplicate_property_names', inRoot({ prop: 'p', value: [1] }, { prop: 'p', value: [2] })],
    ['node_name_chars', inRoot({ begin: 'bad name' }, { end: true })],
    ['node_name_format', inRoot({ begin: 'a@1@2' }, { end: true })],
    ['property_name_chars', inRoot({ prop: 'bad/name', value: [1] })],
    [
      'explicit_phandles',
      inRoot(
        { begin: 'a' },
        { prop: 'phandle', value: [0, 0, 0, 1] },
        { end: true },
        { begin: 'b' },
        { prop: 'phandle', value: [0, 0, 0, 1] },
        { end: true },
      ),
    ],
    ['explicit_phandles', inRoot({ prop: 'phandle', value: [0, 0, 0, 0] })],
    [
      'explicit_phandles',
      inRoot({ prop: 'linux,phandle', value: [0, 0, 0, 2] }, { prop: 'phandle', value: [0, 0, 0, 3] }),
    ],
    ['name_properties', inRoot({ begin: 'a' }, { prop: 'name', value: 'b\0' }, { end: true })],
    ['name_is_string', inRoot({ prop: 'name', value: [1, 2] })],
    // dtc stops at the first check that fails: then it drops no redundant name either, even by force.
    ['node_name_chars', inRoot({ prop: 'name', value: '\0' }, { begin: 'bad name' }, { end: true })],
    ['explicit_phandles', inRoot({ prop: 'name', value: '\0' }, { prop: 'phandle', value: [0, 0, 0, 0] })],
  ];
  test.each(cases)('%s', async (check, pieces) => {
    const bytes = blob({ pieces });
    const theirs = await dtcRewrite(bytes);
    expect(theirs.refused).toBe(true);
    if (theirs.refused) expect(theirs.stderr).toContain(check);
    expect(dtcView(readFdt(bytes)).objections.map((objection) => objection.check)).toContain(check);
    // Forced, dtc writes it all the same, and so do we.
    const forced = await dtcRewrite(bytes, { force: true });
    if (forced.refused) throw new Error(forced.stderr);
    expect(Buffer.compare(writeDtc(dtcView(readFdt(bytes)).tree), forced.bytes)).toBe(0);
  });
});

test.each([
  ['before', [{ nop: true }, ...SMALL]],
  ['after', [...SMALL, { nop: true }]],
] satisfies [string, Piece[]][])(
  'a NOP %s the root, which dtc cannot read, is passed over',
  async (_, pieces) => {
    const bytes = blob({ pieces });
    expect((await dtcRewrite(bytes)).refused).toBe(true);
    const plain = await dtcRewrite(blob({ pieces: SMALL }));
    if (plain.refused) throw new Error(plain.stderr);
    expect(Buffer.compare(writeDtc(dtcView(readFdt(bytes)).tree), plain.bytes)).toBe(0);
  },
);

test('real blobs have no errors and no warnings', () => {
  for (const file of readdirSync(SAMPLES).filter((name) => name.endsWith('.dtb'))) {
    const { defects, nodes } = checkFdt(readFileSync(join(SAMPLES, file)));
    expect(nodes).toBeGreaterThan(10);
    expect(defects.filter(({ severity }) => severity !== 'note')).toEqual([]);
  }
});
