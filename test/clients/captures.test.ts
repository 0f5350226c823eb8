/** Running 7.3.4 kernels. Expected values were read off the hexdumps by eye, not by this code. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  decodeClient,
  getAbi,
  type KhoTestData,
  type LuoData,
  makeTarget,
  openMemory,
  type PhysicalMemory,
} from '../../src/index.js';
import { capture } from './support.js';

const TARGET = makeTarget(getAbi('kho-v4'), 'little', 12);
const BARE = 'linux-7.3.4-x86_64-4k';
const LUO = 'linux-7.3.4-x86_64-4k-luo';

interface Expected {
  subtrees: Record<string, [string, number]>;
  preserved: [string, number][];
}

async function load(folder: typeof BARE | typeof LUO) {
  const { memory } = await openMemory(capture(folder, 'memory.elf.gz'));
  const file = readFileSync(capture(folder, 'expected-by-independent-reader.json'), 'utf8');
  const expected = JSON.parse(file) as Expected;
  const decode = (name: string, from: PhysicalMemory = memory) => {
    const [address, size] = expected.subtrees[name]!;
    return decodeClient(name, BigInt(address), BigInt(size), from, TARGET);
  };
  return { memory, expected, decode };
}

describe.each([BARE, LUO] as const)('%s', (folder) => {
  test('every subtree is read without a problem, and everything it points to is preserved', async () => {
    const { expected, decode } = await load(folder);
    const blocks = expected.preserved.map(([address, order]) => ({
      start: BigInt(address),
      end: BigInt(address) + (4096n << BigInt(order)),
    }));
    for (const name of Object.keys(expected.subtrees)) {
      const read = decode(name);
      expect(read.problems, name).toEqual([]);
      expect(read.format).toBeDefined();
      for (const { what, address, bytes, count, step } of read.references) {
        for (let piece = 0n; piece < BigInt(count); piece++) {
          // A region may be split over several blocks, so each of its pages is looked for.
          for (let at = address + piece * step; at < address + piece * step + bytes; at += 4096n)
            expect(
              blocks.some(({ start, end }) => start <= at && at < end),
              `${what} ${at.toString(16)}`,
            ).toBe(true);
        }
      }
    }
  });

  test('metadata', async () => {
    const { decode } = await load(folder);
    expect(decode('kexec-metadata').data).toEqual({
      kind: 'kexec-metadata',
      version: { value: 1, address: 0x8e0000n },
      previousRelease: { value: '7.3.4', address: 0x8e0004n },
      kexecCount: { value: 1, address: 0x8e0045n },
    });
  });

  test('the self-test: folios are listed, their contents were left out of the dump', async () => {
    const { decode } = await load(folder);
    const { data, format } = decode('kho_test');
    expect(format).toBe('kho-test-v1');
    expect(data).toMatchObject(
      folder === BARE
        ? {
            form: 'vmalloc',
            folioCount: { value: 28 },
            checksum: { value: 0x7c9dff97 },
            status: 'not in dump',
          }
        : {
            form: 'vmalloc',
            folioCount: { value: 15 },
            checksum: { value: 0x51fb7eaa },
            status: 'not in dump',
          },
    );
    const folios = (data as KhoTestData).folios;
    expect(folios).toHaveLength(folder === BARE ? 28 : 15);
    if (folder === BARE) {
      expect(folios.slice(0, 3)).toEqual([
        { address: 0xa00000n, order: 7, at: 0x8a9000n },
        { address: 0x960000n, order: 1, at: 0x8a9008n },
        { address: 0x9e0000n, order: 5, at: 0x8a9010n },
      ]);
    }
  });

  test('memblock', async () => {
    const { decode } = await load(folder);
    const { data } = decode('memblock');
    const [n1, trace] = folder === BARE ? [0x3e700000n, 0x3e400000n] : [0x3f66c000n, 0x3e200000n];
    expect(data).toMatchObject({
      regions: [
        {
          name: { value: 'n1' },
          compatible: { value: 'reserve-mem-v1' },
          start: { value: n1 },
          size: { value: 0x100000n },
        },
        { name: { value: 'trace' }, start: { value: trace }, size: { value: 0x200000n } },
      ],
    });
  });
});

test('LUO without sessions', async () => {
  const { decode } = await load(BARE);
  expect(decode('LUO')).toMatchObject({
    format: 'luo-v5',
    version: { value: 'luo-v5', address: 0x25b8000n },
    data: {
      liveupdateNumber: { value: 1n, address: 0x25b8008n },
      sessionsAddress: { value: 0n, address: 0x25b8010n },
      flbsAddress: { value: 0x25b9000n, address: 0x25b8018n },
      sessions: [],
      flbs: [],
    },
  });
});

test('LUO with three sessions and three FLBs', async () => {
  const { decode } = await load(LUO);
  const data = decode('LUO').data as LuoData;
  expect(data.sessionsAddress).toEqual({ value: 0x3035000n, address: 0xb56010n });
  expect(data.sessions.map(({ address, name, count }) => [address, name.value, count.value])).toEqual([
    [0x3035010n, 'vm-alpha', 2n],
    [0x3035060n, 'vm-beta', 1n],
    [0x30350b0n, 'empty', 0n],
  ]);
  expect(
    data.sessions.flatMap(({ name, files }) =>
      files.map(({ compatible, data: at, token, memfd }) => [
        name.value,
        compatible.value,
        at.value,
        token.value,
        memfd?.seals?.value,
      ]),
    ),
  ).toEqual([
    ['vm-alpha', 'memfd-v2', 0x3038000n, 0xa1n, 0],
    ['vm-alpha', 'memfd-v2', 0x42e3000n, 0xa2n, 6],
    ['vm-beta', 'memfd-v2', 0x42e8000n, 0xdeadbeefcafef00dn, 1],
  ]);
  const [first, second, third] = data.sessions.flatMap(({ files }) => files.map(({ memfd }) => memfd!));
  expect(first).toMatchObject({
    position: { value: 123n, address: 0x3038000n },
    size: { value: 0x258000n },
    folioCount: { value: 600n },
    folios: { address: 0x3038020n, first: 0x42e0000n, totalPages: 3, flags: 1, order: 0 },
    read: 600,
    omitted: 0,
  });
  // 600 folios of one page: all indices once, wherever the pages lie.
  expect(first!.runs.reduce((sum, { count }) => sum + count, 0)).toBe(600);
  expect(first!.runs[0]).toEqual({
    address: 0x978000n,
    pfn: 0x189fn,
    index: 0n,
    count: 18,
    stride: 1,
    flags: 3,
  });
  expect(second).toMatchObject({
    position: { value: 123n },
    size: { value: 0x10064n },
    folioCount: { value: 17n },
  });
  expect(second!.runs.slice(0, 3)).toEqual([
    { address: 0x42e5000n, pfn: 0x15adn, index: 0n, count: 1, stride: 1, flags: 3 },
    { address: 0x42e5010n, pfn: 0x42e4n, index: 1n, count: 1, stride: 1, flags: 3 },
    { address: 0x42e5020n, pfn: 0x15aen, index: 2n, count: 1, stride: 1, flags: 3 },
  ]);
  expect(third!.runs).toEqual([
    { address: 0x42e9000n, pfn: 0x15b6n, index: 0n, count: 3, stride: 1, flags: 3 },
  ]);
  expect(data.flbs.map(({ name, data: value, count }) => [name.value, value.value, count.value])).toEqual([
    ['liveupdate-test-flb-v0', 0xfeedf00dcafebee0n, 3n],
    ['liveupdate-test-flb-v1', 0xfeedf00dcafebee1n, 3n],
    ['liveupdate-test-flb-v2', 0xfeedf00dcafebee2n, 3n],
  ]);
});

test('what debugfs shows of a subtree is what memory has', async () => {
  for (const folder of [BARE, LUO] as const) {
    const { memory, expected } = await load(folder);
    for (const [name, [address, size]] of Object.entries(expected.subtrees)) {
      const shown = readFileSync(capture(folder, `debugfs-out-sub_fdts-${name}`));
      const bytes = Buffer.from(memory.read(BigInt(address), size)!);
      // The address of the sessions is filled in at reboot, after the file was read.
      if (name === 'LUO') bytes.fill(0, 16, 24);
      expect(bytes, name).toEqual(shown);
    }
  }
});

test('a capture read with the wrong byte order or page size says so and throws nothing', async () => {
  const { memory, expected } = await load(LUO);
  for (const [order, shift] of [
    ['big', 12],
    ['little', 14],
    ['little', 16],
  ] as const) {
    for (const [name, [address, size]] of Object.entries(expected.subtrees)) {
      const read = decodeClient(
        name,
        BigInt(address),
        BigInt(size),
        memory,
        makeTarget(getAbi('kho-v4'), order, shift),
      );
      if (name === 'LUO' || (name === 'kho_test' && order === 'big'))
        expect(read.problems.length).toBeGreaterThan(0);
    }
  }
});

test('any damage is a problem or another value, never an exception', async () => {
  const { memory, expected, decode } = await load(LUO);
  const pages = [
    0xb56000n,
    0xb57000n,
    0xb58000n,
    0x966000n,
    0x3035000n,
    0x3021000n,
    0x3038000n,
    0x42e0000n,
    0x42e3000n,
    0x42e6000n,
  ];
  let seed = 12345;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed % below;
  };
  let changed = 0;
  for (let round = 0; round < 1500; round++) {
    const page = pages[round % pages.length]!;
    const copy = Buffer.from(memory.read(page, 4096)!);
    // Bytes that are used are at the beginning of all these pages.
    for (let flips = 1 + random(3); flips > 0; flips--)
      copy[random(256)] = random(2) === 0 ? 0xff : random(256);
    const damaged: PhysicalMemory = {
      source: 'damaged',
      hints: {},
      ranges: () => memory.ranges(),
      read: (address, length) =>
        address >= page && address + BigInt(length) <= page + 4096n
          ? copy.subarray(Number(address - page), Number(address - page) + length)
          : memory.read(address, length),
    };
    for (const name of Object.keys(expected.subtrees))
      if (decode(name, damaged).problems.length > 0) changed++;
  }
  expect(changed).toBeGreaterThan(300);
}, 60_000);
