/** Holes of large sparse files: what filefrag prints, and a scan that passes over them. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  BufferSource,
  type ByteSource,
  ElfMemory,
  encodeScenario,
  FileSource,
  findRootFdts,
  getAbi,
  makeTarget,
  parseScenario,
  RawMemory,
  readHexdump,
} from '../../src/index.js';
import { parseExtents } from '../../src/memory/holes.js';
import { elf } from '../support/elf.js';
import { thrown } from '../support/errors.js';

const FOLDER = mkdtempSync(join(tmpdir(), 'kho-abi-holes-'));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** As filefrag 1.47 prints it with -v -b1. */
const HEAD = `Filesystem type is: ef53
File size of x is 400000 (400000 blocks of 1 bytes)
 ext:     logical_offset:        physical_offset: length:   expected: flags:
`;
const row = (index: number, first: number, last: number): string =>
  `   ${index}:    ${first}.. ${last}: 26247954432..26247958527:   4096:             last,eof\n`;

describe('parseExtents', () => {
  test.each([
    ['no extent', `${HEAD}x: 0 extents found\n`, []],
    ['one', `${HEAD}${row(0, 0, 4095)}x: 1 extent found\n`, [{ start: 0, end: 4096 }]],
    [
      'two that touch count as one on the disk',
      `${HEAD}${row(0, 0, 4095)}${row(1, 4096, 8191)}x: 1 extent found\n`,
      [{ start: 0, end: 8192 }],
    ],
    [
      'far apart, the last one past the end of the file',
      `${HEAD}${row(0, 0, 4095)}${row(1, 200_000, 500_000)}x: 2 extents found\n`,
      [
        { start: 0, end: 4096 },
        { start: 200_000, end: 400_000 },
      ],
    ],
    ['a row is missing', `${HEAD}${row(0, 0, 4095)}x: 2 extents found\n`, undefined],
    ['in another unit', HEAD.replace('of 1 bytes', 'of 4096 bytes'), undefined],
    ['out of order', `${HEAD}${row(0, 8192, 9000)}${row(1, 0, 10)}x: 2 extents found\n`, undefined],
    ['something else', 'x: FIBMAP unsupported\n', undefined],
  ])('%s', (_what, text, expected) => {
    expect(parseExtents(text, 400_000)).toEqual(expected);
  });
});

const MADE = encodeScenario(parseScenario('init kernel\n', 's'), makeTarget(getAbi('kho-v4'), 'little', 12));

describe('scanning', () => {
  test('a sparse file of 512 GiB is scanned by its data', () => {
    const path = join(FOLDER, 'sparse.raw');
    writeFileSync(path, '');
    truncateSync(path, 2 ** 39);
    const fd = openSync(path, 'r+');
    for (const at of [2 ** 20, 2 ** 38, 2 ** 39 - 4096]) writeSync(fd, MADE.fdt, 0, MADE.fdt.length, at);
    closeSync(fd);
    const file = new FileSource(path);
    try {
      const data = file.dataRanges();
      // Without the tool, or on a file system that does not tell, a scan would read half a TiB of zeros.
      if (data === undefined) {
        expect(() => execFileSync('/usr/sbin/filefrag', [path], { stdio: 'ignore' })).toThrow();
        return;
      }
      const found = findRootFdts(new RawMemory(file, 0x1000n)).map(({ address }) => Number(address) - 0x1000);
      expect(found).toEqual([2 ** 20, 2 ** 38, 2 ** 39 - 4096]);
    } finally {
      file.close();
    }
  });

  test('small and dense files are simply read', () => {
    const path = join(FOLDER, 'dense.raw');
    writeFileSync(path, Buffer.alloc(8192, 1));
    const file = new FileSource(path);
    expect(file.dataRanges()).toBeUndefined();
    file.close();
  });

  /** A core of three segments with a root FDT in each, whose file says where it has data. */
  function core(data: (offsets: readonly number[]) => { start: number; end: number }[]): ElfMemory {
    const page = [...MADE.fdt, ...Buffer.alloc(4096 - MADE.fdt.length)];
    const segments = [0x5000n, 0x1000n, 0x9000n].map((address) => ({ address, bytes: [...page, ...page] }));
    const bytes = elf({ order: 'little', wide: true, segments });
    const first = bytes.length - 6 * 4096;
    const source: ByteSource = new BufferSource('core', bytes);
    source.dataRanges = () => data([0, 1, 2].map((index) => first + index * 8192));
    return new ElfMemory(source);
  }

  test.each([
    [
      'everything',
      ([a]: readonly number[]) => [{ start: a!, end: a! + 6 * 4096 }],
      [0x1, 0x2, 0x5, 0x6, 0x9, 0xa],
    ],
    ['nothing', () => [], []],
    ['the second page of the first segment', ([a]) => [{ start: a! + 4096, end: a! + 8192 }], [0x6]],
    // Blocks of the file system do not lie as pages do.
    ['a part of a page', ([, b]) => [{ start: b! + 100, end: b! + 200 }], [0x1]],
    [
      'twice in one page',
      ([, b]) => [
        { start: b!, end: b! + 9 },
        { start: b! + 99, end: b! + 200 },
      ],
      [0x1],
    ],
    ['across segments', ([, b, c]) => [{ start: b! + 5000, end: c! + 1 }], [0x2, 0x9]],
  ] as [string, (offsets: readonly number[]) => { start: number; end: number }[], number[]][])(
    'data of an ELF core by address: %s',
    (_what, data, pages) => {
      expect(findRootFdts(core(data)).map(({ address }) => Number(address) / 4096)).toEqual(pages);
    },
  );

  test('a hexdump that claims all of memory costs its lines only', () => {
    const text = `# kho-abi memory 1\n# byte-order: little\n# page-size: 4096\n# pages: 0x0000000000000000-0x0fffffffffffffff\n`;
    const memory = readHexdump(text, 'x');
    expect(findRootFdts(memory)).toEqual([]);
    expect(memory.dataRanges()).toEqual([]);
  });

  test('the last page may be cut off behind the FDT', () => {
    const bytes = Buffer.concat([Buffer.alloc(4096), MADE.fdt]);
    expect(findRootFdts(new RawMemory(new BufferSource('x', bytes), 0n))).toHaveLength(1);
    expect(findRootFdts(new RawMemory(new BufferSource('x', bytes.subarray(0, 4096 + 60)), 0n))).toEqual([]);
  });
});

test('segments that share bytes of the file are refused: a small file cannot claim to be large', () => {
  const bytes = elf({
    order: 'little',
    wide: true,
    segments: [0x1000n, 0x3000n].map((address) => ({ address, bytes: [1, 2, 3, 4] })),
  });
  // p_offset of the second segment.
  const first = bytes.readBigUInt64LE(64 + 8);
  bytes.writeBigUInt64LE(first + 3n, 64 + 56 + 8);
  const error = thrown(() => new ElfMemory(new BufferSource('x', bytes)));
  expect(error.message).toContain('two segments share bytes of the file');
  bytes.writeBigUInt64LE(first + 4n, 64 + 56 + 8);
  expect(new ElfMemory(new BufferSource('x', bytes)).ranges()).toHaveLength(2);
});
