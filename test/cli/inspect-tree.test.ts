import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  addressHistogram,
  decodeHandover,
  encodeScenario,
  getAbi,
  makeTarget,
  parseScenario,
} from '../../src/index.js';
import { inspectText } from '../../src/report/index.js';
import { blob } from '../support/blob.js';
import { cli } from '../support/cli.js';
import { dump, native, u64 } from '../support/native.js';

const CAPTURES = join(import.meta.dirname, '../../golden/captures');

function scene(lines: string, abi = 'kho-v4') {
  const { fdt, fdtAddress, memory, map } = encodeScenario(
    parseScenario(lines, 'scene'),
    makeTarget(getAbi(abi), 'little', 12),
  );
  const told = { byteOrder: 'little', pageShift: 12, abi: getAbi(abi) } as const;
  return { handover: decodeHandover(fdt, { memory, fdtAddress, ...told }), map };
}

describe('the picture', () => {
  // Pages from 0x10000000 on: 4 blocks of order 9 (2 MiB each), 1 page 32 MiB above; 16 MiB for 16 rows is too little, so a
  // row is 4 MiB: (0x12000000 + 0x1000 - 0x10000000) / 16 > 2 MiB.
  const LINES = 'range 0x10000 0x800\npage 0x12000 0\nluo session a\nluo memfd 7 4096 0x12345:1\n';

  test('small handover, worked by hand', () => {
    const { handover } = scene(LINES);
    const address = (name: string): string =>
      `0x${handover.subtrees.find((subtree) => subtree.name === name)!.address!.toString(16)}`;
    const text = inspectText(handover, { unicode: true, width: 100 });
    const luo = handover.clients[0]!.data;
    if (luo?.kind !== 'luo') throw new Error('no LUO');
    expect(text).toContain(`KHO handover, kho-v4
  compatible  'kho-v4'
  byte order  little
  page size   4096 bytes
`);
    expect(text).toContain(`
├─ preserved memory, le-4k  @0x${handover.mapAddress!.toString(16)}
│  │  depth   6
`);
    // The order of range is 11, as the alignment of PFN 0x10000 and the count allow: 8 MiB in one block.
    expect(text).toContain('│  │    order 11  1  8 MiB\n');
    expect(text).toContain(`└─ LUO  luo-v5 ('luo-v5')  @${address('LUO')}  32 bytes  preserved
   ├─ live update number 1 `);
    expect(text).toContain(`   ├─ session 'a'  @0x${luo.sessions[0]!.address.toString(16)}  1 @`);
    expect(text).toContain(`   │  └─ file 'memfd-v2'  token 0x7 @`);
    expect(text).toContain('   │          pfn 0x12345 x 1, from page 0 of the file (dirty, uptodate)\n');
    expect(text).toMatch(
      / {3}└─ vmalloc areas \(1\)\n {9}\/LUO\/sessions\/0\/files\/0\/folios {2}1 chunk from 0x[0-9a-f]+ {2}1 entry {2}4 KiB\n/,
    );
    expect(
      inspectText(handover),
    ).toContain(`\`- LUO  luo-v5 ('luo-v5')  @${address('LUO')}  32 bytes  preserved
   |- live update`);
  });

  test('the chart counts each page once, in rows of a power of two', () => {
    // Bare: nothing but these pages is preserved. 8 MiB, the middle of them twice, and a page 32 MiB above the first.
    const { map } = scene('init bare\nrange 0x10000 0x800\npage 0x10200 9\npage 0x12000 0\n');
    const { span, rows } = addressHistogram(map, 16);
    expect(span).toBe(4n << 20n);
    expect(rows.map(({ start, preserved }) => [start, preserved])).toEqual([
      [0x10000000n, 4n << 20n],
      [0x10400000n, 4n << 20n],
      ...[2, 3, 4, 5, 6, 7].map((row) => [0x10000000n + BigInt(row) * (4n << 20n), 0n]),
      [0x12000000n, 4096n],
    ]);
    expect(addressHistogram(scene('init bare\npage 0x5 0\n').map, 16)).toEqual({
      span: 4096n,
      rows: [{ start: 0x5000n, preserved: 4096n }],
    });
    expect(addressHistogram(scene('init bare\n').map, 16).rows).toEqual([]);
  });

  test('rows that begin at an odd place join in pairs', () => {
    const { map } = scene('init bare\npage 0x7 0\npage 0x8 0\npage 0x9 0\npage 0x19 0\n');
    // 0x7 to 0x19 are 19 pages: rows of two pages, the first 0x6 to 0x7.
    const { span, rows } = addressHistogram(map, 16);
    expect(span).toBe(0x2000n);
    expect(rows.filter(({ preserved }) => preserved > 0n)).toEqual([
      { start: 0x6000n, preserved: 0x1000n },
      { start: 0x8000n, preserved: 0x2000n },
      { start: 0x18000n, preserved: 0x1000n },
    ]);
    expect(rows).toHaveLength(10);
  });
});

describe('width and characters', () => {
  test.each(['linux-7.3.4-x86_64-4k', 'linux-7.3.4-x86_64-4k-luo'])('%s fits 100 columns', async (name) => {
    // A CI job that asks picocolors for colours still gets none in a pipe.
    const { stdout, exitCode } = await cli(['inspect', '--memory', join(CAPTURES, name, 'memory.elf.gz')], {
      env: { NO_COLOR: '', CI: '1', LANG: 'C.UTF-8' },
    });
    expect(exitCode).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
    expect(stdout).not.toMatch(/[^\x0a\x20-\x7e]/);
    const bars = stdout.split('\n').filter((line) => line.includes('#'));
    expect(bars.length).toBeGreaterThan(1);
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  test('hostile names, long texts and notes', () => {
    const bytes = blob({
      pieces: [
        { begin: '' },
        { prop: 'compatible', value: 'kho-v4\0' },
        { prop: 'preserved-memory-map', value: [...native('little', u64(0x200000))] },
        { begin: `\x1b]0;evil\x07${'├─ '.replace(/[^ ]/g, '\xff')}${'n'.repeat(300)}` },
        { prop: 'preserved-data', value: [...native('little', u64(0x100000))] },
        { end: true },
        { begin: 'LUO' },
        { prop: 'preserved-data', value: [...native('little', u64(0x100000))] },
        { prop: 'blob-size', value: [...native('little', u64(32))] },
        { end: true },
        { end: true },
      ],
    });
    const memory = dump(12, { '0x100000': Buffer.from('\x1b[31m'.repeat(6)), '0x200000': Buffer.alloc(1) });
    const handover = decodeHandover(bytes, {
      memory,
      byteOrder: 'little',
      pageShift: 12,
      fdtAddress: 0x300000n,
    });
    for (const width of [60, 100]) {
      const text = inspectText(handover, { unicode: false, width });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
      expect(text).not.toMatch(/[^\x0a\x20-\x7e]/);
      for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(width);
      expect(text).toContain('unknown version');
    }
  });
});
