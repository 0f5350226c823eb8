/** The BTF reader on blobs that are worked by hand: every kind, both byte orders, old and new formats, and refusals. */
import { describe, expect, test } from 'vitest';
import { BtfLayouts, BtfTypes, idsNamed, openBtf } from '../../src/kernel/index.js';
import { thrown } from '../support/errors.js';
import { blob, EVERY_KIND, KIND, LONG, type Order, type Row } from './btf-blob.js';

const read = (rows: Row[], options: Parameters<typeof blob>[1] = {}): BtfTypes =>
  new BtfTypes(blob(rows, options), 'by hand');

describe.each<Order>(['little', 'big'])('every kind, %s endian', (order) => {
  const types = read(EVERY_KIND, { order });

  test('is found with its name', () => {
    expect(types.byteOrder).toBe(order);
    const kinds = Array.from({ length: types.count }, (_, index) => types.kindName(index + 1));
    const wanted = Object.keys(KIND).filter(
      (name) => !['STRUCT', 'UNION', 'FUNC', 'FUNC_PROTO'].includes(name),
    );
    expect(kinds.length).toBe(19);
    expect(new Set(kinds)).toEqual(new Set([...wanted, 'STRUCT', 'UNION', 'FUNC', 'FUNC_PROTO']));
    expect([types.kindName(0), types.name(0), types.name(5), types.name(13)]).toEqual([
      'VOID',
      '',
      'kho_vmalloc',
      'work',
    ]);
  });

  test('has its own words', () => {
    expect(types.int(1)).toEqual({ encoding: 0, offset: 0, bits: 64 });
    expect(types.array(3)).toEqual({ type: 1, index: 1, elements: 6 });
    expect(types.members(5)).toEqual([
      { name: 'first', type: 4, bitOffset: 0, bits: 0 },
      { name: 'low', type: 1, bitOffset: 64, bits: 52 },
      { name: 'high', type: 1, bitOffset: 116, bits: 12 },
      { name: 'rest', type: 3, bitOffset: 128, bits: 0 },
    ]);
    expect(types.enumerators(6)).toEqual([
      { name: 'KHO_A', value: 7n },
      { name: 'KHO_B', value: -2n },
    ]);
    expect(types.kindFlag(7)).toBe(true);
    expect(types.parameters(12)).toEqual([
      { name: 'a', type: 8 },
      { name: '', type: 0 },
    ]);
    expect([types.vlen(13), types.refersTo(13), types.extra(14)]).toEqual([1, 12, 1]);
    expect(types.variables(15)).toEqual([{ type: 14, offset: 8, size: 8 }]);
    expect([types.size(16), types.extra(17), types.refersTo(18)]).toEqual([8, -1, 8]);
    expect(types.enumerators(19)).toEqual([
      { name: 'HUGE', value: 0x0123_4567_89ab_cdefn },
      { name: 'MINUS', value: -1n },
    ]);
  });

  test('gives structures with every member', () => {
    const layouts = new BtfLayouts(types);
    expect(layouts.pointerSize).toBe(8);
    const plain = { count: null, bitField: false };
    const long = { type: 'unsigned long', kind: 'integer' };
    expect(layouts.struct(5)).toEqual({
      name: 'kho_vmalloc',
      kind: 'struct',
      size: 64,
      align: null,
      fields: [
        {
          ...plain,
          name: 'first',
          type: 'union',
          kind: 'union',
          bitOffset: 0,
          bitSize: 64,
          fields: [
            { ...plain, ...long, name: 'phys', bitOffset: 0, bitSize: 64 },
            {
              ...plain,
              name: 'ptr',
              type: 'struct kho_vmalloc *',
              kind: 'pointer',
              bitOffset: 0,
              bitSize: 64,
            },
          ],
        },
        { ...long, name: 'low', bitOffset: 64, bitSize: 52, count: null, bitField: true },
        { ...long, name: 'high', bitOffset: 116, bitSize: 12, count: null, bitField: true },
        { ...long, name: 'rest', bitOffset: 128, bitSize: 384, count: 6, bitField: false },
      ],
    });
    expect(idsNamed(types, 'enum', () => true)).toEqual([6, 19]);
    expect(idsNamed(types, 'structure', () => true)).toEqual([4, 5]);
  });
});

describe('types of members', () => {
  const member = (rows: Row[], type: number) => {
    const holder: Row = { name: 'holder', kind: KIND.STRUCT, vlen: 1, value: 64, more: ['it', type, 8] };
    return new BtfLayouts(read([...rows, holder])).struct(rows.length + 1).fields[0]!;
  };

  test.each<[string, Row[], number, object]>([
    [
      'an old bit-field: an integer of its own with an offset',
      [{ name: 'unsigned int', kind: KIND.INT, value: 4, more: [(3 << 16) | 5] }],
      1,
      { bitOffset: 11, bitSize: 5, bitField: true },
    ],
    [
      'an array of arrays',
      [LONG, { kind: KIND.ARRAY, more: [1, 1, 2] }, { kind: KIND.ARRAY, more: [2, 1, 3] }],
      3,
      { count: 6, bitSize: 384, type: 'unsigned long' },
    ],
    ['a flexible array', [LONG, { kind: KIND.ARRAY, more: [1, 1, 0] }], 2, { count: 0, bitSize: 0 }],
    [
      'a pointer that does not change to something that does not',
      [LONG, { kind: KIND.CONST, value: 1 }, { kind: KIND.PTR, value: 2 }, { kind: KIND.CONST, value: 3 }],
      4,
      { type: 'const unsigned long *const', kind: 'pointer' },
    ],
    [
      'a pointer to a function',
      [LONG, { kind: KIND.FUNC_PROTO, value: 0 }, { kind: KIND.PTR, value: 2 }],
      3,
      { type: 'void (*)()', kind: 'pointer', bitSize: 64 },
    ],
    [
      'a pointer to an array',
      [LONG, { kind: KIND.ARRAY, more: [1, 1, 4] }, { kind: KIND.PTR, value: 2 }],
      3,
      { type: 'unsigned long (*)[4]', kind: 'pointer', bitSize: 64 },
    ],
    [
      'a typedef of a typedef, with a tag',
      [
        LONG,
        { name: '__u64', kind: KIND.TYPEDEF, value: 1 },
        { name: 'u64', kind: KIND.TYPEDEF, value: 2 },
        { name: 'rcu', kind: KIND.TYPE_TAG, value: 3 },
      ],
      4,
      { type: 'u64', kind: 'integer', bitSize: 64 },
    ],
    [
      'a structure with a tag',
      [{ name: 'inner', kind: KIND.STRUCT, value: 8 }],
      1,
      { type: 'struct inner', kind: 'struct', tag: 'inner', bitSize: 64 },
    ],
    [
      'an enum without a tag',
      [{ kind: KIND.ENUM, value: 4 }],
      1,
      { kind: 'enum', type: 'enum', bitSize: 32 },
    ],
    ['a float', [{ name: 'float', kind: KIND.FLOAT, value: 4 }], 1, { kind: 'float', type: 'float' }],
  ])('%s', (_, rows, type, wanted) => {
    expect(member(rows, type)).toMatchObject(wanted);
  });

  test.each<[string, Row[], number, RegExp]>([
    ['a typedef of itself', [{ name: 'loop', kind: KIND.TYPEDEF, value: 1 }], 1, /without an end/],
    [
      'two qualifiers of each other',
      [
        { kind: KIND.CONST, value: 2 },
        { kind: KIND.VOLATILE, value: 1 },
      ],
      1,
      /without an end/,
    ],
    ['an array of itself', [{ kind: KIND.ARRAY, more: [1, 1, 2] }], 1, /without an end|no possible size/],
    [
      'a structure that lies in itself',
      [{ kind: KIND.STRUCT, vlen: 1, value: 8, more: ['it', 1, 0] }],
      1,
      /too deep/,
    ],
    ['a function', [{ name: 'work', kind: KIND.FUNC, value: 0 }], 1, /FUNC has no size/],
    ['void', [LONG], 0, /VOID has no size/],
    ['an array past the end', [LONG, { kind: KIND.ARRAY, more: [1, 1, 8] }], 2, /does not fit in/],
    [
      'an array larger than any memory',
      [LONG, { kind: KIND.ARRAY, more: [1, 1, 2 ** 31] }, { kind: KIND.ARRAY, more: [2, 1, 2 ** 31] }],
      3,
      /no possible size/,
    ],
  ])('%s is refused', (_, rows, type, message) => {
    const error = thrown(() => member(rows, type));
    expect(error.code).toBe('E_BTF');
    expect(error.message).toMatch(message);
  });

  test('structures that unfold to endless members are bounded', () => {
    // Each holds the next twenty times: 20^16 members.
    const rows = Array.from({ length: 16 }, (_, index): Row => {
      const more = Array.from({ length: 20 }, () => ['', index + 2, 0]).flat();
      return { kind: KIND.STRUCT, vlen: 20, value: 8, more };
    });
    const types = read([...rows, LONG]);
    expect(thrown(() => new BtfLayouts(types).struct(1)).code).toBe('E_LIMIT');
  });
});

describe('old and new formats', () => {
  test('more than 65535 members, as 7.3 allows', () => {
    const count = 70_000;
    const more = Array.from({ length: count }, (_, index) => ['V', index]).flat();
    const types = read([{ name: 'many', kind: KIND.ENUM, vlen: count, value: 4, more }]);
    expect(types.vlen(1)).toBe(count);
    expect(types.enumerators(1).at(-1)).toEqual({ name: 'V', value: BigInt(count - 1) });
  });

  test('a kind that is newer than this reader is passed over when the writer tells its size', () => {
    const layout: [number, number][] = Array.from({ length: 22 }, () => [0, 0]);
    layout[21] = [4, 8];
    const newer: Row = { kind: 21, vlen: 2, more: [1, 2, 3, 4, 5] };
    const types = read([newer, LONG], { layout });
    expect([types.count, types.kindName(1), types.name(2)]).toEqual([2, 'kind 21', 'unsigned long']);
    const error = thrown(() => read([newer, LONG]));
    expect(error.message).toMatch(/type 1, offset 0x1c: unknown kind; found 21; expected 1 to 19/);
  });

  test('a longer header', () => {
    expect(read([LONG], { headerLength: 48 }).name(1)).toBe('unsigned long');
  });

  test('a 32-bit kernel', () => {
    const types = read([{ name: 'long unsigned int', kind: KIND.INT, value: 4, more: [32] }]);
    expect(new BtfLayouts(types).pointerSize).toBe(4);
  });
});

describe('refusals', () => {
  test.each<[string, Buffer, string, RegExp]>([
    ['text', Buffer.from('#!/bin/sh\n'), 'E_WRONG_KIND', /not BTF; found a script/],
    ['nothing', Buffer.alloc(0), 'E_WRONG_KIND', /not BTF; found an empty file/],
    ['another version', blob([LONG], { version: 2 }), 'E_BTF', /unknown version; found 2/],
    ['a header without a length', patched(4, 0), 'E_BTF', /no possible length/],
    ['types outside the file', patched(12, 0x7fffffff), 'E_BTF', /type_len.*outside the file/],
    ['kind 0', blob([{ kind: 0 }]), 'E_BTF', /unknown kind; found 0/],
    [
      'a type that is not there',
      blob([LONG, { kind: KIND.PTR, value: 3 }]),
      'E_BTF',
      /type 2, .*no such type/,
    ],
    ['a name outside the strings', patched(24, 0x1000), 'E_BTF', /type 1, .*name lies outside/],
    [
      'a member of a type that is not there',
      blob([{ kind: KIND.STRUCT, vlen: 1, value: 8, more: ['a', 9, 0] }]),
      'E_BTF',
      /no such type; found type 9/,
    ],
    ['members past the end', blob([{ kind: KIND.STRUCT, vlen: 1, value: 8 }]), 'E_BTF', /runs past the end/],
  ])('%s', (_, bytes, code, message) => {
    const error = thrown(() => new BtfTypes(bytes, 'by hand'));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test('split BTF: strings go on where another file ended', () => {
    const bytes = blob([LONG]);
    const strings = bytes.indexOf('\0unsigned long\0', 24, 'latin1');
    const split = Buffer.concat([bytes.subarray(0, strings), bytes.subarray(strings + 1)]);
    split.writeUInt32LE(bytes.readUInt32LE(20) - 1, 20);
    const error = thrown(() => new BtfTypes(split, 'module'));
    expect(error.message).toMatch(/module: split BTF.*stands alone.*\/sys\/kernel\/btf\/vmlinux/);
  });

  test('split BTF: ids go on, and the message says so', () => {
    const error = thrown(() => read([LONG, { kind: KIND.PTR, value: 120_000 }]));
    expect(error.message).toMatch(/split BTF of a module/);
  });

  test('split BTF: by its place', () => {
    expect(thrown(() => openBtf('/sys/kernel/btf/nf_tables')).message).toMatch(/split BTF/);
  });
});

/** A good blob with one word of it changed. */
function patched(at: number, value: number): Buffer {
  const bytes = blob([LONG]);
  bytes.writeUInt32LE(value >>> 0, at);
  return bytes;
}
