import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  abisByCompatible,
  allAbis,
  decodeStruct,
  diffAbis,
  encodeStruct,
  getAbi,
  makeTarget,
  mapGeometry,
  parseByteOrder,
  parsePageSize,
  placeStruct,
  radixGeometry,
  targetName,
  toHex,
} from '../../src/index.js';
import { compileAbis, jsonSchemas, parseAbi, schemaText } from '../../src/schemas.js';
import { thrown } from '../support/errors.js';

const FOLDER = join(import.meta.dirname, '../../abi');
const V2 = readFileSync(join(FOLDER, 'kho-v2.yaml'), 'utf8');

describe('ABI files', () => {
  test('all load, every id is the file name, and the build has compiled what the files say', () => {
    const files = readdirSync(FOLDER).filter((name) => name.startsWith('kho-') && name.endsWith('.yaml'));
    expect(
      allAbis()
        .map(({ id }) => `${id}.yaml`)
        .sort(),
    ).toEqual(files.sort());
    expect(allAbis().map(({ file }) => file)).toEqual(compileAbis(FOLDER));
    const rungs = allAbis().map(({ file }) => file.rung);
    expect(new Set(rungs).size).toBe(rungs.length);
    expect(files.length).toBeGreaterThanOrEqual(2);
  });

  test('follow the JSON Schema that is checked in', () => {
    const ajv = new Ajv2020({ strict: false });
    const validate = ajv.compile(
      JSON.parse(readFileSync(join(FOLDER, 'schema/kho-abi.schema.json'), 'utf8')),
    );
    for (const { id } of allAbis()) {
      const data: unknown = parse(readFileSync(join(FOLDER, `${id}.yaml`), 'utf8'));
      expect(validate(data), JSON.stringify(validate.errors)).toBe(true);
    }
    expect(validate({ ...(parse(V2) as object), surprise: 1 })).toBe(false);
  });

  test('the checked-in schemas are current (npm run schemas)', () => {
    for (const [name, schema] of Object.entries(jsonSchemas())) {
      expect(readFileSync(join(FOLDER, 'schema', name), 'utf8')).toBe(schemaText(schema));
    }
    expect(readdirSync(join(FOLDER, 'schema')).sort()).toEqual(Object.keys(jsonSchemas()).sort());
  });

  // The formulas of the ABI header, worked here a second time: ceil((64 - PS - bitmap [+ 1]) / table) + 1.
  test.each([
    ['kho-v2', 12, 52, 9, 15, 6],
    ['kho-v2', 14, 50, 11, 17, 4],
    ['kho-v2', 16, 48, 13, 19, 4],
    ['kho-v3-7.1-rc1', 14, 50, 11, 17, 4],
    ['kho-v3', 12, 52, 9, 15, 6],
    ['kho-v3', 14, 50, 11, 17, 5],
    ['kho-v4', 12, 52, 9, 15, 6],
    ['kho-v4', 14, 50, 11, 17, 5],
    ['kho-v4', 16, 48, 13, 19, 4],
  ] as const)('%s %i', (abi, shift, order0Bit, tableBits, bitmapBits, depth) => {
    expect(radixGeometry(getAbi(abi), shift)).toMatchObject({ order0Bit, tableBits, bitmapBits, depth });
  });

  // Chunk lists, worked from the documented structure: 16 bytes of header, 16 an entry; a bitmap is 512 bytes or a page.
  test.each([
    ['kho-v1-6.16', 12, 255, 4096],
    ['kho-v1-6.16', 16, 4095, 4096],
    ['kho-v1-6.18', 12, 255, 32768],
    ['kho-v1-6.18', 14, 1023, 131072],
    ['kho-v1-6.19', 16, 4095, 524288],
  ] as const)('%s %i', (abi, shift, entriesPerChunk, bits) => {
    expect(mapGeometry(getAbi(abi), shift)).toMatchObject({ kind: 'chunks', entriesPerChunk, bits });
  });

  test('only 16K trees before 7.1-rc6 lose order bits, and their erratum says so', () => {
    for (const abi of allAbis()) {
      for (const shift of [12, 14, 16] as const) {
        const geometry = mapGeometry(abi, shift);
        const lost = geometry.kind === 'radix' ? geometry.lostOrderBit : undefined;
        expect(lost?.erratum, `${abi.id} ${shift}`).toBe(
          ['kho-v2', 'kho-v3-7.1-rc1'].includes(abi.id) && shift === 14 ? 'B3' : undefined,
        );
      }
    }
    expect(
      getAbi('kho-v2')
        .errata(14)
        .map(({ id }) => id),
    ).toContain('B3');
    expect(
      getAbi('kho-v2')
        .errata(12)
        .map(({ id }) => id),
    ).not.toContain('B3');
  });

  test('lookups', () => {
    expect(abisByCompatible('kho-v4').map(({ id }) => id)).toEqual(['kho-v4']);
    // One string, several formats: that is why structure has to decide.
    expect(abisByCompatible('kho-v1').map(({ id }) => id)).toEqual([
      'kho-v1-6.16',
      'kho-v1-6.18',
      'kho-v1-6.19',
    ]);
    expect(abisByCompatible('kho-v9')).toEqual([]);
    const error = thrown(() => getAbi('kho-v9'));
    expect(error.code).toBe('E_USAGE');
    expect(error.message).toContain('kho-v2, kho-v3-7.1-rc1, kho-v3, kho-v4');
  });

  test.each([
    ['no YAML', (text: string) => text.replace('id: kho-v2', 'id: [kho-v2'), 'not YAML'],
    ['an unknown key', (text: string) => `${text}\nsurprise: 1\n`, 'Unrecognized key'],
    ['a missing part', (text: string) => text.replace(/^receiver:[\s\S]*?\n\n/m, ''), 'receiver'],
    [
      'a wrong depth',
      (text: string) => text.replace('depth: 4, shifts: [17', 'depth: 5, shifts: [17'),
      'does not follow from its formula',
    ],
    [
      'a wrong offset',
      (text: string) =>
        text.replace('type: u32, offset: 8, role: count', 'type: u32, offset: 12, role: count'),
      'kho_vmalloc.total_pages',
    ],
    [
      'a wrong size',
      (text: string) => text.replace('packed: false\n    size: 16', 'packed: false\n    size: 24'),
      'size does not follow',
    ],
    [
      'wrong entries per chunk',
      (text: string) => text.replace('4K: 511', '4K: 512'),
      'vmalloc.entriesPerChunk (4K)',
    ],
    ['wrong string sizes', (text: string) => text.replace('subtree: 47', 'subtree: 48'), 'fdt.sizes.strings'],
    ['an alias bomb', (text: string) => `${text}\nx: &a [1]\ny: [*a, *a]\n`, 'abi/x.yaml'],
  ])('refuses %s', (_what, change, message) => {
    const error = thrown(() => parseAbi(change(V2), 'abi/x.yaml'));
    expect(error.code).toBe('E_ABI_FILE');
    expect(error.message).toContain('abi/x.yaml');
    expect(error.message).toContain(message);
    expect(() => parseAbi(V2, 'abi/x.yaml')).not.toThrow();
  });
});

describe('layout engine', () => {
  const layout = (packed: boolean, size: number, offsets: number[]) => ({
    about: 'test',
    packed,
    size,
    fields: [
      { name: 'a', type: 'u8' as const, offset: offsets[0]!, role: 'value' as const },
      { name: 'b', type: 'u64' as const, offset: offsets[1]!, role: 'value' as const },
      { name: 'c', type: 'u16' as const, offset: offsets[2]!, role: 'value' as const },
      { name: 'd', type: 'char' as const, offset: offsets[3]!, role: 'text' as const, count: 5 },
      { name: 'e', type: 'u32' as const, offset: offsets[4]!, role: 'value' as const, count: 2 },
    ],
  });

  test('natural alignment', () => {
    const struct = placeStruct('s', layout(false, 32, [0, 8, 16, 18, 24]), 4096);
    expect(struct.fields.map(({ offset }) => offset)).toEqual([0, 8, 16, 18, 24]);
  });

  test('packed', () => {
    const struct = placeStruct('s', layout(true, 24, [0, 1, 9, 11, 16]), 4096);
    for (const [order, text] of [
      ['little', '01' + '0800000000000000' + '0302' + '6b686f0000' + '0400000005000000'],
      ['big', '01' + '0000000000000008' + '0203' + '6b686f0000' + '0000000400000005'],
    ] as const) {
      const bytes = encodeStruct(struct, { a: 1, b: 8n, c: 0x203, d: 'kho', e: [4, 5] }, order);
      expect(toHex(bytes)).toBe(text);
      expect(decodeStruct(struct, bytes, order)).toEqual({ a: 1, b: 8n, c: 0x203, d: 'kho' });
    }
  });

  test('values that do not fit are refused', () => {
    const struct = placeStruct('s', layout(true, 24, [0, 1, 9, 11, 16]), 4096);
    for (const values of [
      { a: 256 },
      { a: -1 },
      { b: 1n << 64n },
      { d: 'abcde' },
      { a: 'x' },
      { e: [1, 2, 3] },
      { z: 1 },
    ]) {
      expect(thrown(() => encodeStruct(struct, values as never, 'little')).code).toBe('E_USAGE');
    }
    expect(thrown(() => decodeStruct(struct, new Uint8Array(23), 'little')).message).toContain(
      '24 bytes needed',
    );
  });
});

test('targets', () => {
  expect([parsePageSize('4k'), parsePageSize('16384'), parsePageSize('16')]).toEqual([12, 14, 16]);
  expect([parseByteOrder('LE'), parseByteOrder('big')]).toEqual(['little', 'big']);
  expect(thrown(() => parsePageSize('8K')).code).toBe('E_USAGE');
  expect(thrown(() => parseByteOrder('middle')).code).toBe('E_USAGE');
  expect(targetName(makeTarget(getAbi('kho-v2'), 'big', 14))).toBe('be-16k');
});

describe('diffAbis', () => {
  const diff = (from: string, to: string) => diffAbis(getAbi(from), getAbi(to));

  // From the documented history: which page sizes changed, and whether the string did.
  test.each([
    ['kho-v1-6.16', 'kho-v1-6.18', ['4K', '16K', '64K'], true],
    ['kho-v1-6.18', 'kho-v1-6.19', [], false],
    ['kho-v1-6.19', 'kho-v2', ['4K', '16K', '64K'], false],
    ['kho-v2', 'kho-v3-7.1-rc1', ['4K', '16K', '64K'], false],
    ['kho-v3-7.1-rc1', 'kho-v3', ['16K'], true],
    ['kho-v3', 'kho-v4', [], false],
  ])('%s to %s', (from, to, wireDiffers, withoutBump) => {
    expect(diff(from, to)).toMatchObject({ wireDiffers, withoutBump });
  });

  test('names what changed', () => {
    expect(diff('kho-v2', 'kho-v3-7.1-rc1').differences).toContainEqual({
      area: 'properties',
      path: 'subtree/blob-size',
      from: undefined,
      to: 'u64, size',
    });
    expect(diff('kho-v3-7.1-rc1', 'kho-v3').differences).toContainEqual({
      area: 'geometry',
      path: 'memoryMap/16K/depth',
      from: '4',
      to: '5',
    });
    for (const abi of allAbis()) expect(diffAbis(abi, abi).differences).toEqual([]);
  });
});
