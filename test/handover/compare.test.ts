import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allAbis,
  compareHandovers,
  compareMemory,
  decodeHandover,
  encodeScenario,
  getAbi,
  makeTarget,
  type PageShift,
  parseScenario,
} from '../../src/index.js';
import { handoverDiffText } from '../../src/report/index.js';
import { cli } from '../support/cli.js';

const ROOT = join(import.meta.dirname, '../..');
const CAPTURE = join(ROOT, 'golden/captures/linux-7.3.4-x86_64-4k');
const LUO = join(ROOT, 'golden/captures/linux-7.3.4-x86_64-4k-luo');

function encode(lines: string, abi = 'kho-v4', order: 'little' | 'big' = 'little', shift: PageShift = 12) {
  return encodeScenario(parseScenario(lines, 'scene'), makeTarget(getAbi(abi), order, shift));
}

function scene(lines: string, abi = 'kho-v4', order: 'little' | 'big' = 'little', shift: PageShift = 12) {
  const { fdt, fdtAddress, memory } = encode(lines, abi, order, shift);
  const told = { byteOrder: order, pageShift: shift, abi: getAbi(abi) };
  return decodeHandover(fdt, { memory, fdtAddress, ...told });
}

const BASE = `init kernel
metadata 7.3.4 1
memblock n1 0x40000000 0x200000
luo session alpha
luo memfd 1 8192 0x55:2
luo memfd 2 4096 seals=6 0x60:1
luo session beta
luo flb f 7 2
range 0x90000 0x40
`;

/** Differences without those of bytes, which follow from the others. */
function meaning(a: ReturnType<typeof scene>, b: ReturnType<typeof scene>, ignoreAddresses = false) {
  const { differences, same, memory } = compareHandovers(a, b, { ignoreAddresses });
  return {
    same,
    memory,
    list: differences
      .filter(({ area }) => area !== 'bytes')
      .map(({ area, path, a: left, b: right }) => [area, path, left, right]),
  };
}

describe('by meaning', () => {
  const a = scene(BASE);

  test.each(allAbis().map(({ id }) => [id]))('%s: a handover is the same as itself', (id) => {
    for (const order of ['little', 'big'] as const) {
      const one = scene('init kernel\npage 0x12345 0\nrange 0x40000 0x300\n', id, order, 16);
      const two = scene('init kernel\npage 0x12345 0\nrange 0x40000 0x300\n', id, order, 16);
      for (const ignoreAddresses of [false, true])
        expect(compareHandovers(one, two, { ignoreAddresses })).toMatchObject({
          same: true,
          differences: [],
          notes: [],
        });
    }
  });

  // What each changed line must change, and nothing else, in what has no addresses.
  test.each([
    ['metadata 7.3.4 1', 'metadata 7.3.5 1', [['metadata', 'kexec-metadata release', '7.3.4', '7.3.5']]],
    ['metadata 7.3.4 1', 'metadata 7.3.4 9', [['metadata', 'kexec-metadata kexec count', '1', '9']]],
    ['memblock n1 0x40000000', 'memblock n1 0x50000000', []],
    [
      '0x40000000 0x200000',
      '0x40000000 0x400000',
      [
        ['regions', 'n1 size', '2097152', '4194304'],
        ['memory', 'blocks of 2097152 bytes', '1', undefined],
        ['memory', 'blocks of 4194304 bytes', undefined, '1'],
      ],
    ],
    ['seals=6', 'seals=2', [['files', 'alpha/0x2 seals', '0x6', '0x2']]],
    ['memfd 1 8192', 'memfd 1 8191', [['files', 'alpha/0x1 size', '8192', '8191']]],
    [
      'session beta',
      'session gamma',
      [
        ['sessions', 'beta', 'there', undefined],
        ['sessions', 'beta count', '0', undefined],
        ['sessions', 'gamma', undefined, 'there'],
        ['sessions', 'gamma count', undefined, '0'],
      ],
    ],
    [
      'flb f 7 2',
      'flb f 8 3',
      [
        ['flbs', 'f data', '0x7', '0x8'],
        ['flbs', 'f count', '2', '3'],
      ],
    ],
  ])('%s becomes %s', (from, to, expected) => {
    expect(BASE).toContain(from);
    expect(meaning(a, scene(BASE.replace(from, to)), true).list).toEqual(expected);
  });

  test('all that moved, and nothing else, when only the arena is elsewhere', () => {
    const moved = scene(`base 0x200000000\n${BASE}`);
    const { same, list } = meaning(a, moved);
    expect(same).toBe(false);
    expect(new Set(list.map(([area]) => area))).toEqual(
      new Set(['addresses', 'subtrees', 'files', 'vmalloc']),
    );
    for (const [area, path, left, right] of list) {
      // The first arena page is at 4 GiB in one, at 8 GiB in the other.
      expect(BigInt(right as string) - BigInt(left as string), `${area} ${path}`).toBe(1n << 32n);
    }
    // Not one byte differs but addresses.
    expect(compareHandovers(a, moved, { ignoreAddresses: true })).toEqual({
      same: true,
      differences: [],
      memory: undefined,
      notes: [],
    });
  });

  test('another ABI, byte order and page size', () => {
    const other = meaning(a, scene(BASE, 'kho-v3', 'big', 16), true).list;
    expect(other).toEqual(
      expect.arrayContaining([
        ['version', 'ABI', 'kho-v4', 'kho-v3'],
        ['version', 'compatible', 'kho-v4', 'kho-v3'],
        ['target', 'byte order', 'little', 'big'],
        ['target', 'page size', '4096 bytes', '65536 bytes'],
        ['version', 'LUO format', 'luo-v5', 'luo-v1'],
      ]),
    );
  });

  test('an FDT alone is compared with what an FDT says', () => {
    const alone = decodeHandover(a.root.bytes, { byteOrder: 'little', abi: getAbi('kho-v4') });
    expect(compareHandovers(alone, a)).toMatchObject({
      same: true,
      notes: [expect.stringContaining('root FDT')],
    });
    const other = decodeHandover(scene(BASE.replace('n1', 'n2')).root.bytes, { byteOrder: 'little' });
    expect(compareHandovers(alone, other).same).toBe(true);
    expect(compareHandovers(alone, scene(`${BASE}subtree x 0x1000 5\n`)).differences[0]).toEqual({
      area: 'subtrees',
      path: 'x',
      a: undefined,
      b: 'registered',
    });
  });

  test('equal names are told apart', () => {
    const twice = scene('subtree x 0x1000 5\nsubtree x 0x2000 5\n', 'kho-v1-6.18');
    expect(meaning(scene('subtree x 0x1000 5\n', 'kho-v1-6.18'), twice, true).list).toContainEqual([
      'subtrees',
      'x#2',
      undefined,
      'registered',
    ]);
  });
});

describe('preserved memory', () => {
  const only = (blocks: string, others: string) => {
    const { onlyA, onlyB } = compareMemory(
      encode(`init bare\n${blocks}`).map,
      encode(`init bare\n${others}`).map,
    );
    const lines = ({ ranges }: typeof onlyA): string[] =>
      ranges.map(({ start, end, order }) => `${start.toString(16)}-${end.toString(16)} ${order}`);
    return [lines(onlyA), lines(onlyB)];
  };

  test('ranges of blocks of one order', () => {
    expect(only('pages 0x100 16 1\n', 'pages 0x104 16 1\n')).toEqual([
      ['100000-104000 0'],
      ['110000-114000 0'],
    ]);
    expect(only('pages 0x100 4 1\n', 'page 0x101 0\n')).toEqual([['100000-101000 0', '102000-104000 0'], []]);
    // The same memory in blocks of another order is not the same to the next kernel.
    expect(only('page 0x100 1\n', 'pages 0x100 2 1\n')).toEqual([['100000-102000 1'], ['100000-102000 0']]);
    expect(only('', '')).toEqual([[], []]);
  });

  test('any two sets of pages, against sets', () => {
    const pages = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 30 });
    fc.assert(
      fc.property(pages, pages, (left, right) => {
        const text = (list: number[]): string => list.map((pfn) => `page ${0x8000 + pfn * 700} 0\n`).join('');
        const { onlyA, onlyB } = compareMemory(
          encode(`init bare\n${text(left)}`).map,
          encode(`init bare\n${text(right)}`).map,
        );
        const missing = (some: number[], others: number[]): number =>
          some.filter((pfn) => !others.includes(pfn)).length;
        expect([onlyA.bytes, onlyB.bytes]).toEqual([
          BigInt(missing(left, right)) * 4096n,
          BigInt(missing(right, left)) * 4096n,
        ]);
      }),
      { numRuns: 100 },
    );
  });

  test('one size of blocks in pages of two sizes', () => {
    // 64 KiB at 0x10000000: order 4 of 4K pages, order 0 of 64K pages.
    const small = encode('init bare\npage 0x10000 4\n').map;
    const large = encode('init bare\npage 0x1000 0\n', 'kho-v4', 'big', 16).map;
    expect(compareMemory(small, large)).toMatchObject({ onlyA: { count: 0 }, onlyB: { count: 0 } });
  });

  test('all are counted, the first are listed', () => {
    const { onlyA } = compareMemory(
      encode('init bare\npages 0x8000 3000 2\n').map,
      encode('init bare\n').map,
    );
    expect([onlyA.count, onlyA.ranges.length, onlyA.bytes]).toEqual([3000, 1000, 3000n * 4096n]);
  });
});

describe('by bytes', () => {
  test('a byte that no reader looks at', () => {
    const { fdt, fdtAddress, memory } = encode('subtree other alloc 32\n');
    const told = { fdtAddress, byteOrder: 'little', pageShift: 12 } as const;
    const a = decodeHandover(fdt, { memory, ...told });
    const blob = a.subtrees[0]!.address!;
    const patched = {
      source: memory.source,
      hints: memory.hints,
      ranges: () => memory.ranges(),
      read(address: bigint, length: number) {
        const bytes = memory.read(address, length)?.slice();
        const at = Number(blob + 5n - address);
        if (bytes !== undefined && at >= 0 && at < length) bytes[at] = 0xee;
        return bytes;
      },
    };
    expect(compareHandovers(a, decodeHandover(fdt, { memory: patched, ...told })).differences).toEqual([
      {
        area: 'bytes',
        path: 'other',
        a: '32 bytes, 0x0 at offset 0x5',
        b: '32 bytes, 0xee at offset 0x5; 1 bytes differ',
      },
    ]);
  });

  test('names from a blob reach no terminal', () => {
    const a = scene('luo session a\n');
    const evil = { ...a.subtrees[0]!, name: '\x1b[2J'.repeat(30) };
    const comparison = compareHandovers(a, { ...a, subtrees: [...a.subtrees, evil] });
    const side = { fdt: 'x', memory: undefined, handover: a };
    const text = handoverDiffText(side, side, comparison);
    expect(comparison.same).toBe(false);
    expect(text).not.toContain('\x1b');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});

describe('kho-abi diff', () => {
  test('exit status, text and JSON', async () => {
    const [plain, luo] = [join(CAPTURE, 'memory.elf.gz'), join(LUO, 'memory.elf.gz')];
    const same = await cli(['diff', luo, `${join(LUO, 'debugfs-in-fdt.dtb')}:${luo}`]);
    expect([same.exitCode, same.stderr]).toEqual([0, '']);
    expect(same.stdout).toContain('\nno differences\n');
    const other = await cli(['diff', plain, luo, '--json']);
    expect(other.exitCode).toBe(4);
    const report = JSON.parse(other.stdout) as {
      memory: { onlyA: { bytes: string }; onlyB: { bytes: string } };
      differences: unknown[];
    };
    const validate = new Ajv2020({ strict: false }).compile(
      JSON.parse(readFileSync(join(ROOT, 'abi/schema/diff.schema.json'), 'utf8')),
    );
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    // From the lists of the independent reader: pages by order in one and not in the other.
    const pagesOf = (folder: string): Set<string> => {
      const { preserved } = JSON.parse(
        readFileSync(join(folder, 'expected-by-independent-reader.json'), 'utf8'),
      ) as { preserved: [string, number][] };
      return new Set(
        preserved.flatMap(([address, order]) =>
          Array.from({ length: 2 ** order }, (_, page) => `${Number(address) / 4096 + page} ${order}`),
        ),
      );
    };
    const [mine, theirs] = [pagesOf(CAPTURE), pagesOf(LUO)];
    const bytes = (some: Set<string>, others: Set<string>): string =>
      `0x${([...some].filter((page) => !others.has(page)).length * 4096).toString(16)}`;
    expect([report.memory.onlyA.bytes, report.memory.onlyB.bytes]).toEqual([
      bytes(mine, theirs),
      bytes(theirs, mine),
    ]);
    expect(report.differences).toContainEqual({ area: 'sessions', path: 'vm-beta count', a: null, b: '1' });
    const text = await cli(['diff', plain, luo]);
    expect(text.exitCode).toBe(4);
    expect(text.stdout).toMatch(/^ {2}~ n1 start +0x3e700000 -> 0x3f66c000$/m);
    for (const line of text.stdout.split('\n').slice(2)) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  test('files that cannot be read', async () => {
    const { exitCode, stderr } = await cli(['diff', '/nonexistent', '/nonexistent']);
    expect([exitCode, stderr.includes('ENOENT')]).toEqual([2, true]);
    const wrong = await cli(['diff', join(ROOT, 'README.md'), join(ROOT, 'README.md')]);
    expect([wrong.exitCode, wrong.stderr.includes('not a memory dump')]).toEqual([2, true]);
  });
});
