import { expect, test } from 'vitest';
import { caretLine, markedWindow } from '../../src/validate/index.js';

const bytes = Uint8Array.from({ length: 64 }, (_, index) => index);
const shown = (...window: Parameters<typeof markedWindow>): string[] =>
  markedWindow(...window).flatMap((line) =>
    [line.text, caretLine(line)].filter((text) => text !== undefined),
  );

test('a line before, the marked bytes across a line end and the gap of a line, a line after', () => {
  expect(shown(bytes, 0x16, 12)).toEqual([
    '0000000000000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |................|',
    '0000000000000010  10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f  |................|',
    '                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
    '0000000000000020  20 21 22 23 24 25 26 27  28 29 2a 2b 2c 2d 2e 2f  | !"#$%&\'()*+,-./|',
    '                  ^^^^^',
    '0000000000000030  30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f  |0123456789:;<=>?|',
  ]);
});

test('the address column is that of the bytes, in lines of 16', () => {
  expect(shown(bytes.subarray(0, 10), 4, 2, 0x1_0000_000cn)).toEqual([
    '000000010000000c  00 01 02 03                                       |....|',
    '0000000100000010  04 05 06 07 08 09                                 |......|',
    '                  ^^^^^',
  ]);
});

test('at most five lines, however much is meant', () => {
  const many = new Uint8Array(4096);
  const lines = markedWindow(many, 0x100, 2048);
  expect(lines).toHaveLength(5);
  expect(lines.map(({ mark }) => mark)).toEqual([
    undefined,
    { from: 0, to: 16 },
    { from: 0, to: 16 },
    { from: 0, to: 16 },
    { from: 0, to: 16 },
  ]);
});

test('places at and beyond the end', () => {
  expect(shown(bytes.subarray(0, 16), 14, 100)).toEqual([
    '0000000000000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |................|',
    '                                                             ^^^^^',
  ]);
  // A blob that is cut off: nothing to mark, but what comes before is shown.
  expect(shown(bytes.subarray(0, 16), 16)).toEqual([
    '0000000000000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |................|',
  ]);
  expect(markedWindow(bytes, 65)).toEqual([]);
  expect(markedWindow(bytes, -1)).toEqual([]);
  expect(markedWindow(new Uint8Array(), 0)).toEqual([]);
});
