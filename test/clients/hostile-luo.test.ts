/** LUO state that no sound kernel leaves behind: one thing wrong in each, and what a receiving kernel would do. */
import { describe, expect, test } from 'vitest';
import type { LuoData } from '../../src/index.js';
import { native, text, u16, u32, u64 } from '../support/native.js';
import { decodeDump as decode, type Pages } from './support.js';

const le = (...parts: Parameters<typeof native>[1][]) => native('little', ...parts);

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
      ['damaged', 'B34', 'flbs-overflow', 'restored'],
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
      ['damaged', 'B34', 'overflow', 'panic'],
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

  test('folios are joined only when memory, file and flags go on alike', () => {
    // PFN, index, flags: a gap in the file, a gap in memory, then other flags.
    const folios = [
      [0x100n, 0, 3n],
      [0x101n, 1, 3n],
      [0x102n, 3, 3n],
      [0x104n, 4, 3n],
      [0x105n, 5, 1n],
    ] as const;
    const array = le(...folios.flatMap(([pfn, index, flags]) => [u64(pfn | (flags << 52n)), u64(index)]));
    const read = decode('LUO', luo({ '0x5000': memfd({ count: 5, size: 0x6000 }), '0x6000': array }), 32n);
    expect(read.problems).toEqual([]);
    const { runs } = (read.data as LuoData).sessions[0]!.files[0]!.memfd!;
    expect(runs.map(({ pfn, index, count, flags }) => [pfn, index, count, flags])).toEqual([
      [0x100n, 0n, 2, 3],
      [0x102n, 3n, 1, 3],
      [0x104n, 4n, 1, 3],
      [0x105n, 5n, 1, 1],
    ]);
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
