/** Every rule is broken once: a sound handover with one change must give that rule, at that place. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type EncodedHandover,
  encodeScenario,
  getAbi,
  makeTarget,
  type PageShift,
  type PhysicalMemory,
  parseScenario,
  writeU64,
} from '../../src/index.js';
import { treeRules } from '../../src/kernel/index.js';
import { rulesMarkdown } from '../../src/report/index.js';
import {
  allRules,
  type ValidationReport,
  type ValidationSubject,
  validate,
} from '../../src/validate/index.js';
import { blob, type Piece } from '../support/blob.js';
import { DEFECTS } from '../support/fdt-defects.js';

const triggered = new Set<string>();

/** The arena's first page, which is the root of every radix tree here. */
const ROOT_AT = 0x1_0000_0000n;

function run(subject: Partial<ValidationSubject>): ValidationReport {
  const input = { path: 'x', kind: 'test', bytes: 0, sha256: null };
  const report = validate({
    inputs: [input, input, input],
    told: {},
    tool: { name: 'kho-abi', version: 'test' },
    started: null,
    ...subject,
  });
  for (const { rule } of report.findings) triggered.add(rule);
  return report;
}

const names = (report: ValidationReport): string[] => {
  const byId = new Map(allRules().map(({ id, name }) => [id, name]));
  return report.findings.map(({ rule }) => byId.get(rule)!);
};

const BASE =
  'init kernel\npage 0x12345 0\nluo session vm\nluo memfd 0xa1 131072 0x2000:2\nmemblock n1 0x40000000 0x10000\n';

function encode(text = BASE, abi = 'kho-v4', shift: PageShift = 12): EncodedHandover {
  return encodeScenario(parseScenario(text, 'test'), makeTarget(getAbi(abi), 'little', shift));
}

/** A handover as it is validated, after a change of its memory or FDT. */
function validated(
  made: EncodedHandover,
  change: (
    memory: { u64(at: bigint, value: bigint): void; bytes(at: bigint, bytes: Uint8Array): void },
    made: EncodedHandover,
  ) => void = () => {},
  more: Partial<ValidationSubject> = {},
): ValidationReport {
  const { store } = made.producer;
  const bytes = (at: bigint, data: Uint8Array): void => store.write(at, data);
  change(
    {
      bytes,
      u64: (at, value) => {
        const word = new Uint8Array(8);
        writeU64(word, 0, value, 'little');
        bytes(at, word);
      },
    },
    made,
  );
  return run({
    fdt: { bytes: made.fdt, input: 0 },
    fdtAddress: made.fdtAddress,
    memory: { memory: store, input: 1 },
    told: { abi: made.target.abi, byteOrder: 'little', pageShift: made.target.pageShift },
    ...more,
  });
}

/** Address of the first table or leaf below the root: follows first entries, as many levels as asked. */
function follow(memory: PhysicalMemory, root: bigint, levels: number): bigint {
  let at = root;
  for (let level = 0; level < levels; level++) {
    const page = memory.read(at, 4096)!;
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
    let index = 0;
    while (view.getBigUint64(8 * index, true) === 0n) index++;
    at = view.getBigUint64(8 * index, true);
  }
  return at;
}

describe('sound handovers have no findings', () => {
  test.each([
    ['kho-v4', 12],
    ['kho-v4', 14],
    ['kho-v4', 16],
    ['kho-v3', 12],
    ['kho-v2', 16],
    ['kho-v1-6.19', 12],
  ] as const)('%s, page shift %d', (abi, shift) => {
    const report = validated(encode(BASE, abi, shift));
    // A blob of 6.19 has no luo-flb node, which is sound there and makes 7.0 panic (erratum B8).
    const known = abi === 'kho-v1-6.19' ? ['B8'] : [];
    const findings = report.findings.filter(
      ({ severity, erratum }) => severity !== 'note' && !known.includes(erratum ?? ''),
    );
    expect(findings).toEqual([]);
    expect(report.verdict).not.toBe('refused');
  });
});

describe('the format of the blob', () => {
  test.each(DEFECTS)('%s', (id, _at, change, options) => {
    const bytes = change(
      blob(
        options ?? {
          pieces: [
            { begin: '' },
            { prop: 'compatible', value: 'kho-v4\0' },
            { begin: 'chosen' },
            { prop: 'bootargs', value: 'quiet\0' },
            { end: true },
            { end: true },
          ],
        },
      ),
    );
    expect(names(run({ fdt: { bytes, input: 0 } }))).toContain(id);
  });

  test('the cut-off file of debugfs is named, and nothing else is said', () => {
    const bytes = readFileSync(
      join(import.meta.dirname, '../../golden/captures/linux-7.3.4-x86_64-4k/debugfs-out-fdt.dtb'),
    );
    const report = run({ fdt: { bytes, input: 0 } });
    expect(names(report)).toEqual(['debugfs-cut-off']);
    expect(report.findings[0]).toMatchObject({ severity: 'warning', offset: 233, erratum: 'B22' });
    expect(report.findings[0]!.found).toContain("version 'kho-v4', subtrees 'memblock', 'LUO', 'kho_test'");
    expect(report.findings[0]!.hint).toContain('kho/in/fdt');
  });
});

const compatible = (value: string): Piece => ({ prop: 'compatible', value: `${value}\0` });
const map: Piece = { prop: 'preserved-memory-map', value: [0, 0x30, 0xa5, 4, 1, 0, 0, 0] };
const address: Piece = { prop: 'preserved-data', value: [0, 0, 0xa4, 4, 1, 0, 0, 0] };
const size: Piece = { prop: 'blob-size', value: [32, 0, 0, 0, 0, 0, 0, 0] };
const root = (...pieces: Piece[]): Uint8Array => blob({ pieces: [{ begin: '' }, ...pieces, { end: true }] });
const node = (name: string, ...pieces: Piece[]): Piece[] => [{ begin: name }, ...pieces, { end: true }];

describe('the root node', () => {
  test.each<[string, Uint8Array, string]>([
    ['root-unreadable', root(map), '/compatible'],
    ['root-unreadable', root(compatible('kho-v4')), '/preserved-memory-map'],
    ['root-version-structure', root(compatible('kho-v2'), map, ...node('LUO', size, address)), '/compatible'],
    ['root-version-unreleased', root(compatible('kho-v4;radix-v1'), map), '/compatible'],
    ['root-property-unknown', root(compatible('kho-v4'), map, { prop: 'surprise', value: [1] }), '/surprise'],
    ['root-property-order', root(map, compatible('kho-v4')), '/'],
    ['root-property-order', root(compatible('kho-v4'), map, ...node('LUO', address, size)), '/LUO'],
    [
      'subtree-property-length',
      root(compatible('kho-v4'), map, ...node('LUO', size, { prop: 'preserved-data', value: [1, 2, 3, 4] })),
      '/LUO/preserved-data',
    ],
    ['subtree-half-node', root(compatible('kho-v4'), map, ...node('LUO')), '/LUO'],
    ['subtree-size-missing', root(compatible('kho-v4'), map, ...node('LUO', address)), '/LUO'],
    [
      'subtree-duplicate',
      root(compatible('kho-v4'), map, ...node('LUO', size, address), ...node('LUO', size, address)),
      '/LUO',
    ],
    ['subtree-unknown', root(compatible('kho-v4'), map, ...node('iommu', size, address)), '/iommu'],
    [
      'root-map-zero',
      root(compatible('kho-v1'), { prop: 'preserved-memory-map', value: Array(8).fill(0) }),
      '/preserved-memory-map',
    ],
  ])('%s', (name, bytes, path) => {
    const report = run({ fdt: { bytes, input: 0 } });
    const index = names(report).indexOf(name);
    expect(names(report)).toContain(name);
    expect(report.findings[index]!.path).toBe(path);
  });

  test('an address that no memory has', () => {
    const made = encode('init kernel\nsubtree iommu 0xffffffffff000000 1\n');
    expect(names(validated(made))).toContain('subtree-address');
  });

  test('a property of a wrong length hides nothing else', () => {
    const made = encode();
    // blob-size of the first subtree: a length of 4 leaves four zero bytes, which are no tag.
    const fdt = Buffer.from(made.fdt);
    const at = fdt.indexOf(Buffer.from([0, 0, 0, 3, 0, 0, 0, 8]), 0x70);
    fdt.writeUInt32BE(7, at + 4);
    const report = validated(made, ({ u64 }) => u64(0x1_0000_0000n + 8n, 1n), {
      fdt: { bytes: fdt, input: 0 },
    });
    expect(names(report)).toEqual(
      expect.arrayContaining(['subtree-property-length', 'map-entry-misaligned']),
    );
  });

  test('root-target-assumed: damage in a dump that does not tell its page size', () => {
    const { fdt, fdtAddress, producer } = encode();
    writeU64(producer.store.read(0x1_0000_0008n, 8)!, 0, 1n, 'little');
    const { store } = producer;
    const memory: PhysicalMemory = {
      source: 'no hints',
      hints: {},
      ranges: () => store.ranges(),
      read: (at, length) => store.read(at, length),
    };
    const report = run({
      fdt: { bytes: fdt, input: 0 },
      fdtAddress,
      memory: { memory, input: 1 },
      told: { byteOrder: 'little' },
    });
    expect(names(report)).toEqual(expect.arrayContaining(['root-target-assumed', 'map-entry-misaligned']));
  });

  test('bytes that two formats fit', () => {
    const made = encode('page 0x12345 0\npage 0x9abcd 0\nsubtree LUO 0x240000000 16\n', 'kho-v1-6.18');
    const report = validated(made, () => {}, { told: { byteOrder: 'little', pageShift: 12 } });
    expect(names(report)).toContain('root-format-ambiguous');
  });
});

describe('the radix tree', () => {
  const ROOT = 0x1_0000_0000n;
  test.each<[string, (write: (at: bigint, value: bigint) => void, leaf: bigint, table: bigint) => void]>([
    ['map-entry-misaligned', (write) => write(ROOT + 8n, 0x1_0000_2008n)],
    ['map-entry-not-in-dump', (write) => write(ROOT + 8n, 0x5_0000_0000n)],
    ['map-entry-range', (write) => write(ROOT + 8n, 0xfff0_0000_0000_0000n)],
    ['map-self-reference', (write, _leaf, table) => write(table + 8n, table)],
    ['map-cycle', (write, _leaf, table) => write(table + 8n, ROOT)],
    ['map-shared-node', (write, leaf, table) => write(table + 8n, leaf)],
  ])('%s', (name, change) => {
    const report = validated(encode(), ({ u64 }, made) =>
      change(u64, follow(made.memory, ROOT, 5), follow(made.memory, ROOT, 4)),
    );
    expect(names(report)).toContain(name);
  });

  test.each<[string, bigint]>([
    ['map-key-none', 1n],
    ['map-key-order-zero', 2n],
  ])('%s: a bit of leaf 0', (name, word) => {
    // Leaf 0 is reached through entry 0 of every table: order 40 at address 0 makes it (key 2^12).
    const made = encode('page 0 40\n');
    const report = validated(made, ({ u64 }) => u64(follow(made.memory, ROOT, 5), word | (1n << 12n)));
    expect(names(report)).toContain(name);
    const { address: at } = report.findings[names(report).indexOf(name)]!;
    expect(at).toBe(follow(made.memory, ROOT, 5));
  });

  test('map-key-above: entry 4 of a 4K root has bit 53', () => {
    const made = encode('page 0x12345 0\n');
    const report = validated(made, ({ u64 }) => {
      const child = follow(made.memory, ROOT, 1);
      u64(ROOT + 16n, 0n);
      u64(ROOT + 32n, child);
    });
    expect(names(report)).toContain('map-key-above');
  });

  test('map-root: nothing is there', () => {
    const made = encode();
    const fdt = made.fdt.slice();
    writeU64(fdt, 0x60, 0x7_0000_0000n, 'little');
    expect(names(validated(made, () => {}, { fdt: { bytes: fdt, input: 0 } }))).toContain('map-root');
  });

  test('map-lost-order-bit', () => {
    const report = validated(encode('init kernel\npage 0x12345 0\n', 'kho-v3-7.1-rc1', 14));
    expect(names(report)).toContain('map-lost-order-bit');
    expect(report.findings[names(report).indexOf('map-lost-order-bit')]).toMatchObject({
      erratum: 'B3',
      address: ROOT,
    });
  });
});

describe('the chunk list', () => {
  // Bitmaps at pages 1 (order 0, FDT page and 0x10000a) and 2 (order 1), chunks at pages 3 and 4.
  const TEXT = 'page 0x10000a 0\npage 0x20000 1\nsubtree LUO 0x100000000 16\n';
  const chunk = (made: EncodedHandover): bigint => made.map.root;
  test.each<[string, (u64: (at: bigint, value: bigint) => void, at: bigint) => void]>([
    ['map-chunk-count', (u64, at) => u64(at + 8n, 256n << 32n)],
    ['map-chunk-order', (u64, at) => u64(at + 8n, 0x0000_0001_ffff_ffffn)],
    ['map-bitmap-misaligned', (u64, at) => u64(at + 24n, 0x1_0000_1200n)],
    ['map-phys-start', (u64, at) => u64(at + 16n, 0x100_0000n)],
    ['map-cycle', (u64, at) => u64(at, at)],
  ])('%s', (name, change) => {
    const made = encode(TEXT, 'kho-v1-6.18');
    expect(names(validated(made, ({ u64 }) => change(u64, chunk(made))))).toContain(name);
  });

  test('map-bitmap-shared', () => {
    const made = encode(TEXT, 'kho-v1-6.18');
    const first = made.producer.store.read(chunk(made) + 24n, 8)!;
    const second = new DataView(made.producer.store.read(chunk(made), 8)!.slice().buffer).getBigUint64(
      0,
      true,
    );
    expect(names(validated(made, ({ bytes }) => bytes(second + 24n, first)))).toContain('map-bitmap-shared');
  });
});

const find = (report: ValidationReport, name: string) => report.findings[names(report).indexOf(name)];

describe('what is preserved', () => {
  test('map-fdt-not-preserved', () => {
    const report = validated(encode('init bare\npage 0x12345 0\n'));
    expect(find(report, 'map-fdt-not-preserved')).toMatchObject({
      address: 0x1_0000_1000n,
      severity: 'error',
    });
  });

  test('map-tracker-preserved', () => {
    const report = validated(encode('init kernel\nppage 0x100000000 0\n'));
    expect(find(report, 'map-tracker-preserved')).toMatchObject({
      address: 0x1_0000_0000n,
      severity: 'warning',
    });
  });

  test('map-block-above-order: a note, a warning where folios of that order are refused', () => {
    expect(find(validated(encode('init kernel\npage 0x80000 11\n')), 'map-block-above-order')?.severity).toBe(
      'note',
    );
    const old = validated(encode('init kernel\npage 0x80000 11\n', 'kho-v1-6.19'));
    expect(find(old, 'map-block-above-order')?.severity).toBe('warning');
  });

  test('map-block-32-bit', () => {
    const report = validated(encode('init kernel\npage 0x80000 19\n', 'kho-v3'));
    expect(find(report, 'map-block-32-bit')).toMatchObject({ address: 0x8000_0000n, erratum: 'B6' });
    expect(names(validated(encode('init kernel\npage 0x80000 19\n', 'kho-v4')))).not.toContain(
      'map-block-32-bit',
    );
  });

  test('map-blocks-overlap', () => {
    const report = validated(encode('init kernel\npage 0x12200 9\npage 0x12345 0\n'));
    expect(find(report, 'map-blocks-overlap')).toMatchObject({ address: 0x1234_5000n });
    expect(names(validated(encode('init kernel\npage 0x12200 9\npage 0x12400 0\n')))).not.toContain(
      'map-blocks-overlap',
    );
  });

  test('map-numa-split', () => {
    expect(names(validated(encode('init kernel\npage 0x200 9\n')))).not.toContain('map-numa-split');
    expect(names(validated(encode('init kernel\npage 0x400 9\npage 0x600 9\n')))).toContain('map-numa-split');
    // Neighbours that are not one aligned block.
    expect(names(validated(encode('init kernel\npage 0x200 9\npage 0x400 9\n')))).not.toContain(
      'map-numa-split',
    );
  });

  test('map-block-outside-ram', () => {
    const ram = [
      { start: 0n, end: 0x1234_5000n },
      { start: 0x1_0000_0000n, end: 0x2_0000_0000n },
    ];
    const report = validated(encode('init kernel\npage 0x12345 0\n'), () => {}, { ram });
    expect(find(report, 'map-block-outside-ram')).toMatchObject({ address: 0x1234_5000n });
  });

  test('map-tracker-outside-ram: the arena of the encoder begins at 4 GiB', () => {
    const ram = [{ start: 0n, end: 0x2000_0000n }];
    const report = validated(encode('init kernel\npage 0x12345 0\n'), () => {}, { ram });
    expect(find(report, 'map-tracker-outside-ram')).toMatchObject({ address: 0x1_0000_0000n, path: 'map' });
    // Two ranges that touch are one: a block may lie in both.
    const halves = [
      { start: 0n, end: 0x1230_0000n },
      { start: 0x1230_0000n, end: 0x2_0000_0000n },
    ];
    const whole = validated(encode('init kernel\npage 0x12200 9\n'), () => {}, { ram: halves });
    expect(names(whole).filter((name) => name.endsWith('ram'))).toEqual([]);
  });

  test('map-block-range: key 2^52 | 2^40 is a page at 2^52', () => {
    const made = encode('init kernel\npage 0x1000000000 0\n');
    // The page's key has bit 36; its path is 2, 0, 8, ... from the root. As entry 128 of level 3 it has bit 40.
    const report = validated(made, ({ u64 }) => {
      const level3 = follow(made.memory, ROOT_AT, 2);
      const at = level3 + 8n * 8n;
      const below = new DataView(made.memory.read(at, 8)!.slice().buffer).getBigUint64(0, true);
      expect(below).not.toBe(0n);
      u64(at, 0n);
      u64(level3 + 128n * 8n, below);
    });
    expect(find(report, 'map-block-range')).toMatchObject({ address: 1n << 52n });
  });

  test('the same block twice under one order: two bitmaps for one place', () => {
    // Bit 0 of the second bitmap stands for 2^27 bytes; its entry is changed to begin at 0, as the first one.
    const made = encode('page 0x10 0\npage 0x8010 0\n', 'kho-v1-6.18');
    const report = validated(made, ({ u64 }) => u64(made.map.root + 32n, 0n));
    expect(find(report, 'map-blocks-overlap')).toMatchObject({ address: 0x1_0000n });
  });

  test('rules that need what was not given are skipped, and say why', () => {
    const { rules } = validated(encode());
    const skipped = (name: string) => rules.find(({ rule }) => rule.name === name)!;
    expect(skipped('map-block-in-scratch')).toMatchObject({ run: false, skipped: 'no scratch areas given' });
    expect(skipped('map-block-outside-ram')).toMatchObject({ run: false, skipped: 'no --ram given' });
    expect(skipped('map-chunk-count')).toMatchObject({ run: false, skipped: 'the map is a radix tree' });
    expect(skipped('map-cycle').run).toBe(true);
  });

  test('map-block-in-scratch and map-tracker-in-scratch', () => {
    const scratch = {
      areas: [
        { address: 0x1200_0000n, size: 0x40_0000n },
        { address: 0x1_0000_0000n, size: 0x40_0000n },
      ],
      input: 2,
    };
    const report = validated(encode('init kernel\npage 0x12345 0\n'), () => {}, { scratch });
    expect(find(report, 'map-block-in-scratch')).toMatchObject({ address: 0x1234_5000n, erratum: 'B27' });
    expect(find(report, 'map-tracker-in-scratch')).toMatchObject({ path: 'scratch/1' });
  });
});

describe('vmalloc areas', () => {
  /** The memfd's array: descriptor at offset 32 of its structure, which is where the first file's data points. */
  const made = (text = BASE): { made: EncodedHandover; descriptor: bigint; chunk: bigint } => {
    const handover = encode(text);
    const client = validated(handover) && handover;
    const luo = client.producer.store;
    // The descriptor is found by its content: first chunk, total_pages 1, flags 1, order 0.
    for (const { start, end } of luo.ranges()) {
      const bytes = luo.read(start, Number(end - start))!;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 32; at + 16 <= bytes.length; at += 4096)
        if (view.getUint32(at + 8, true) === 1 && view.getUint32(at + 12, true) === 1)
          return { made: handover, descriptor: start + BigInt(at), chunk: view.getBigUint64(at, true) };
    }
    throw new Error('no descriptor');
  };

  test.each<[string, (u64: (at: bigint, value: bigint) => void, descriptor: bigint, chunk: bigint) => void]>([
    ['vmalloc-first', (u64, descriptor) => u64(descriptor, 0n)],
    ['vmalloc-chunk-misaligned', (u64, descriptor, chunk) => u64(descriptor, chunk + 8n)],
    ['vmalloc-chunk-not-in-dump', (u64, descriptor) => u64(descriptor, 0x7_0000_0000n)],
    ['vmalloc-cycle', (u64, _descriptor, chunk) => u64(chunk, chunk)],
    ['vmalloc-too-many-chunks', (u64, _descriptor, chunk) => u64(chunk, 0x1_0000_0000n)],
    ['vmalloc-short-chunk', (u64, _descriptor, chunk) => u64(chunk, 0x1_0000_0000n)],
    ['vmalloc-tail', (u64, _descriptor, chunk) => u64(chunk + 40n, 0x1000n)],
    ['vmalloc-entry-misaligned', (u64, _descriptor, chunk) => u64(chunk + 8n, 0x1001n)],
    ['vmalloc-count', (u64, descriptor) => u64(descriptor + 8n, 0x0000_0001_0000_0002n)],
    ['vmalloc-flags', (u64, descriptor) => u64(descriptor + 8n, 0x0000_0009_0000_0001n)],
    ['vmalloc-order', (u64, descriptor) => u64(descriptor + 8n, 0x003f_0001_0000_0001n)],
    ['vmalloc-entry-not-preserved', (u64, _descriptor, chunk) => u64(chunk + 8n, 0x3000_0000n)],
    // Two pages mapped as one run of order 1, from an odd page on.
    [
      'vmalloc-run-misaligned',
      (u64, descriptor, chunk) => {
        u64(descriptor + 8n, 0x0001_0001_0000_0002n);
        u64(chunk + 8n, 0x3000_1000n);
      },
    ],
  ])('%s', (name, change) => {
    const area = made();
    const report = validated(area.made, ({ u64 }) => change(u64, area.descriptor, area.chunk));
    expect(names(report)).toContain(name);
  });

  test('vmalloc-chunk-shared: two memfds name one chain, which is read once', () => {
    const area = made(`${BASE}luo memfd 0xa2 8192 0x3000:2\n`);
    // The second descriptor is found by its chunk, which is another one.
    let second = 0n;
    for (const { start, end } of area.made.producer.store.ranges())
      for (let at = start + 32n; at < end; at += 4096n) {
        const bytes = Buffer.from(area.made.producer.store.read(at, 16)!);
        const other = bytes.readBigUInt64LE(0);
        if (bytes.readBigUInt64LE(8) === 0x0000_0001_0000_0001n && other !== area.chunk) second = at;
      }
    const report = validated(area.made, ({ u64 }) => u64(second, area.chunk));
    expect(report.findings.map(({ rule, address: at }) => ({ rule, at }))).toContainEqual({
      rule: 'KHO315',
      at: area.chunk,
    });
  });

  test('vmalloc-too-large: a chain without an end to it', () => {
    const area = made();
    const { store } = area.made.producer;
    const START = 0x10_0000_0000n;
    // Full chunks, each naming the page after it, made as they are asked for.
    const page = new Uint8Array(4096);
    for (let at = 8; at < 4096; at += 8) writeU64(page, at, 0x2000_0000n, 'little');
    const memory: PhysicalMemory = {
      source: 'endless',
      hints: store.hints,
      ranges: () => store.ranges(),
      read(at, length) {
        if (at < START) return store.read(at, length);
        const inPage = Number(at % 4096n);
        writeU64(page, 0, at - BigInt(inPage) + 4096n, 'little');
        return page.slice(inPage, inPage + length);
      },
    };
    const report = validated(
      area.made,
      ({ u64 }) => {
        u64(area.descriptor, START);
        u64(area.descriptor + 8n, 0x0000_0001_ffff_ffffn);
      },
      { memory: { memory, input: 1 } },
    );
    // 2^21 entries are 4104 chunks of 511 and a bit.
    expect(find(report, 'vmalloc-too-large')).toMatchObject({ address: START + 4104n * 4096n });
  });

  test('vmalloc-chunk-not-preserved', () => {
    const area = made();
    area.made.producer.unpreserveFolio(Number(area.chunk >> 12n), 0);
    expect(names(validated(area.made))).toContain('vmalloc-chunk-not-preserved');
  });

  test('vmalloc-huge-6.18: the self-test of 6.18 with an order in its descriptor', () => {
    const handover = encode('kho-test 0 0 0\n', 'kho-v1-6.18');
    const { store } = handover.producer;
    // `folios_info` of the self-test's own tree: a page above the arena's base, total_pages 1, flags 1, order 0.
    let order = 0n;
    for (const { start, end } of store.ranges()) {
      const bytes = store.read(start, Number(end - start))!;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let at = 0; at + 16 <= bytes.length && order === 0n; at += 4)
        if (
          view.getUint32(at + 8, true) === 1 &&
          view.getUint32(at + 12, true) === 1 &&
          view.getBigUint64(at, true) > 0x1_0000_0000n &&
          view.getBigUint64(at, true) < 0x2_0000_0000n
        )
          order = start + BigInt(at) + 14n;
    }
    const report = validated(handover, ({ bytes: write }) => write(order, Uint8Array.of(1, 0)));
    expect(names(report)).toContain('vmalloc-huge-6.18');
  });
});

describe('scratch areas', () => {
  const MB4 = 0x40_0000n;
  const areas = (...list: [bigint, bigint][]) => list.map(([at, bytes]) => ({ address: at, size: bytes }));
  const check = (scratch: NonNullable<ValidationSubject['scratch']>): string[] =>
    names(validated(encode('init kernel\npage 0x12345 0\n'), () => {}, { scratch }));

  test.each<[string, NonNullable<ValidationSubject['scratch']>]>([
    ['scratch-empty', { areas: [], input: 2 }],
    ['scratch-zero-size', { areas: areas([MB4, 0n]), input: 2 }],
    ['scratch-overlap', { areas: areas([MB4, 2n * MB4], [2n * MB4, MB4]), input: 2 }],
    ['scratch-alignment', { areas: areas([MB4, MB4 + 0x1000n]), input: 2 }],
    ['scratch-array-outside', { areas: areas([MB4, MB4]), array: 0x3000_0000n, input: 2 }],
    ['scratch-remainder', { areas: areas([MB4, MB4]), bytes: 20, input: 2 }],
    ['scratch-range', { areas: areas([1n << 60n, MB4]), input: 2 }],
  ])('%s', (name, scratch) => {
    expect(check(scratch)).toContain(name);
  });

  test('sound areas', () => {
    expect(
      check({ areas: areas([MB4, MB4], [4n * MB4, MB4]), array: MB4, bytes: 32, input: 2 }).filter((name) =>
        name.startsWith('scratch'),
      ),
    ).toEqual([]);
  });
});

test('the page of rules is current (npm run schemas)', () => {
  const page = readFileSync(join(import.meta.dirname, '../../src/validate/RULES.md'), 'utf8');
  expect(page).toBe(rulesMarkdown([...allRules(), ...treeRules()]));
});

test('ids and names are unique, and every rule of this file was broken above', () => {
  const rules = allRules();
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  const missing = rules
    .filter(({ id, area }) => area !== 'clients' && !triggered.has(id))
    .map(({ name }) => name);
  expect(missing).toEqual([]);
});
