/** Structures inside structures, and bitfields. Offsets, sizes and bytes are worked out by hand from the rules of C. */
import { describe, expect, test } from 'vitest';
import {
  decodeStruct,
  encodeStruct,
  fieldOf,
  placeStruct,
  type StructLayout,
  toHex,
} from '../../src/index.js';
import { structField } from '../../src/schemas.js';
import { thrown } from '../support/errors.js';

const single = { role: 'value' } as const;
const ENTRY: StructLayout = {
  about: 'an entry of 16 bytes',
  packed: false,
  size: 16,
  fields: [
    { ...single, name: 'addr', type: 'u64', offset: 0 },
    { ...single, name: 'kind', type: 'u16', offset: 8 },
  ],
};
const PACKED: StructLayout = {
  about: 'an entry of 10 bytes',
  packed: true,
  size: 10,
  fields: ENTRY.fields,
};
const STRUCTS = { entry: ENTRY, packed: PACKED };

function list(
  of: string,
  offset: number,
  count: number | 'rest-of-page',
  size: number | 'page',
): StructLayout {
  return {
    about: 'a head byte and entries',
    packed: false,
    size,
    fields: [
      { ...single, name: 'head', type: 'u8', offset: 0 },
      { name: 'entries', type: 'struct', struct: of, role: 'entry', offset, count },
    ],
  };
}

describe('nested structures', () => {
  test.each([
    // A natural entry is aligned to 8: 8 + 2 * 16. A packed one follows at once: 1 + 2 * 10.
    ['entry', 8, 2, 40, 2],
    ['packed', 1, 2, 21, 2],
    // (4096 - 8) / 16 = 255.5 and (4096 - 1) / 10 = 409.5; what is left over at the end stays unused.
    ['entry', 8, 'rest-of-page', 'page', 255],
    ['packed', 1, 'rest-of-page', 'page', 409],
  ] as const)('%s at %i, %s of them', (of, offset, count, size, elements) => {
    const placed = placeStruct('s', list(of, offset, count, size), 4096, STRUCTS);
    expect(placed.size).toBe(size === 'page' ? 4096 : size);
    expect(fieldOf(placed, 'entries')).toMatchObject({ offset, elements });
  });

  test.each([
    [
      'little',
      '0100000000000000' + '0807060504030201' + '3412000000000000' + '0900000000000000' + '0500000000000000',
    ],
    [
      'big',
      '0100000000000000' + '0102030405060708' + '1234000000000000' + '0000000000000009' + '0005000000000000',
    ],
  ] as const)('bytes, %s endian', (order, text) => {
    const placed = placeStruct('s', list('entry', 8, 2, 40), 4096, STRUCTS);
    const values = {
      head: 1,
      entries: [
        { addr: 0x102030405060708n, kind: 0x1234 },
        { addr: 9n, kind: 5 },
      ],
    };
    const bytes = encodeStruct(placed, values, order);
    expect(toHex(bytes)).toBe(text);
    expect(decodeStruct(placed, bytes, order)).toEqual(values);
  });

  test('one structure is an object; an array to the end of the page is left to its reader', () => {
    const one: StructLayout = {
      ...list('entry', 8, 1, 24),
      fields: [{ name: 'only', type: 'struct', struct: 'entry', role: 'entry', offset: 0 }],
      size: 16,
    };
    const placed = placeStruct('s', one, 4096, STRUCTS);
    const bytes = encodeStruct(placed, { only: { addr: 1, kind: 2 } }, 'big');
    expect(toHex(bytes)).toBe('00000000000000010002000000000000');
    expect(decodeStruct(placed, bytes, 'big')).toEqual({ only: { addr: 1n, kind: 2 } });
    const rest = placeStruct('s', list('entry', 8, 'rest-of-page', 'page'), 4096, STRUCTS);
    expect(decodeStruct(rest, new Uint8Array(4096), 'big')).toEqual({ head: 0 });
  });

  test('mistakes in a file', () => {
    const place = (layout: StructLayout, structs: Record<string, StructLayout>) =>
      thrown(() => placeStruct('s', layout, 4096, structs));
    expect(place(list('entry', 1, 2, 40), STRUCTS).message).toContain('offset does not follow');
    expect(place(list('nobody', 8, 2, 40), STRUCTS).message).toContain('no such structure');
    expect(place(list('toString', 8, 2, 40), STRUCTS).message).toContain('no such structure');
    const self = list('self', 8, 1, 16);
    expect(place(self, { self }).message).toContain('nested too deep');
  });

  test('values of the wrong shape are refused', () => {
    const placed = placeStruct('s', list('entry', 8, 2, 40), 4096, STRUCTS);
    for (const values of [
      { entries: 5 },
      { head: { a: 1 } },
      { entries: [{ z: 1 }] },
      { entries: [{}, {}, {}] },
    ])
      expect(thrown(() => encodeStruct(placed, values as never, 'little')).code).toBe('E_USAGE');
  });
});

describe('bitfields of a u64', () => {
  const layout: StructLayout = {
    about: 'a folio entry',
    packed: true,
    size: 16,
    fields: [
      {
        name: 'bits',
        type: 'u64',
        role: 'value',
        offset: 0,
        bits: [
          { name: 'pfn', width: 52 },
          { name: 'flags', width: 12 },
        ],
      },
      { ...single, name: 'index', type: 'u64', offset: 8 },
    ],
  };
  const placed = placeStruct('folio', layout, 4096);

  test.each([
    // flags:pfn = 003:00000_00012345 as one word, low end first.
    ['little', '4523010000003000' + '0700000000000000'],
    // pfn:flags = 0000000012345:003, high end first.
    ['big', '0000000012345003' + '0000000000000007'],
  ] as const)('%s endian', (order, text) => {
    const values = { bits: { pfn: 0x12345n, flags: 3n }, index: 7n };
    expect(toHex(encodeStruct(placed, values, order))).toBe(text);
    expect(decodeStruct(placed, encodeStruct(placed, values, order), order)).toEqual(values);
  });

  test('limits', () => {
    const write = (bits: object) => encodeStruct(placed, { bits } as never, 'little');
    expect(toHex(write({ pfn: (1n << 52n) - 1n, flags: 0xfff })).slice(0, 16)).toBe('ffffffffffffffff');
    expect(thrown(() => write({ pfn: 1n << 52n })).message).toContain('52 bits');
    expect(thrown(() => write({ flags: -1 })).message).toContain('12 bits');
    expect(thrown(() => write({ order: 1 })).message).toContain('no bitfield order');
    expect(thrown(() => write({ pfn: 'x' })).message).toContain('takes a number');
  });

  test.each([
    [{ type: 'u32' }, 'single u64'],
    [{ count: 2 }, 'single u64'],
    [
      {
        bits: [
          { name: 'a', width: 52 },
          { name: 'b', width: 11 },
        ],
      },
      'add up to 64',
    ],
    [{ struct: 'x' }, 'goes with type struct'],
    [{ type: 'struct' }, 'goes with type struct'],
  ])('the schema refuses %j', (change, text) => {
    const result = structField.safeParse({ ...layout.fields[0], ...change });
    expect(result.error?.issues.map(({ message }) => message).join()).toContain(text);
  });
});
