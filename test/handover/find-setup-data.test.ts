/** The node is written word by word, as arch/x86/include/uapi/asm/setup_data.h has it. */
import { describe, expect, test } from 'vitest';
import { findSetupData } from '../../src/index.js';
import { dump, native, u32, u64 } from '../support/native.js';

const FDT = 0x1_0000_1000n;

function node(fdtAddress: bigint, { type = 10, length = 32, fdtSize = 4096n, arraySize = 48n } = {}): Buffer {
  const words = [fdtAddress, fdtSize, 0x3f80_0000n, arraySize].map((word) => u64(word));
  return native('little', u64(0n), u32(type), u32(length), ...words);
}

/** Memory of zeros with bytes at one place. */
const memoryWith = (at: number, bytes: Buffer, size = 4096) => {
  const all = Buffer.alloc(size);
  bytes.copy(all, at);
  return dump(12, { '0x10000': all });
};

describe('findSetupData', () => {
  test.each([0, 16, 4096 - 48, (1 << 20) - 48, (1 << 20) - 20, 1 << 20, (1 << 21) - 8])(
    'finds a node at offset %d',
    (at) => {
      expect(findSetupData(memoryWith(at, node(FDT), 3 << 20), FDT)).toEqual({
        fdtAddress: FDT,
        fdtSize: 4096n,
        scratchAddress: 0x3f80_0000n,
        scratchSize: 48n,
      });
    },
  );

  test.each([
    ['another FDT', node(FDT + 0x1000n)],
    ['another type', node(FDT, { type: 9 })],
    ['another length', node(FDT, { length: 16 })],
    ['a size that is no page', node(FDT, { fdtSize: 233n })],
    ['no scratch array', node(FDT, { arraySize: 0n })],
    ['a scratch array of half an area', node(FDT, { arraySize: 24n })],
    ['a node without its end', node(FDT).subarray(0, 40)],
  ])('passes over %s', (_what, bytes) => {
    expect(findSetupData(memoryWith(4096 - bytes.length, bytes), FDT)).toBeUndefined();
  });

  test('goes on behind a page that only looks like one', () => {
    const both = Buffer.concat([node(FDT, { type: 9 }), node(FDT)]);
    expect(findSetupData(memoryWith(0, both), FDT)?.scratchSize).toBe(48n);
  });
});
