import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ERROR_CODES,
  fromHex,
  hex,
  hexdumpLine,
  hexWindow,
  highHalf,
  joinHalves,
  KhoError,
  lowHalf,
  parseU64,
  printable,
  Reader,
  readU64,
  readWholeFile,
  swap32,
  toHex,
  Writer,
  writeFileWhole,
  writeU64,
} from '../../src/index.js';
import { thrown } from '../support/errors.js';

/** Four ways through every pair: encode, decode, and both again. */
const U64_PAIRS: [value: bigint, little: string, big: string][] = [
  [0n, '0000000000000000', '0000000000000000'],
  [1n, '0100000000000000', '0000000000000001'],
  [0x1_0a53_0000n, '0000530a01000000', '000000010a530000'],
  [0x116be4000n, '0040be1601000000', '0000000116be4000'],
  [1n << 53n, '0000000000002000', '0020000000000000'],
  [(1n << 53n) + 1n, '0100000000002000', '0020000000000001'],
  [0xffff_ffff_ffff_ffffn, 'ffffffffffffffff', 'ffffffffffffffff'],
];

describe('64-bit values', () => {
  test.each(U64_PAIRS)('%s', (value, little, big) => {
    for (const [order, text] of [
      ['little', little],
      ['big', big],
    ] as const) {
      const bytes = new Uint8Array(8);
      writeU64(bytes, 0, value, order);
      expect(toHex(bytes)).toBe(text);
      expect(readU64(fromHex(text), 0, order)).toBe(value);
      expect(new Writer(order).u64(value).finish()).toEqual(bytes);
      expect(new Reader(bytes, order, { code: 'E_FDT' }).u64('x')).toBe(value);
    }
  });

  test.each([0, 1, 0xffff_ffff, 0x1_0000_0000, 2 ** 52, 2 ** 53 - 1])('halves of %d', (value) => {
    expect(joinHalves(highHalf(value), lowHalf(value))).toBe(value);
    expect(BigInt(highHalf(value))).toBe(BigInt(value) >> 32n);
    expect(BigInt(lowHalf(value))).toBe(BigInt(value) & 0xffff_ffffn);
  });

  test.each([
    ['0', 0n],
    ['0x0', 0n],
    ['4096', 4096n],
    ['0x1000', 0x1000n],
    ['0XFF', 255n],
    ['010', 8n],
    ['0xffffffffffffffff', 0xffff_ffff_ffff_ffffn],
    ['18446744073709551615', 0xffff_ffff_ffff_ffffn],
    ['18446744073709551616', undefined],
    ['0x10000000000000000', undefined],
    ['08', undefined],
    ['-1', undefined],
    ['0x', undefined],
    ['', undefined],
    ['1 ', undefined],
    ['1e3', undefined],
  ])('parseU64(%j)', (text, value) => {
    expect(parseU64(text)).toBe(value);
  });

  test('swap32 and hex', () => {
    expect(swap32(0x01020304)).toBe(0x04030201);
    expect(swap32(0xff000000 | 0)).toBe(0xff);
    expect([hex(255), hex(0n), hex(-1)]).toEqual(['0xff', '0x0', '-0x1']);
  });
});

describe('cursor', () => {
  test('a field past the end says what, where and how much is left', () => {
    const reader = new Reader(new Uint8Array(6), 'little', { source: 'dump', code: 'E_ELF' }, 2);
    reader.u16('a');
    const error = thrown(() => reader.u64('kho_vmalloc.first'));
    expect(error.code).toBe('E_ELF');
    expect(error.message).toBe(
      'dump, kho_vmalloc.first, offset 0x4: 8 bytes needed; found 2 bytes left of 6 (the input is cut off, or a length before it is wrong)',
    );
    expect(() => reader.take(-1, 'x')).toThrow(KhoError);
  });

  test('writes and reads all widths in both orders', () => {
    for (const order of ['little', 'big'] as const) {
      const bytes = new Writer(order, 1)
        .u8(1)
        .align(2)
        .u16(0x0203)
        .u32(0x04050607)
        .u64(8n)
        .bytes(Uint8Array.of(9))
        .zeros(2)
        .finish();
      expect(bytes).toHaveLength(19);
      const reader = new Reader(bytes, order, { code: 'E_FDT' });
      expect([reader.u8('a'), reader.u8('pad'), reader.u16('b'), reader.u32('c'), reader.u64('d')]).toEqual([
        1,
        0,
        0x0203,
        0x04050607,
        8n,
      ]);
      expect([...reader.take(3, 'rest')]).toEqual([9, 0, 0]);
    }
  });
});

describe('hexdump', () => {
  test('one canonical line', () => {
    expect(hexdumpLine(0x100000010n, Buffer.from('kho-v2\0\x7f~ \xff234567', 'latin1').subarray(0, 16))).toBe(
      '0000000100000010  6b 68 6f 2d 76 32 00 7f  7e 20 ff 32 33 34 35 36  |kho-v2..~ .23456|',
    );
  });

  test('a window around an offset', () => {
    const bytes = new Uint8Array(100);
    expect(hexWindow(bytes, 50)).toHaveLength(3);
    expect(hexWindow(bytes, 0)[0]).toMatch(/^0{16} {2}/);
    expect(hexWindow(bytes, 99).at(-1)).toMatch(/^0{14}60 {2}/);
    expect(hexWindow(new Uint8Array(0), 0)).toEqual([]);
  });

  test.each(['0', 'zz', '0 g'])('bad hex %j', (text) => {
    expect(() => fromHex(text)).toThrow(RangeError);
  });
});

describe('errors', () => {
  test('every code has a paragraph and an exit status', () => {
    for (const [code, { exit, text }] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^E_[A-Z_]+$/);
      expect([1, 2, 3, 4]).toContain(exit);
      expect(text.length).toBeGreaterThan(60);
      expect(text).toMatch(/\.$/);
    }
  });

  test('names from blobs cannot drive a terminal', () => {
    expect(printable('a\x1b[2J\nb\xff\u20ac')).toBe('a\\x1b[2J\\x0ab\\xff\\u20ac');
    const error = new KhoError('E_FDT', 'bad', { path: '/\x1b]0;x\x07', found: '\r' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: looks for control characters
    expect(error.message).not.toMatch(/[\x00-\x1f]/);
  });

  test('at() puts a better place on an error', () => {
    const error = new KhoError('E_SCENARIO', 'bad', { found: 'x' }).at({
      source: 'a.scenario',
      line: 3,
      column: 7,
    });
    expect(error.message).toBe('a.scenario:3:7: bad; found x');
  });
});

describe('files', () => {
  test('writes whole files and leaves nothing else behind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kho-abi-test-'));
    const path = join(folder, 'deep', 'file.bin');
    writeFileWhole(path, Uint8Array.of(1, 2));
    writeFileWhole(path, 'text');
    expect(readFileSync(path, 'utf8')).toBe('text');
    expect(readdirSync(join(folder, 'deep'))).toEqual(['file.bin']);
  });

  test('errors carry the path and the reason', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kho-abi-test-'));
    expect(thrown(() => readWholeFile(join(folder, 'none'))).message).toContain('ENOENT');
    expect(thrown(() => readWholeFile(folder)).code).toBe('E_IO');
    writeFileSync(join(folder, 'big'), new Uint8Array(10));
    expect(thrown(() => readWholeFile(join(folder, 'big'), 9)).code).toBe('E_LIMIT');
    expect(thrown(() => writeFileWhole(join(folder, 'big', 'x'), '')).code).toBe('E_IO');
  });
});
