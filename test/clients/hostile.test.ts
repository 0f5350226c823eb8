/** State that no sound kernel leaves behind: one thing wrong in each, and what a receiving kernel would do. */
import { describe, expect, test } from 'vitest';
import {
  decodeClient,
  getAbi,
  type KhoTestData,
  type LuoData,
  makeTarget,
  type PageShift,
} from '../../src/index.js';
import { blob, type Piece } from '../support/blob.js';
import { dump, native, text, u16, u32, u64 } from '../support/native.js';

const TARGET = makeTarget(getAbi('kho-v4'), 'little', 12);
const le = (...parts: Parameters<typeof native>[1][]) => native('little', ...parts);

type Pages = Record<string, Uint8Array>;

/** Root 0x1000, FLBs 0x2000, sessions 0x3000, files 0x4000, memfd 0x5000, its array 0x6000, its chunk 0x7000. */
function luo(change: Pages = {}): Pages {
  return {
    '0x1000': le(text('luo-v5', 8), u64(1), u64(0x3000), u64(0x2000)),
    '0x2000': le(u64(1), u64(1), text('flb', 48), u64(5), u64(1)),
    '0x3000': le(u64(0), u64(1), text('a', 64), u64(0x4000), u64(1)),
    '0x4000': le(u64(0), u64(1), text('memfd-v2', 48), u64(0x5000), u64(9)),
    '0x5000': memfd({}),
    '0x6000': le(u64(0x100n | (3n << 52n)), u64(0), u64(0x101n | (3n << 52n)), u64(1)),
    '0x7000': le(u64(0), u64(0x6000)),
    ...change,
  };
}

function memfd({
  size = 0x2000,
  seals = 0,
  flags = 0,
  count = 2,
  pages = 1,
  vmFlags = 1,
  order = 0,
  first = 0x7000,
}): Buffer {
  return le(
    u64(0),
    u64(size),
    u32(seals),
    u32(flags),
    u64(count),
    u64(first),
    u32(pages),
    u16(vmFlags),
    u16(order),
  );
}

function decode(name: string, pages: Pages, size?: bigint, shift: PageShift = 12) {
  const target = makeTarget(getAbi('kho-v4'), 'little', shift);
  return decodeClient(name, 0x1000n, size, dump(shift, pages), target);
}

test('the state that the others change is sound', () => {
  expect(decode('LUO', luo(), 32n).problems).toEqual([]);
});

describe('LUO', () => {
  const session = (name: string, files = 0, count = 0) => [text(name, 64), u64(files), u64(count)];
  test.each([
    ['a blob that is too small', {}, 31n, ['damaged', undefined, 'too-small', 'panic'], '31 bytes'],
    [
      'another version',
      { '0x1000': le(text('luo-v6', 8), u64(1), u64(0), u64(0x2000)) },
      32n,
      ['unknown', undefined, 'version', 'panic'],
      "unknown version: 'luo-v6'",
    ],
    [
      'a composite string',
      { '0x1000': le(text('luo-v5;block-v1', 16), u64(1), u64(0), u64(0x2000)) },
      40n,
      ['unknown', undefined, 'version', 'panic'],
      'not a released format',
    ],
    [
      'a tree string in a structure',
      { '0x1000': le(text('luo-v1', 8), u64(1), u64(0), u64(0x2000)) },
      32n,
      ['unknown', undefined, 'version', 'panic'],
      'in a structure',
    ],
    [
      'a cycle of one block',
      { '0x3000': le(u64(0x3000), u64(1), ...session('a')) },
      32n,
      ['damaged', undefined, 'sessions-cycle', 'panic'],
      'reached twice',
    ],
    [
      'a cycle of two blocks',
      {
        '0x3000': le(u64(0x8000), u64(1), ...session('a')),
        '0x8000': le(u64(0x3000), u64(1), ...session('b')),
      },
      32n,
      ['damaged', undefined, 'sessions-cycle', 'panic'],
      'reached twice',
    ],
    [
      'a count above the capacity',
      { '0x3000': le(u64(0), u64(52), ...session('a')) },
      32n,
      ['damaged', undefined, 'sessions-block', 'panic'],
      '52 entries; expected 1 to 51',
    ],
    [
      'a count of 2^64 - 1',
      { '0x3000': le(u64(0), u64((1n << 64n) - 1n)) },
      32n,
      ['damaged', undefined, 'sessions-block', 'panic'],
      '18446744073709551615 entries',
    ],
    [
      'an empty first block',
      { '0x3000': le(u64(0), u64(0)) },
      32n,
      ['damaged', undefined, 'sessions-block', 'panic'],
      'block 0 has 0 entries',
    ],
    [
      'an empty last block',
      { '0x3000': le(u64(0x8000), u64(1), ...session('a')), '0x8000': le(u64(0), u64(0)) },
      32n,
      ['damaged', 'B9', 'sessions-block', 'panic'],
      'the last one, is empty',
    ],
    [
      'a misaligned block',
      { '0x1000': le(text('luo-v5', 8), u64(1), u64(0x3008), u64(0x2000)) },
      32n,
      ['damaged', undefined, 'sessions-cycle', 'panic'],
      'not page aligned',
    ],
    [
      'a block that the dump lacks',
      { '0x1000': le(text('luo-v5', 8), u64(1), u64(0x9000), u64(0x2000)) },
      32n,
      ['not-in-dump', undefined, undefined, undefined],
      'not in the dump',
    ],
    [
      'a block at the end of all addresses',
      { '0x1000': le(text('luo-v5', 8), u64(1), u64(0xffff_ffff_ffff_f000n), u64(0x2000)) },
      32n,
      ['not-in-dump', undefined, undefined, undefined],
      'not in the dump',
    ],
    [
      'a name without an end',
      { '0x3000': le(u64(0), u64(1), ...session('x'.repeat(64))) },
      32n,
      ['damaged', undefined, undefined, undefined],
      'not terminated',
    ],
    [
      'a name twice',
      { '0x3000': le(u64(0), u64(2), ...session('a'), ...session('a')) },
      32n,
      ['damaged', undefined, 'duplicate-session', 'open-fails'],
      "second session named 'a'",
    ],
    [
      'files 0 with a count',
      { '0x3000': le(u64(0), u64(1), ...session('a', 0, 3)) },
      32n,
      ['damaged', undefined, 'files-null', 'restored'],
      'files is 0 but count is 3',
    ],
    [
      'another number of files',
      { '0x3000': le(u64(0), u64(1), ...session('a', 0x4000, 2)) },
      32n,
      ['damaged', undefined, 'files-count', 'open-fails'],
      'count is 2; the blocks hold 1',
    ],
    [
      'two sessions with one file block',
      { '0x3000': le(u64(0), u64(2), ...session('a', 0x4000, 1), ...session('b', 0x4000, 1)) },
      32n,
      ['damaged', undefined, 'files-cycle', 'open-fails'],
      'reached twice',
    ],
    [
      'too many FLBs',
      { '0x2000': le(u64(1), u64(64)) },
      32n,
      ['damaged', 'B34', 'flbs-overflow', 'error'],
      '64 entries; the block holds 63',
    ],
    [
      'FLBs at 0',
      { '0x1000': le(text('luo-v5', 8), u64(1), u64(0x3000), u64(0)) },
      32n,
      ['damaged', undefined, undefined, undefined],
      'address 0',
    ],
    [
      'an unknown memfd',
      { '0x4000': le(u64(0), u64(1), text('memfd-v9', 48), u64(0x5000), u64(9)) },
      32n,
      ['unknown', undefined, 'version', 'open-fails'],
      "unknown version: 'memfd-v9'",
    ],
    [
      'a memfd that the dump lacks',
      { '0x4000': le(u64(0), u64(1), text('memfd-v2', 48), u64(0x9000), u64(9)) },
      32n,
      ['not-in-dump', undefined, undefined, undefined],
      'memfd_luo_ser',
    ],
    [
      'unknown seals',
      { '0x5000': memfd({ seals: 0x40 }) },
      32n,
      ['damaged', undefined, 'seals', 'error'],
      'unknown seals',
    ],
    [
      'memfd flags',
      { '0x5000': memfd({ flags: 1 }) },
      32n,
      ['note', undefined, 'flags', 'restored'],
      'flags are 0x1',
    ],
    [
      'more folios than the area holds',
      { '0x5000': memfd({ count: 257 }) },
      32n,
      ['damaged', 'B34', 'overflow', 'error'],
      'nr_folios is 257; the area holds 256',
    ],
    [
      'a chunk list that contradicts total_pages',
      { '0x5000': memfd({ pages: 2 }) },
      32n,
      ['damaged', undefined, 'vmalloc', 'error'],
      'contradicts total_pages',
    ],
    [
      'an area of 2^32 - 1 pages',
      { '0x5000': memfd({ pages: 0xffff_ffff }) },
      32n,
      ['limit', undefined, undefined, undefined],
      'vmalloc areas of more than',
    ],
    [
      'unknown vmalloc flags',
      { '0x5000': memfd({ vmFlags: 5 }) },
      32n,
      ['note', 'B12', undefined, undefined],
      'kho_vmalloc.flags is 0x5',
    ],
    [
      'a chunk that the dump lacks',
      { '0x5000': memfd({ first: 0x9000 }) },
      32n,
      ['not-in-dump', undefined, 'vmalloc', 'error'],
      'not in dump',
    ],
    [
      'an array page that the dump lacks',
      { '0x7000': le(u64(0), u64(0x9000)) },
      32n,
      ['not-in-dump', undefined, undefined, undefined],
      'a page of the folio array',
    ],
    [
      'an entry of PFN 0',
      { '0x6000': le(u64(3n << 52n), u64(0), u64(0x101n | (3n << 52n)), u64(1)) },
      32n,
      ['note', undefined, 'pfn-zero', 'restored'],
      'PFN 0',
    ],
    [
      'indices out of order',
      { '0x6000': le(u64(0x100n | (3n << 52n)), u64(1), u64(0x101n | (3n << 52n)), u64(1)) },
      32n,
      ['damaged', undefined, undefined, undefined],
      'index 1 does not follow 1',
    ],
    [
      'an index beyond the file',
      { '0x6000': le(u64(0x100n | (3n << 52n)), u64(0), u64(0x101n | (3n << 52n)), u64(2)) },
      32n,
      ['damaged', undefined, undefined, undefined],
      'index 2 is beyond',
    ],
    [
      'an index of 2^64 - 1',
      { '0x6000': le(u64(0x100n | (3n << 52n)), u64(0), u64(0x101n | (3n << 52n)), u64((1n << 64n) - 1n)) },
      32n,
      ['damaged', undefined, undefined, undefined],
      'out of range',
    ],
  ] as [string, Pages, bigint, [string, string?, string?, string?], string][])(
    '%s',
    (_what, change, size, facts, message) => {
      const read = decode('LUO', luo(change), size);
      const [first] = read.problems;
      expect([first?.kind, first?.erratum, first?.receiver?.id, first?.receiver?.outcome]).toEqual(facts);
      expect(first!.text).toContain(message);
      expect(read.problems.every(({ path }) => path.startsWith('/LUO'))).toBe(true);
    },
  );

  test('what is whole is read all the same', () => {
    const sessions = le(u64(0x8000), u64(1), ...session('a', 0x4000, 1));
    const read = decode(
      'LUO',
      luo({ '0x3000': sessions, '0x8000': le(u64(0x3000), u64(1), ...session('b')) }),
      32n,
    );
    const data = read.data as LuoData;
    expect(data.sessions.map(({ name }) => name.value)).toEqual(['a', 'b']);
    expect(data.sessions[0]!.files[0]!.memfd!.runs).toEqual([
      { address: 0x6000n, pfn: 0x100n, index: 0n, count: 2, stride: 1, flags: 3 },
    ]);
    expect(data.flbs).toHaveLength(1);
  });

  test('short blocks in the middle are sound', () => {
    const read = decode(
      'LUO',
      luo({
        '0x3000': le(u64(0x8000), u64(1), ...session('a')),
        '0x8000': le(u64(0), u64(2), ...session('b'), ...session('c')),
      }),
      32n,
    );
    expect(read.problems).toEqual([]);
    expect((read.data as LuoData).sessions).toHaveLength(3);
  });

  test('a chain of more than 10000 blocks ends', () => {
    const pages: Pages = {};
    for (let block = 0; block <= 10001; block++)
      pages[`${0x100000 + block * 4096}`] = le(
        u64(0x100000 + (block + 1) * 4096),
        u64(1),
        ...session(`s${block}`),
      );
    const read = decode(
      'LUO',
      luo({ '0x1000': le(text('luo-v5', 8), u64(1), u64(0x100000), u64(0x2000)), ...pages }),
      32n,
    );
    expect(read.problems).toMatchObject([
      { kind: 'limit', receiver: { id: 'sessions-too-many', outcome: 'panic' } },
    ]);
    expect((read.data as LuoData).sessions).toHaveLength(10000);
  });

  test('arrays: counts above the capacity and files that two sessions share', () => {
    const root = le(text('luo-v3', 8), u64(1), u64(0x10000), u64(0x2000));
    const block = (count: bigint) => le(u64(count), ...session('a', 0x4000, 129), ...session('b', 0x4000, 1));
    const files = le(text('x', 48), u64(0), u64(1));
    const read = decode(
      'LUO',
      {
        ...luo(),
        '0x1000': root,
        '0x10000': block(2n),
        '0x4000': Buffer.concat([files, Buffer.alloc(8128)]),
      },
      32n,
    );
    expect(read.problems.map(({ receiver, erratum, kind }) => [kind, receiver?.id, erratum])).toEqual([
      ['damaged', 'files-overflow', 'B34'],
      ['damaged', undefined, undefined],
    ]);
    expect((read.data as LuoData).sessions[0]!.files).toHaveLength(128);
    const many = decode('LUO', { ...luo(), '0x1000': root, '0x10000': block(1n << 60n) }, 32n);
    expect(many.problems[0]).toMatchObject({ erratum: 'B34', receiver: { id: 'sessions-overflow' } });
  });
});

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
