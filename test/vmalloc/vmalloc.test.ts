import { describe, expect, test } from 'vitest';
import {
  chunkCount,
  decodeDescriptor,
  encodeDescriptor,
  entryCount,
  getAbi,
  makeTarget,
  Producer,
  readVmalloc,
  toHex,
  type VmallocDescriptor,
  vmallocText,
  writeU64,
} from '../../src/index.js';
import { thrown } from '../support/errors.js';

const ALLOC = 0x2;
const HUGE = 0x400;

function producer(shift: 12 | 14 | 16 = 12, order: 'little' | 'big' = 'little'): Producer {
  return new Producer(makeTarget(getAbi('kho-v2'), order, shift));
}

function preserve(of: Producer, heads: number[], order = 0, flags = ALLOC): VmallocDescriptor {
  const made = of.preserveVmalloc({ heads, order }, flags);
  if (typeof made === 'number') throw new Error(`refused: ${made}`);
  return made;
}

describe('descriptor', () => {
  // 16 bytes: first u64, total_pages u32, flags u16, order u16, in the order of the CPU.
  test.each([
    ['little', '0020000001000000000a000003000900'],
    ['big', '000000010000200000000a0000030009'],
  ] as const)('%s endian', (order, text) => {
    const target = makeTarget(getAbi('kho-v2'), order, 12);
    const value = { first: 0x1_0000_2000n, totalPages: 2560, flags: 3, order: 9 };
    expect(toHex(encodeDescriptor(target, value))).toBe(text);
    expect(decodeDescriptor(target, encodeDescriptor(target, value))).toEqual(value);
    expect(thrown(() => decodeDescriptor(target, new Uint8Array(15))).code).toBe('E_HANDOVER');
  });
});

describe('chunk lists', () => {
  test.each([
    [12, 511],
    [14, 2047],
    [16, 8191],
  ] as const)('an exactly full chunk is followed by an empty one (page shift %i)', (shift, slots) => {
    for (const count of [0, 1, slots - 1, slots, slots + 1, 2 * slots]) {
      const made = producer(shift);
      const heads = Array.from({ length: count }, (_, index) => 0x10_0000 + 3 * index);
      const descriptor = preserve(made, heads);
      const chunks = readVmalloc(made.target, made.store, descriptor);
      expect(chunks).toHaveLength(Math.floor(count / slots) + 1);
      expect(chunkCount(entryCount(count, 0), slots)).toBe(chunks.length);
      expect(chunks.flatMap(({ entries }) => entries)).toEqual(
        heads.map((pfn) => BigInt(pfn) << BigInt(shift)),
      );
      expect(chunks.at(-1)!.next).toBe(0n);
      expect(descriptor.totalPages).toBe(count);
    }
  });

  test('orders and flags', () => {
    const made = producer(12, 'big');
    expect(preserve(made, [0x40000, 0x40400], 9, ALLOC | HUGE)).toMatchObject({
      totalPages: 1024,
      flags: 3,
      order: 9,
    });
    expect(preserve(made, [0x80000], 4, HUGE)).toMatchObject({ totalPages: 16, flags: 2, order: 4 });
    expect(preserve(made, [0x90000], 0, 0)).toMatchObject({ flags: 0 });
    const pages = made.store.pages;
    for (const flags of [0x1, 0x4, ALLOC | 0x4, HUGE | 0x1000])
      expect(made.preserveVmalloc({ heads: [5], order: 0 }, flags)).toBe(-95);
    expect(made.store.pages).toBe(pages);
  });

  test('unpreserving frees the chunks and clears every key', () => {
    const made = producer();
    const descriptor = preserve(
      made,
      Array.from({ length: 600 }, (_, index) => 0x10_0000 + index),
    );
    expect(made.unpreserveVmalloc(descriptor)).toEqual({ warned: false });
    expect(made.store.read(descriptor.first, 8)).toBeUndefined();
    const again = preserve(made, [0x20_0000]);
    expect(again.first).not.toBe(descriptor.first);
  });

  test('text form', () => {
    const made = producer();
    const descriptor = preserve(made, [0x80000, 0x80200], 9);
    const chunks = readVmalloc(made.target, made.store, descriptor);
    expect(vmallocText([{ number: 1, descriptor, chunks }])).toBe(
      'vmalloc 1 first=0x100002000 total_pages=1024 flags=0x1 order=9\nchunk 0 phys=0x100002000 next=0x0 entries=2\n 0x80000000\n 0x80200000\n',
    );
    expect(vmallocText([])).toBe('');
  });
});

describe('damaged lists', () => {
  /** A list of two chunks, 600 entries. */
  function sample(): { made: Producer; descriptor: VmallocDescriptor; second: bigint } {
    const made = producer();
    const descriptor = preserve(
      made,
      Array.from({ length: 600 }, (_, index) => 0x10_0000 + index),
    );
    const second = readVmalloc(made.target, made.store, descriptor)[1]!.address;
    return { made, descriptor, second };
  }
  const set = (made: Producer, address: bigint, offset: number, value: bigint): void =>
    writeU64(made.store.page(made.store.indexOf(address)!), offset, value, 'little');

  test.each([
    [
      'a cycle',
      ({ made, second, descriptor }: ReturnType<typeof sample>) => {
        // The second chunk must be full, or its `next` is refused before it is followed.
        for (let slot = 0; slot < 511; slot++) set(made, second, 8 + 8 * slot, 0x1000n);
        set(made, second, 0, descriptor.first);
      },
      'reached twice',
    ],
    [
      'a next behind a chunk that is not full',
      ({ made, second, descriptor }: ReturnType<typeof sample>) => set(made, second, 0, descriptor.first),
      'not full',
    ],
    [
      'a misaligned entry',
      ({ made, second }: ReturnType<typeof sample>) => set(made, second, 16, 0x1001n),
      'entry is not page aligned',
    ],
    [
      'a misaligned chunk',
      ({ made, second, descriptor }: ReturnType<typeof sample>) =>
        set(made, descriptor.first, 0, second + 8n),
      'chunk is not page aligned',
    ],
    [
      'a chunk that the dump lacks',
      ({ made, descriptor }: ReturnType<typeof sample>) => set(made, descriptor.first, 0, 0x5000n),
      'not in dump',
    ],
    [
      'an early end',
      ({ made, second }: ReturnType<typeof sample>) => set(made, second, 8, 0n),
      'contradicts total_pages',
    ],
  ] as const)('%s', (_what, damage, text) => {
    const at = sample();
    damage(at);
    const error = thrown(() => readVmalloc(at.made.target, at.made.store, at.descriptor));
    expect(error.message).toContain(text);
    expect(error.message).toContain('physical address 0x');
  });

  test('descriptors that lie', () => {
    const { made, descriptor } = sample();
    const read = (change: Partial<VmallocDescriptor>) =>
      thrown(() => readVmalloc(made.target, made.store, { ...descriptor, ...change }));
    expect(read({ totalPages: 601 }).message).toContain('contradicts');
    expect(read({ totalPages: 5 }).message).toContain('more chunks than the area needs');
    expect(read({ order: 60 }).message).toContain('order too large');
    expect(read({ totalPages: 0xffff_ffff, order: 0 }).code).toBe('E_LIMIT');
    expect(read({ first: 0n }).message).toContain('contradicts');
    expect(readVmalloc(made.target, made.store, { first: 0n, totalPages: 0, flags: 0, order: 0 })).toEqual(
      [],
    );
  });
});
