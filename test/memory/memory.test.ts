import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  BufferSource,
  ElfMemory,
  gunzipSource,
  joinRanges,
  openMemory,
  PageStore,
  type PhysicalMemory,
  RawMemory,
  readHexdump,
  readPresent,
  writeElfCore,
  writeHexdump,
  writeRaw,
} from '../../src/index.js';
import { elf } from '../support/elf.js';
import { rejected, thrown } from '../support/errors.js';

const BASE = 0x1_0000_0000n;

/** An arena with a hole, a freed page and a page placed elsewhere. */
function sample(pageShift: 12 | 14 | 16 = 12): PageStore {
  const store = new PageStore({ base: BASE, pageShift });
  store.page(store.allocate()).set([1, 2, 3]);
  const folio = store.allocate(2); // index 4: indexes 1 to 3 are a hole
  store.page(folio + 3).fill(0xab);
  store.free(store.allocate());
  store.write(0x8000_0000n, Uint8Array.of(0x7f));
  return store;
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'kho-abi-test-'));
}

/** Two memories hold the same bytes at the same addresses. */
function expectSame(found: PhysicalMemory, expected: PhysicalMemory): void {
  expect(found.ranges()).toEqual(expected.ranges());
  for (const { start, end } of expected.ranges()) {
    const length = Number(end - start);
    expect(Buffer.compare(found.read(start, length)!, expected.read(start, length)!)).toBe(0);
  }
}

describe('PageStore', () => {
  test.each([12, 14, 16] as const)('the allocator of the oracle, page shift %i', (shift) => {
    const store = sample(shift);
    expect(store.pages).toBe(9);
    expect(Array.from({ length: 9 }, (_, index) => store.state(index))).toEqual([
      'used',
      'hole',
      'hole',
      'hole',
      'used',
      'used',
      'used',
      'used',
      'freed',
    ]);
    expect(store.address(4)).toBe(BASE + (4n << BigInt(shift)));
    expect(store.indexOf(store.address(7))).toBe(7);
    expect(store.indexOf(BASE - 1n)).toBeUndefined();
    expect(store.indexOf(store.address(9))).toBeUndefined();
  });

  test('holes, freed pages and the rest of the world are not in the dump', () => {
    const store = sample();
    expect(store.read(BASE, 3)).toEqual(Uint8Array.of(1, 2, 3));
    for (const index of [1, 3, 8]) expect(store.read(store.address(index), 1)).toBeUndefined();
    expect(store.read(store.address(7) + 4090n, 10)).toBeUndefined();
    expect(store.read(store.address(4), 4 * 4096)).toHaveLength(4 * 4096);
    expect(store.read(0x8000_0000n, 1)).toEqual(Uint8Array.of(0x7f));
    const error = thrown(() => readPresent(store, 0x9000n, 8, 'radix root'));
    expect(error.code).toBe('E_NOT_IN_DUMP');
    expect(error.message).toContain('radix root, physical address 0x9000: not in dump');
    expect(error.message).toContain('nearest in the dump: 0x80000000-0x80000fff');
  });

  test('writes cross page ends', () => {
    const store = new PageStore({ base: BASE, pageShift: 12 });
    store.allocate(1);
    store.write(BASE + 4094n, Uint8Array.of(1, 2, 3, 4));
    expect([...store.page(0).subarray(4094)]).toEqual([1, 2]);
    expect([...store.page(1).subarray(0, 2)]).toEqual([3, 4]);
    expect([...store.read(BASE + 4094n, 4)!]).toEqual([1, 2, 3, 4]);
  });

  test('refuses a base that is not a page and an arena without end', () => {
    expect(thrown(() => new PageStore({ base: BASE + 4096n, pageShift: 14 })).code).toBe('E_USAGE');
    const store = new PageStore({ base: 0n, pageShift: 16 });
    expect(thrown(() => store.allocate(25)).code).toBe('E_LIMIT');
  });

  test('ranges are joined', () => {
    expect(
      joinRanges([
        { start: 4n, end: 6n },
        { start: 0n, end: 2n },
        { start: 2n, end: 3n },
        { start: 9n, end: 9n },
      ]),
    ).toEqual([
      { start: 0n, end: 3n },
      { start: 4n, end: 6n },
    ]);
  });
});

describe('ELF core', () => {
  test.each([
    ['little', 12],
    ['big', 12],
    ['little', 14],
    ['big', 16],
  ] as const)('round trip %s %i', (byteOrder, pageShift) => {
    const store = sample(pageShift);
    const bytes = writeElfCore(store, { byteOrder, pageShift, machine: 'aarch64', release: '7.3.4' });
    const memory = new ElfMemory(new BufferSource('core', bytes));
    expectSame(memory, store);
    expect(memory.hints).toEqual({ byteOrder, pageShift, machine: 'aarch64', release: '7.3.4' });
    expect(memory.machine).toBe(183);
    // The same memory always gives the same bytes.
    expect(
      Buffer.compare(
        bytes,
        writeElfCore(sample(pageShift), { byteOrder, pageShift, machine: 'aarch64', release: '7.3.4' }),
      ),
    ).toBe(0);
  });

  test.each([
    ['little', true],
    ['big', true],
    ['little', false],
    ['big', false],
  ] as const)('reads a foreign core: %s, 64 bit: %s', (order, wide) => {
    const memory = new ElfMemory(
      new BufferSource(
        'core',
        elf({
          order,
          wide,
          segments: [
            { address: 0x4000n, bytes: [1, 2, 3, 4], memorySize: 8n },
            { address: 0x1000n, bytes: [9] },
          ],
        }),
      ),
    );
    expect(memory.ranges()).toEqual([
      { start: 0x1000n, end: 0x1001n },
      { start: 0x4000n, end: 0x4004n },
    ]);
    expect([...memory.read(0x4001n, 2)!]).toEqual([2, 3]);
    // Bytes past p_filesz are not in the dump, whatever p_memsz says.
    expect(memory.read(0x4004n, 1)).toBeUndefined();
    expect(memory.read(0x4003n, 2)).toBeUndefined();
  });

  test('more than 65535 segments through section header 0', () => {
    const segments = Array.from({ length: 65_540 }, (_, index) => ({
      address: BigInt(index) * 0x2000n,
      bytes: [index & 255],
    }));
    const memory = new ElfMemory(new BufferSource('core', elf({ order: 'little', wide: true, segments })));
    expect(memory.ranges()).toHaveLength(65_540);
    expect([...memory.read(65_539n * 0x2000n, 1)!]).toEqual([65_539 & 255]);
  });

  test('our own writer passes 65535 segments too', () => {
    const store = new PageStore({ base: BASE, pageShift: 12 });
    for (let index = 0; index < 65_540; index++) store.place(BigInt(index) * 0x2000n);
    const memory = new ElfMemory(
      new BufferSource('core', writeElfCore(store, { byteOrder: 'big', pageShift: 12, machine: 's390x' })),
    );
    expect(memory.ranges()).toEqual(store.ranges());
  });

  test('segments without a physical address, and overlapping ones', () => {
    const memory = new ElfMemory(
      new BufferSource(
        'kcore',
        elf({
          order: 'little',
          wide: true,
          segments: [
            { address: 0xffff_ffff_ffff_ffffn, bytes: [7] },
            { address: 0x1000n, bytes: [1, 1, 1, 1] },
            { address: 0x1002n, bytes: [2, 2, 2, 2] },
            { address: 0x1001n, bytes: [3] },
          ],
        }),
      ),
    );
    expect([...memory.read(0x1000n, 6)!]).toEqual([1, 1, 1, 1, 2, 2]);
    expect(memory.ranges()).toEqual([{ start: 0x1000n, end: 0x1006n }]);
  });

  const good = elf({ order: 'little', wide: true, segments: [{ address: 0x1000n, bytes: [1, 2, 3, 4] }] });
  /** Changes the good file in place, or gives another one. */
  const bad: [what: string, change: (bytes: Buffer) => unknown][] = [
    ['shorter than a header', (bytes) => bytes.subarray(0, 30)],
    ['unknown class', (bytes) => bytes.writeUInt8(3, 4)],
    ['unknown data encoding', (bytes) => bytes.writeUInt8(9, 5)],
    ['no program headers', (bytes) => bytes.writeUInt16LE(0, 56)],
    ['program headers of another size', (bytes) => bytes.writeUInt16LE(55, 54)],
    ['program headers outside', (bytes) => bytes.writeBigUInt64LE(0xffff_ffff_ffff_0000n, 32)],
    ['segment outside', (bytes) => bytes.writeBigUInt64LE(0xffff_ffff_ffff_fff0n, 64 + 8)],
    ['segment cut off', (bytes) => bytes.subarray(0, bytes.length - 1)],
    ['physical addresses that wrap', (bytes) => bytes.writeBigUInt64LE(0xffff_ffff_ffff_fffen, 64 + 24)],
    [
      'extended count without section header',
      (bytes) => {
        bytes.writeUInt16LE(0xffff, 56);
        bytes.writeBigUInt64LE(1n << 40n, 40);
      },
    ],
    [
      'four billion program headers',
      (bytes) => {
        bytes.writeUInt16LE(0xffff, 56);
        bytes.writeBigUInt64LE(0n, 40);
        bytes.writeUInt32LE(0xffff_ffff, 44);
      },
    ],
  ];
  test.each(bad)('refuses: %s', (_what, change) => {
    const bytes = Buffer.from(good);
    const changed = change(bytes);
    const input = Buffer.isBuffer(changed) ? changed : bytes;
    const error = thrown(() => new ElfMemory(new BufferSource('bad.elf', input)));
    expect(error.code).toBe('E_ELF');
    expect(error.message).toMatch(/^bad\.elf/);
  });
});

describe('hexdump', () => {
  test.each([
    ['little', 12],
    ['big', 14],
    ['little', 16],
  ] as const)('round trip %s %i', (byteOrder, pageShift) => {
    const store = sample(pageShift);
    const text = writeHexdump(store, { abi: 'kho-v2', byteOrder, pageShift });
    const memory = readHexdump(text, 'x');
    expectSame(memory, store);
    expect(memory.hints).toEqual({ abi: 'kho-v2', byteOrder, pageShift });
    expect(writeHexdump(memory, { abi: 'kho-v2', byteOrder, pageShift })).toBe(text);
  });

  test('is what the format says', () => {
    const store = new PageStore({ base: 0x1000n, pageShift: 12 });
    store.page(store.allocate()).set(Buffer.from('kho'), 0x20);
    expect(writeHexdump(store, { byteOrder: 'little', pageShift: 12 })).toBe(
      [
        '# kho-abi memory 1',
        '# byte-order: little',
        '# page-size: 4096',
        '# pages: 0x0000000000001000-0x0000000000001fff',
        '0000000000001020  6b 68 6f 00 00 00 00 00  00 00 00 00 00 00 00 00  |kho.............|',
        '',
      ].join('\n'),
    );
  });

  const good = writeHexdump(sample(), { byteOrder: 'little', pageShift: 12 });
  const bad: [what: string, line: number, change: (text: string) => string][] = [
    ['another first line', 1, (text) => text.replace('memory 1', 'memory 2')],
    ['no line end', 264, (text) => text.trimEnd()],
    ['unknown header', 2, (text) => text.replace('byte-order', 'byteorder')],
    ['odd page size', 3, (text) => text.replace('4096', '4097')],
    ['misaligned range', 4, (text) => text.replace('0000000080000fff', '0000000080000ffe')],
    ['line outside the pages', 7, (text) => text.replace(/^0000000080000000/m, '0000000070000000')],
    ['lines out of order', 8, (text) => text.replace(/^0000000100000000/m, '0000000080000000')],
    ['damaged hex', 8, (text) => text.replace('01 02 03', '01 0g 03')],
    ['missing byte', 8, (text) => text.replace('01 02 03', '01 02')],
    ['no byte order', 6, (text) => text.replace('# byte-order: little\n', '')],
  ];
  test.each(bad)('refuses: %s', (_what, line, change) => {
    const error = thrown(() => readHexdump(change(good), 'bad.hexdump'));
    expect(error.code).toBe('E_HEXDUMP');
    expect(error.message).toContain(`bad.hexdump:${line}`);
  });

  test('a header that promises the world costs nothing', () => {
    const text =
      '# kho-abi memory 1\n# byte-order: little\n# page-size: 4096\n# pages: 0x0000000000000000-0xffffffffffffffff\n';
    expect(readHexdump(text, 'x').read(0x1234_5678_9000n, 4096)).toEqual(new Uint8Array(4096));
  });
});

describe('raw memory', () => {
  test('reads at its base and nowhere else', () => {
    const memory = new RawMemory(new BufferSource('raw', Uint8Array.of(1, 2, 3)), 0x1000n);
    expect(memory.read(0x1001n, 2)).toEqual(Uint8Array.of(2, 3));
    expect(memory.read(0xfffn, 1)).toBeUndefined();
    expect(memory.read(0x1002n, 2)).toBeUndefined();
    expect(memory.ranges()).toEqual([{ start: 0x1000n, end: 0x1003n }]);
  });

  test('is written only without gaps', () => {
    const store = new PageStore({ base: BASE, pageShift: 12 });
    store.page(store.allocate(1)).fill(5);
    const { base, bytes } = writeRaw(store);
    expect([base, bytes.length, bytes[0]]).toEqual([BASE, 8192, 5]);
    expect(thrown(() => writeRaw(sample())).message).toContain('gaps');
  });
});

describe('openMemory looks at the content', () => {
  const core = writeElfCore(sample(), { byteOrder: 'little', pageShift: 12, machine: 'x86_64' });
  const text = Buffer.from(writeHexdump(sample(), { byteOrder: 'little', pageShift: 12 }));

  test.each([
    ['ELF core', core, {}],
    ['gzip of ELF core', gzipSync(core), {}],
    ['hexdump', text, {}],
    ['gzip of hexdump', gzipSync(text), {}],
    ['raw memory', Buffer.from([1, 2, 3]), { base: 0x1000n }],
    ['gzip of raw memory', gzipSync(Buffer.from([1, 2, 3])), { base: 0x1000n }],
  ])('%s', async (kind, bytes, options) => {
    const path = join(folder(), 'any.name');
    writeFileSync(path, bytes);
    const opened = await openMemory(path, options);
    expect(opened.kind).toBe(kind);
    expect(opened.memory.source).toBe(path);
    expect(opened.memory.ranges().length).toBeGreaterThan(0);
    opened.close();
    opened.close();
  });

  test.each([
    ['a device tree blob', Buffer.from('d00dfeed00000000', 'hex'), 'E_WRONG_KIND'],
    ['an empty file', Buffer.alloc(0), 'E_WRONG_KIND'],
    ['a compressed kdump', Buffer.from('KDUMP   x'), 'E_WRONG_KIND'],
    ['cut off gzip', gzipSync(core).subarray(0, 100), 'E_GZIP'],
    ['damaged gzip', Buffer.from('1f8b0800ffff', 'hex'), 'E_GZIP'],
  ])('refuses %s', async (_what, bytes, code) => {
    const path = join(folder(), 'file');
    writeFileSync(path, bytes);
    const error = await rejected(openMemory(path));
    expect(error.code).toBe(code);
    expect(error.message).toContain(path);
  });

  test('a base address for a file that has its own is an error', async () => {
    const path = join(folder(), 'file');
    writeFileSync(path, core);
    expect((await rejected(openMemory(path, { base: 0n }))).code).toBe('E_USAGE');
    expect((await rejected(openMemory(join(folder(), 'none')))).code).toBe('E_IO');
  });

  test('a gzip bomb is stopped, large ones go to a file that leaves no trace', async () => {
    const path = join(folder(), 'zeros.gz');
    writeFileSync(path, gzipSync(Buffer.alloc(80 << 20)));
    expect((await rejected(gunzipSource(path, 1 << 20))).code).toBe('E_LIMIT');
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('kho-abi-gunzip-')).length;
    const source = await gunzipSource(path);
    expect(source.size).toBe(80 << 20);
    expect(source.readAt((80 << 20) - 4, 4)).toEqual(new Uint8Array(4));
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('kho-abi-gunzip-'))).toHaveLength(before);
    source.close();
  });
});
