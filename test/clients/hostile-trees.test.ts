/** Damaged device trees, metadata and self-tests: one thing wrong in each, and what a receiving kernel would do. */
import { describe, expect, test } from 'vitest';
import { decodeClient, getAbi, type KhoTestData, makeTarget } from '../../src/index.js';
import { blob, type Piece } from '../support/blob.js';
import { dump, native, text, u16, u32, u64 } from '../support/native.js';
import { decodeDump as decode, type Pages } from './support.js';

const TARGET = makeTarget(getAbi('kho-v4'), 'little', 12);
const le = (...parts: Parameters<typeof native>[1][]) => native('little', ...parts);

describe('trees of LUO', () => {
  const address = (value: number) => [...le(u64(value))];
  const v1 = (...nodes: Piece[]): Buffer =>
    blob({
      pieces: [
        { begin: '' },
        { prop: 'compatible', value: 'luo-v1\0' },
        { prop: 'liveupdate-number', value: address(1) },
        ...nodes,
        { end: true },
      ],
    });
  const node = (name: string, compatible: string, value = 0x3000, length = 8): Piece[] => [
    { begin: name },
    { prop: 'compatible', value: `${compatible}\0` },
    { prop: `${name}-header`, value: address(value).slice(0, length) },
    { end: true },
  ];
  const rest = { '0x2000': le(u64(1), u64(0)), '0x3000': Buffer.concat([le(u64(0)), Buffer.alloc(65528)]) };

  test.each([
    [
      'both nodes',
      [...node('luo-session', 'luo-session-v2'), ...node('luo-flb', 'luo-flb-v1', 0x2000)],
      'luo-v1',
      [],
    ],
    ['no FLB node: 6.19', node('luo-session', 'luo-session-v2'), 'luo-v1-6.19', [['note', 'B8', undefined]]],
    [
      'the string of the comment',
      [...node('luo-session', 'luo-session-v1'), ...node('luo-flb', 'luo-flb-v1', 0x2000)],
      'luo-v1',
      [['unknown', undefined, 'session-node']],
    ],
    [
      'no session node',
      node('luo-flb', 'luo-flb-v1', 0x2000),
      'luo-v1',
      [['damaged', undefined, 'session-node']],
    ],
    [
      'an address of 4 bytes',
      [...node('luo-session', 'luo-session-v2', 0x3000, 4), ...node('luo-flb', 'luo-flb-v1', 0x2000)],
      'luo-v1',
      [['damaged', undefined, 'session-node']],
    ],
  ] as [string, Piece[], string, unknown[]][])('%s', (_what, nodes, format, problems) => {
    const read = decode('LUO', { '0x1000': v1(...nodes), ...rest });
    expect(read.format).toBe(format);
    expect(read.problems.map(({ kind, erratum, receiver }) => [kind, erratum, receiver?.id])).toEqual(
      problems,
    );
  });

  test.each([
    [
      'an unknown version',
      blob({ pieces: [{ begin: '' }, { prop: 'compatible', value: 'luo-v9\0' }, { end: true }] }),
      'unknown version',
    ],
    [
      'the version of a structure',
      blob({ pieces: [{ begin: '' }, { prop: 'compatible', value: 'luo-v5\0' }, { end: true }] }),
      'is a structure, not a device tree',
    ],
    ['no version', blob({ pieces: [{ begin: '' }, { end: true }] }), 'the property is missing'],
    [
      'no end of the version',
      blob({ pieces: [{ begin: '' }, { prop: 'compatible', value: 'luo-v1' }, { end: true }] }),
      'no NUL-terminated string',
    ],
    ['a damaged tree', blob({ pieces: [{ begin: '' }, { word: 77 }] }), 'tag'],
    [
      'no header address',
      blob({ pieces: [{ begin: '' }, { prop: 'compatible', value: 'luo-v2\0' }, { end: true }] }),
      'the property is missing',
    ],
  ])('%s', (_what, tree, message) => {
    const read = decode('LUO', { '0x1000': tree });
    expect(read.problems[0]!.text).toContain(message);
    expect(read.problems[0]!.address).toBeGreaterThanOrEqual(0x1000n);
  });

  test('blob-size and totalsize', () => {
    const tree = v1(...node('luo-session', 'luo-session-v2'));
    expect(decode('LUO', { '0x1000': tree, ...rest }, 20n).problems[0]!.text).toContain(
      'blob-size 20 is less than totalsize',
    );
    const huge = Buffer.from(tree);
    huge.writeUInt32BE(0x7fffffff, 4);
    expect(decode('LUO', { '0x1000': huge, ...rest }).problems).toMatchObject([{ kind: 'limit' }]);
    huge.writeUInt32BE(0x100000, 4);
    expect(decode('LUO', { '0x1000': huge, ...rest }).problems).toMatchObject([{ kind: 'not-in-dump' }]);
  });
});

describe('kexec-metadata', () => {
  const metadata = (version: number) => ({ '0x1000': le(u32(version), text('6.6', 65), u32(7)) });
  test.each([
    [metadata(1), 73n, undefined],
    [metadata(1), 200n, undefined],
    [metadata(1), undefined, undefined],
    [metadata(2), 73n, 'version'],
    [metadata(1), 72n, 'too-small'],
    [metadata(2), 72n, 'version'],
    [metadata(1), 3n, 'too-small-for-version'],
    [{}, 73n, undefined],
  ] as [Pages, bigint | undefined, string | undefined][])('%#', (pages, size, row) => {
    const read = decode('kexec-metadata', pages, size);
    expect(read.problems[0]?.receiver?.id).toBe(row);
    if (Object.keys(pages).length === 0) expect(read.problems[0]!.kind).toBe('not-in-dump');
    expect(read.data !== undefined).toBe(read.problems.length === 0);
  });
});

describe('memblock', () => {
  const u64s = (value: bigint) => [...le(u64(value))];
  const region = (name: string, compatible: string, start: number[], size: number[]): Piece[] => [
    { begin: name },
    { prop: 'compatible', value: compatible },
    { prop: 'start', value: start },
    { prop: 'size', value: size },
    { end: true },
  ];
  const tree = (compatible: string, ...nodes: Piece[]): Pages => ({
    '0x1000': blob({
      pieces: [{ begin: '' }, { prop: 'compatible', value: compatible }, ...nodes, { end: true }],
    }),
  });
  const ok = ['reserve-mem-v1\0', u64s(0x10000n), u64s(0x2000n)] as const;

  test.each([
    ['sound', tree('memblock-v1\0', ...region('n1', ...ok)), []],
    ['a list that has the string', tree('memblock-v9\0memblock-v1\0', ...region('n1', ...ok)), []],
    ['another version', tree('memblock-v2\0'), [['unknown', 'version', 'fresh']]],
    [
      'another node version',
      tree('memblock-v1\0', ...region('n1', 'reserve-mem-v2\0', ok[1], ok[2])),
      [['unknown', 'region-version', 'fresh']],
    ],
    [
      'a start of 4 bytes',
      tree('memblock-v1\0', ...region('n1', ok[0], ok[1].slice(4), ok[2])),
      [['damaged', 'property', 'fresh']],
    ],
    [
      'a partial page',
      tree('memblock-v1\0', ...region('n1', ok[0], ok[1], u64s(0x1001n))),
      [['note', undefined, undefined]],
    ],
    [
      'a region past 64 bits',
      tree('memblock-v1\0', ...region('n1', ok[0], u64s((1n << 64n) - 4096n), u64s(0x2000n))),
      [['damaged', undefined, undefined]],
    ],
  ] as [string, Pages, unknown[]][])('%s', (_what, pages, problems) => {
    const read = decode('memblock', pages);
    expect(read.problems.map(({ kind, receiver }) => [kind, receiver?.id, receiver?.outcome])).toEqual(
      problems,
    );
  });
});

describe('kho_test', () => {
  const page = (value: number): Buffer => Buffer.concat([le(u32(value)), Buffer.alloc(4092)]);
  const tree = (count: number, info: Uint8Array, csum: number, magic = 0x4b484f21): Pages => ({
    '0x1000': blob({
      pieces: [
        { begin: '' },
        { prop: 'compatible', value: 'kho-test-v1\0' },
        { prop: 'magic', value: [...le(u32(magic))] },
        { begin: 'data' },
        { prop: 'nr_folios', value: [...le(u32(count))] },
        { prop: 'folios_info', value: [...info] },
        { prop: 'csum', value: [...le(u32(csum))] },
        { end: true },
        { end: true },
      ],
    }),
    '0x10000': page(0x1ffff),
    '0x12000': Buffer.concat([page(1), page(2)]),
    '0x20000': le(u64(0), u64(0x21000)),
    '0x21000': le(u64(0x10000), u64(0x12001), u64(0x10000)),
  });
  const inline = (...infos: number[]) => le(...infos.map(u64));
  const descriptor = (pages: number, flags = 1) => le(u64(0x20000), u32(pages), u16(flags), u16(0));
  test.each([
    ['inline, exact', tree(1, inline(0x10000), 0x1ffff), 'inline', 'match'],
    ['inline, as another machine sums it', tree(1, inline(0x10000), 1), 'inline', 'match-folded'],
    ['inline, wrong', tree(1, inline(0x10000), 2), 'inline', 'mismatch'],
    ['vmalloc, exact', tree(3, descriptor(1), 0x1ffff + 3 + 0x1ffff), 'vmalloc', 'match'],
    ['vmalloc, two folios', tree(2, descriptor(1), 0x1ffff + 3), 'vmalloc', 'match'],
    ['inline, two folios', tree(2, inline(0x10000, 0x12001), 0x1ffff + 3), 'inline', 'match'],
    ['a folio that the dump lacks', tree(1, inline(0x80000), 0), 'inline', 'not in dump'],
    ['a folio whose end the dump lacks', tree(1, inline(0x20003), 0), 'inline', 'not in dump'],
    ['an order above all', tree(1, inline(0x1000b), 0), 'inline', 'not computed'],
    ['a list of another length', tree(5, inline(0x10000), 0), undefined, 'not computed'],
    ['more folios than the list holds', tree(600, descriptor(1), 0), 'vmalloc', 'not computed'],
    ['a descriptor that lies', tree(3, descriptor(2), 0), 'vmalloc', 'not computed'],
  ] as [string, Pages, string | undefined, string][])('%s', (_what, pages, form, status) => {
    const read = decode('kho_test', pages);
    const data = read.data as KhoTestData;
    expect([data.form, data.status]).toEqual([form, status]);
    const ambiguous = data.folioCount!.value === 2;
    expect(read.problems.some(({ erratum }) => erratum === 'B10')).toBe(ambiguous);
    if (status === 'mismatch' || status === 'not computed')
      expect(read.problems.at(-1)!.text).toMatch(/checksum|no folio|expected|contradicts|which are read/);
  });

  test('magic and version', () => {
    expect(decode('kho_test', tree(1, inline(0x10000), 0x1ffff, 1)).problems).toMatchObject([
      { text: 'magic is 0x1; expected 0x4b484f21', receiver: { id: 'failed', outcome: 'error' } },
    ]);
    const other = blob({
      pieces: [{ begin: '' }, { prop: 'compatible', value: 'kho-test-v2\0' }, { end: true }],
    });
    expect(decode('kho_test', { '0x1000': other }).problems).toMatchObject([{ receiver: { id: 'version' } }]);
    const bare = blob({
      pieces: [{ begin: '' }, { prop: 'compatible', value: 'kho-test-v1\0' }, { end: true }],
    });
    expect(decode('kho_test', { '0x1000': bare }).problems.map(({ path }) => path)).toEqual([
      '/kho_test/magic',
      '/kho_test/data',
    ]);
  });
});

test('a subtree of nobody known has no data and no problem', () => {
  expect(decodeClient('fdt', 0x1000n, 5n, dump(12, {}), TARGET)).toEqual({
    name: 'fdt',
    address: 0x1000n,
    size: 5n,
    component: undefined,
    format: undefined,
    version: undefined,
    data: undefined,
    problems: [],
    references: [],
  });
});
