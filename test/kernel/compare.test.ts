/** Comparison of fingerprints that were written by hand. */
import { describe, expect, test } from 'vitest';
import { loadTreeMap } from '../../src/abi/index.js';
import {
  type ComponentPrint,
  compareFingerprints,
  type FieldPrint,
  type Fingerprint,
  type StructPrint,
} from '../../src/kernel/index.js';

const map = loadTreeMap();

/** Members one after the other: `name:bytes`, `name:bytes*count`, `name=tag:bytes`; the structure is packed. */
function struct(...members: string[]): StructPrint {
  let bit = 0;
  const fields = members.map((member): FieldPrint => {
    const [, name, tag, bytes, count] = /^([^=:]+)(?:=(\w+))?:(\d+)(?:\*(\d+))?$/.exec(member)!;
    const bits = Number(bytes) * 8 * Number(count ?? 1);
    bit += bits;
    return {
      name: name!,
      type: tag === undefined ? `u${Number(bytes) * 8}` : `struct ${tag}`,
      kind: tag === undefined ? 'integer' : 'struct',
      bit: bit - bits,
      bits,
      ...(count === undefined ? {} : { count: Number(count) }),
      ...(tag === undefined ? {} : { tag }),
    };
  });
  return { size: bit / 8, align: 1, fields };
}

interface Part {
  version?: string;
  guard?: string[];
  structs?: Record<string, StructPrint>;
  names?: Record<string, string>;
  constants?: Record<string, string>;
  facts?: Record<string, number>;
  source?: Record<string, string>;
  docs?: string;
  only?: string;
}

function print(parts: Record<string, Part>): Fingerprint {
  const components = Object.entries(parts).map(([id, part]): [string, ComponentPrint] => {
    const target = { structs: part.structs ?? {}, constants: part.constants ?? {}, facts: part.facts ?? {} };
    return [
      id,
      {
        title: id,
        guard: part.guard ?? (id === 'core' ? [] : ['core']),
        markers:
          part.version === undefined
            ? []
            : [
                {
                  component: id,
                  scheme: 'fdt-compatible',
                  value: part.version,
                  macro: `${id.toUpperCase()}_V`,
                },
              ],
        names: part.names ?? {},
        source: part.source ?? { [`file ${id}`]: '0'.repeat(16) },
        docs: part.docs ?? '0'.repeat(16),
        targets: { 'le-4k': target, 'le-16k': target },
      },
    ];
  });
  return { components: Object.fromEntries(components) };
}

const one = (structure: StructPrint): Fingerprint =>
  print({ core: { version: 'kho-v4' }, vmalloc: { structs: { kho_vmalloc: structure } } });

const messages = (before: Fingerprint, after: Fingerprint): string[] =>
  compareFingerprints(before, after, map).changes.map((change) => `${change.class}: ${change.message}`);

const verdictOf = (before: Fingerprint, after: Fingerprint, id: string): string[] =>
  compareFingerprints(before, after, map)
    .components.find((component) => component.id === id)!
    .targets.map(({ verdict }) => verdict);

describe('layouts', () => {
  const plain = one(struct('first:8', 'pages:4', 'flags:2', 'order:2'));

  test('nothing', () => {
    expect(messages(plain, plain)).toEqual([]);
    expect(verdictOf(plain, plain, 'vmalloc')).toEqual(['unchanged', 'unchanged']);
  });

  test.each([
    [
      'a member in front moves all others, told once',
      struct('magic:4', 'first:8', 'pages:4', 'flags:2', 'order:2'),
      [
        'wire: struct kho_vmalloc: field magic added (4 bytes at byte 0)',
        'wire: struct kho_vmalloc: 4 fields from first to order moved up by 4 bytes, from byte 0 to byte 4',
        'wire: struct kho_vmalloc: size was 16, is 20 bytes',
      ],
    ],
    [
      'a member grows and moves what follows',
      struct('first:8', 'pages:8', 'flags:2', 'order:2'),
      [
        'wire: struct kho_vmalloc: field pages was 4 bytes, is 8 bytes',
        'wire: struct kho_vmalloc: 2 fields from flags to order moved up by 4 bytes, from byte 12 to byte 16',
        'wire: struct kho_vmalloc: size was 16, is 20 bytes',
      ],
    ],
    [
      'two members of one size change places',
      struct('first:8', 'pages:4', 'order:2', 'flags:2'),
      [
        'wire: struct kho_vmalloc: field order moved down by 2 bytes, from byte 14 to byte 12',
        'wire: struct kho_vmalloc: field flags moved up by 2 bytes, from byte 12 to byte 14',
      ],
    ],
    [
      'a new name in the same place',
      struct('first:8', 'total:4', 'flags:2', 'order:2'),
      ['source: struct kho_vmalloc: field pages is called total now, in the same place'],
    ],
    [
      'a member split in two',
      struct('first:8', 'pages:4', 'flags:1', 'spare:1', 'order:2'),
      [
        'wire: struct kho_vmalloc: field flags was 2 bytes, is 1 byte',
        'wire: struct kho_vmalloc: field spare added (1 byte at byte 13)',
      ],
    ],
    [
      'the last member removed',
      struct('first:8', 'pages:4', 'flags:2'),
      [
        'wire: struct kho_vmalloc: field order removed (2 bytes at byte 14)',
        'wire: struct kho_vmalloc: size was 16, is 14 bytes',
      ],
    ],
  ])('%s', (_, after, expected) => {
    expect(messages(plain, one(after)).sort()).toEqual([...expected].sort());
  });

  test('an array that got fewer elements of more bytes', () => {
    expect(messages(one(struct('a:4*8')), one(struct('a:8*4')))).toEqual([
      'wire: struct kho_vmalloc: field a was 8 x 4 bytes, is 4 x 8 bytes',
    ]);
  });

  test('alignment alone is no change of bytes', () => {
    const [a, b] = [struct('first:8'), { ...struct('first:8'), align: 8 }];
    expect(messages(one(a), one(b))).toEqual([
      'source: struct kho_vmalloc: alignment was 1, is 8; its own bytes are the same',
    ]);
  });

  test('a pointer beside the address that fills the same place is no change of bytes', () => {
    const overlay = struct('first:8');
    overlay.fields.push({ name: 'ptr', type: 'void *', kind: 'pointer', bit: 0, bits: 64 });
    expect(messages(one(struct('first:8')), one(overlay))).toEqual([
      'source: struct kho_vmalloc: field ptr added (8 bytes at byte 0)',
    ]);
  });

  test('a structure under another name', () => {
    const other = print({
      core: { version: 'kho-v4' },
      vmalloc: { structs: { kho_area: struct('first:8') } },
    });
    expect(messages(one(struct('first:8')), other)).toEqual([
      'source: struct kho_vmalloc is called struct kho_area now, same layout',
    ]);
  });
});

describe('what a change affects', () => {
  const tree = (vmalloc: StructPrint, bytes: number, versions: { core?: string; memfd?: string } = {}) =>
    print({
      core: { version: versions.core ?? 'kho-v4' },
      luo: { version: 'luo-v5' },
      vmalloc: { structs: { kho_vmalloc: vmalloc } },
      memfd: {
        version: versions.memfd ?? 'memfd-v2',
        guard: ['core', 'luo'],
        structs: {
          memfd_luo_ser: struct('pos:8', `folios=kho_vmalloc:${bytes}`, 'last:8'),
          memfd_outer: struct(`inner=memfd_luo_ser:${bytes + 16}`),
        },
      },
    });
  const before = tree(struct('first:8', 'pages:4'), 12);
  const grown = struct('first:8', 'pages:8');

  test('structures that hold it, and the holder names its cause', () => {
    const { changes } = compareFingerprints(before, tree(grown, 16), map);
    expect(changes.find(({ message }) => message.includes('field pages'))!.affects).toEqual([
      'struct memfd_luo_ser',
      'struct memfd_outer',
    ]);
    const holder = changes.filter(({ component }) => component === 'memfd');
    expect(holder.map(({ message, cause }) => [message, cause])).toEqual([
      ['struct memfd_luo_ser: field folios was 12 bytes, is 16 bytes', 'struct kho_vmalloc'],
      ['struct memfd_luo_ser: field last moved up by 4 bytes, from byte 20 to byte 24', undefined],
      ['struct memfd_luo_ser: size was 28, is 32 bytes', 'struct kho_vmalloc'],
      ['struct memfd_outer: field inner was 28 bytes, is 32 bytes', 'struct memfd_luo_ser'],
      ['struct memfd_outer: size was 28, is 32 bytes', 'struct memfd_luo_ser'],
    ]);
  });

  test.each([
    ['no version', {}, 'changed-without-bump', 'changed-without-bump'],
    ['the version of the root', { core: 'kho-v5' }, 'changed-with-bump', 'changed-with-bump'],
    ['the version of memfd alone', { memfd: 'memfd-v3' }, 'changed-without-bump', 'changed-with-bump'],
  ])('%s', (_, versions, vmalloc, memfd) => {
    const after = tree(grown, 16, versions);
    expect(verdictOf(before, after, 'vmalloc')).toEqual([vmalloc, vmalloc]);
    expect(verdictOf(before, after, 'memfd')).toEqual([memfd, memfd]);
  });

  test('a version that was raised for nothing', () => {
    const after = tree(struct('first:8', 'pages:4'), 12, { memfd: 'memfd-v3' });
    expect(verdictOf(before, after, 'memfd')).toEqual(['bumped-without-change', 'bumped-without-change']);
  });

  test('a version that was raised for what it guards', () => {
    const after = tree(grown, 16, { core: 'kho-v5' });
    expect(verdictOf(before, after, 'core')).toEqual(['unchanged', 'unchanged']);
  });
});

describe('names, constants, texts', () => {
  const base: Part = {
    version: 'kho-v3',
    names: { MAP_NAME: 'preserved-memory-map', SUB_NAME: 'fdt' },
    constants: { LIMIT: '4', OLD: '7' },
    source: { 'macro MAP_NAME': '1'.repeat(16), 'macro LIMIT': '2'.repeat(16) },
  };
  const versionWith = (part: Part): Fingerprint => print({ core: { ...base, ...part } });

  test.each<[string, Part, string[]]>([
    [
      'another name',
      { names: { ...base.names, SUB_NAME: 'data' } },
      ['names: SUB_NAME was "fdt", is "data"'],
    ],
    ['a name more', { names: { ...base.names, SIZE: 'size' } }, ['names: name "size" (SIZE) added']],
    [
      'a name less',
      { names: { MAP_NAME: 'preserved-memory-map' } },
      ['names: name "fdt" (SUB_NAME) removed'],
    ],
    ['the same name from another macro', { names: { MAP_NAME: 'preserved-memory-map', SUB: 'fdt' } }, []],
    ['another number', { constants: { LIMIT: '8', OLD: '7' } }, ['wire: LIMIT was 4, is 8']],
    ['a number that went, another that came', { constants: { LIMIT: '4', NEW: '9' } }, []],
    ['other words in a comment', { docs: '3'.repeat(16) }, ['docs: comment text changed']],
    [
      'other text of a macro',
      { source: { ...base.source, 'macro LIMIT': '4'.repeat(16) } },
      ['source: macro LIMIT: text changed, bytes unchanged'],
    ],
  ])('%s', (_, part, expected) => {
    expect(messages(versionWith({}), versionWith(part))).toEqual(expected);
  });

  test('a fact for one page size only', () => {
    const [from, to] = [print({ radix: { facts: { depth: 4 } } }), print({ radix: { facts: { depth: 4 } } })];
    to.components.radix!.targets['le-16k'] = { structs: {}, constants: {}, facts: { depth: 5 } };
    const { changes, components } = compareFingerprints(from, to, map);
    expect(changes.map(({ message, targets }) => [message, targets])).toEqual([
      ['depth was 4, is 5', ['le-16k']],
    ]);
    expect(components[0]!.targets.map(({ target, verdict }) => [target, verdict])).toEqual([
      ['le-16k', 'changed-without-bump'],
      ['le-4k', 'unchanged'],
    ]);
  });

  test('targets that one side lacks are named', () => {
    const [from, to] = [versionWith({}), versionWith({})];
    delete from.components.core!.targets['le-16k'];
    expect(compareFingerprints(from, to, map)).toMatchObject({
      targets: ['le-4k'],
      onlyBefore: [],
      onlyAfter: ['le-16k'],
    });
  });
});
