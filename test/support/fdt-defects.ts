import type { FdtDefectId } from '../../src/index.js';
import { type BlobParts, blob, type Piece, SMALL } from './blob.js';

/** Each case is a sound blob with one change; the comment of the rule says why it is wrong. */
export const DEFECTS: [
  rule: FdtDefectId,
  at: number,
  change: (good: Buffer) => Buffer,
  options?: BlobParts,
][] = [
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
  // Names that share their bytes: 128 KiB that would take 170 MiB to read.
  ['fdt-property-name', -1, () => sharedNames(128 * 1024)],
  ['fdt-string-unterminated', -1, (good) => good.fill(0x61, good.length - 3)],
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

/** Writes a big-endian word. */
export function put(bytes: Buffer, offset: number, value: number): Buffer {
  bytes.writeUInt32BE(value, offset);
  return bytes;
}

/** Properties without a value whose names all end at the one NUL at the end of the blob. */
function sharedNames(total: number): Buffer {
  const count = Math.floor(total / 24);
  const pieces: Piece[] = [{ begin: '' }];
  for (let nameOffset = 0; nameOffset < count; nameOffset++) pieces.push({ prop: '', value: [], nameOffset });
  return blob({ pieces: [...pieces, { end: true }], strings: `${'a'.repeat(total / 2)}\0` });
}
