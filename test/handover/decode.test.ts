import { describe, expect, test } from 'vitest';
import {
  type ByteOrder,
  decodeHandover,
  encodeScenario,
  findRootFdts,
  getAbi,
  makeTarget,
  type PageShift,
  PageStore,
  type PhysicalMemory,
  parseScenario,
  readFdtPage,
  targetName,
} from '../../src/index.js';
import { blob, type Piece } from '../support/blob.js';
import { thrown } from '../support/errors.js';

function encode(text: string, abi = 'kho-v4', order: ByteOrder = 'little', shift: PageShift = 12) {
  return encodeScenario(parseScenario(text, 's'), makeTarget(getAbi(abi), order, shift));
}

/** The same memory without what its header says about the machine. */
function blind(memory: PhysicalMemory): PhysicalMemory {
  return {
    source: 'blind',
    hints: {},
    read: (at, length) => memory.read(at, length),
    ranges: () => memory.ranges(),
  };
}

describe('detection', () => {
  const cases = (['kho-v2', 'kho-v4'] as const).flatMap((abi) =>
    (['little', 'big'] as const).flatMap((order) =>
      ([12, 14, 16] as const).map((shift) => [abi, order, shift] as const),
    ),
  );
  test.each(cases)('%s %s %i without being told', (abi, order, shift) => {
    const made = encode('init kernel\npage 0x12340 4\nsubtree LUO alloc 32\n', abi, order, shift);
    const decoded = decodeHandover(made.fdt, { memory: blind(made.memory), fdtAddress: made.fdtAddress });
    expect(targetName(decoded.target!)).toBe(targetName(made.target));
    expect(decoded.evidence.length).toBeGreaterThan(3);
    expect(decoded.subtrees.find(({ name }) => name === 'LUO')).toMatchObject({ preserved: true });
  });

  test('an empty tree whose pages could be of two sizes is ambiguous, and says which option decides', () => {
    const made = encode('init bare\n', 'kho-v4', 'little', 16);
    const error = thrown(() =>
      decodeHandover(made.fdt, { memory: blind(made.memory), fdtAddress: made.fdtAddress }),
    );
    expect(error.code).toBe('E_AMBIGUOUS');
    expect(error.message).toContain('le-4k, le-16k, le-64k');
    expect(error.message).toContain('--page-size');
    const told = decodeHandover(made.fdt, {
      memory: blind(made.memory),
      fdtAddress: made.fdtAddress,
      pageShift: 16,
    });
    expect(targetName(told.target!)).toBe('le-64k');
    expect(told.evidence).toContain('page shift 16 as told');
  });

  test('a map that leads nowhere says why each reading fails', () => {
    const made = encode('init kernel\n');
    const empty = new PageStore({ base: 0n, pageShift: 12, hints: {} });
    empty.allocate();
    const error = thrown(() => decodeHandover(made.fdt, { memory: empty }));
    expect(error.code).toBe('E_HANDOVER');
    for (const target of ['le-4k', 'le-16k', 'le-64k', 'be-4k'])
      expect(error.message).toContain(`${target}:`);
  });

  test('without memory the byte order is told only where the bytes decide', () => {
    // 0x104a53000 read big endian would be 0x30a50401000000, which has more than 52 bits.
    const sure = decodeHandover(encode('base 0x104a53000\n').fdt);
    expect(sure).toMatchObject({ byteOrder: 'little', mapAddress: 0x104a53000n, target: undefined });
    // 0x100000000 is 0x1000000 in the other order: both are page addresses.
    const unsure = decodeHandover(encode('subtree LUO 0x240000000 1\n').fdt);
    expect(unsure).toMatchObject({ byteOrder: undefined, mapAddress: undefined });
    expect(unsure.subtrees[0]).toMatchObject({ name: 'LUO', address: undefined });
    const told = decodeHandover(encode('subtree LUO 0x240000000 1\n').fdt, { byteOrder: 'little' });
    expect(told.subtrees[0]).toMatchObject({ address: 0x240000000n, size: 1n });
  });
});

describe('decoding', () => {
  test('a 16K tree of kho-v2 shows what kernels see and what was meant', () => {
    const made = encode('init kernel\npage 0x41294 0\npage 0x8 3\n', 'kho-v2', 'little', 14);
    const decoded = decodeHandover(made.fdt, { memory: made.memory, fdtAddress: made.fdtAddress });
    expect(decoded.contents!.statistics.byOrder.get(3)).toBe(1);
    expect(decoded.contents!.runs.map(({ order }) => order)).toEqual([32, 32, 3]);
    expect(decoded.recovered!.runs).toEqual([
      { address: 0x1_0000_4000n, order: 0, count: 1 },
      { address: 0x41294n << 14n, order: 0, count: 1 },
      { address: 0x8n << 14n, order: 3, count: 1 },
    ]);
    expect(decoded.notes).toEqual([
      expect.objectContaining({ erratum: 'B3', text: expect.stringContaining('lose the order bit') }),
    ]);
  });

  test('half a node, an unpreserved FDT page and bad keys are noted', () => {
    const lines = Array.from(
      { length: 97 },
      (_, index) => `subtree node-${String(index).padStart(3, '0')} 0x240000000 1`,
    );
    const made = encode([...lines, `subtree ${'x'.repeat(28)} 0x250000000 1`].join('\n'), 'kho-v2');
    made.producer.map.add(0x10, 0);
    const decoded = decodeHandover(made.fdt, { memory: made.memory, fdtAddress: made.fdtAddress });
    expect(decoded.subtrees[0]).toEqual({
      name: 'x'.repeat(28),
      address: undefined,
      size: undefined,
      preserved: undefined,
    });
    expect(decoded.notes.map(({ erratum }) => erratum)).toEqual(['B15', undefined]);
    expect(decoded.notes[1]!.text).toContain('root FDT at 0x100001000 is not preserved');
  });

  const root = (...pieces: Piece[]): Buffer => blob({ pieces: [{ begin: '' }, ...pieces, { end: true }] });
  const compatible: Piece = { prop: 'compatible', value: 'kho-v2\0' };
  const map: Piece = { prop: 'preserved-memory-map', value: [0, 0, 0, 0, 1, 0, 0, 0] };
  test.each([
    ['no compatible', root(map), 'no compatible string', '/compatible'],
    [
      'an unterminated one',
      root({ prop: 'compatible', value: 'kho-v2' }, map),
      'is no string list',
      '/compatible',
    ],
    [
      'an unknown version',
      root({ prop: 'compatible', value: 'kho-v9\0' }, map),
      'unknown KHO version',
      "found 'kho-v9'",
    ],
    ['no map', root(compatible), 'a property is missing', '/preserved-memory-map'],
    [
      'a short map',
      root(compatible, { prop: 'preserved-memory-map', value: [1, 2, 3, 4] }),
      'wrong length',
      'found 4 bytes',
    ],
    [
      'a short address',
      root(compatible, map, { begin: 'LUO' }, { prop: 'preserved-data', value: [1] }, { end: true }),
      'wrong length',
      '/LUO/preserved-data',
    ],
  ])('%s', (_what, bytes, summary, place) => {
    const error = thrown(() => decodeHandover(bytes, { source: 'root.dtb' }));
    expect(error.code).toBe('E_HANDOVER');
    expect(error.message).toContain('root.dtb');
    expect(error.message).toContain(summary);
    expect(error.message).toContain(place);
  });

  test('compatible is a string list, and --abi overrides it', () => {
    expect(decodeHandover(root({ prop: 'compatible', value: 'other\0kho-v2\0' }, map)).abi.id).toBe('kho-v2');
    const both = decodeHandover(root({ prop: 'compatible', value: 'kho-v2\0kho-v4\0' }, map));
    expect(both.abis.map(({ id }) => id)).toEqual(['kho-v2', 'kho-v4']);
    expect(
      decodeHandover(root({ prop: 'compatible', value: 'kho-v9\0' }, map), { abi: getAbi('kho-v4') }).abi.id,
    ).toBe('kho-v4');
  });
});

describe('findRootFdts', () => {
  test('finds roots at page starts only, and not the blobs of clients', () => {
    const store = new PageStore({ base: 0x1000n, pageShift: 12, hints: {} });
    store.allocate(6);
    const made = encode('init kernel\n');
    const client = blob({
      pieces: [{ begin: '' }, { prop: 'compatible', value: 'memblock-v1\0' }, { end: true }],
    });
    const first = store.indexOf(0x1000n)!;
    store.page(first + 1).set(made.fdt);
    store.page(first + 2).set(client);
    store.page(first + 3).set(made.fdt, 8);
    store.page(first + 5).set(made.fdt);
    const found = findRootFdts(store);
    expect(found.map(({ address }) => address)).toEqual([0x2000n, 0x6000n]);
    expect(found[0]!.compatible).toEqual(['kho-v4']);
    expect(Buffer.compare(readFdtPage(store, 0x2000n), made.fdt)).toBe(0);
  });

  test('looks into every range, across windows, and survives headers that lie', () => {
    const store = new PageStore({ base: 0n, pageShift: 12, hints: {} });
    store.allocate(11);
    const made = encode('init kernel\n');
    store.page(2047).set(made.fdt);
    for (const [index, offset] of [
      [1, 8],
      [2, 12],
      [3, 36],
    ] as const) {
      store.page(index).set(made.fdt);
      Buffer.from(store.page(index).buffer, store.page(index).byteOffset).writeUInt32BE(0xffff_fff0, offset);
    }
    store.place(0x9000_0000n).set(made.fdt);
    expect(findRootFdts(store).map(({ address }) => address)).toEqual(
      expect.arrayContaining([2047n * 4096n, 0x9000_0000n]),
    );
  });
});
