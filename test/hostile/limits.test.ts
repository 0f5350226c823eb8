/** Dumps of little data that claim much: the bounds on work hold, and say so. */
import { expect, test } from 'vitest';
import { getAbi, notInDump, type PhysicalMemory, radixGeometry, walkLeaves } from '../../src/index.js';
import { thrown } from '../support/errors.js';

const PAGE = 4096n;

/** 512 tables of 512 tables that lead to pages of nothing: more than a tree may have, and in a sparse file only some GiB of data. */
function endless(): PhysicalMemory {
  const hole = new Uint8Array(4096);
  return {
    source: 'endless',
    hints: {},
    ranges: () => [{ start: 0n, end: 1n << 52n }],
    read(address) {
      const page = Number(address / PAGE);
      if (page >= 2 ** 19) return hole;
      const words = new Uint32Array(1024);
      for (let index = 0; index < 512; index++) {
        const child = (page * 512 + index) * 4096;
        words[2 * index] = child % 2 ** 32;
        words[2 * index + 1] = Math.floor(child / 2 ** 32);
      }
      return new Uint8Array(words.buffer);
    },
  };
}

test('a tree of holes ends at a stated number of pages', () => {
  const geometry = radixGeometry(getAbi('kho-v4'), 12);
  const source = { memory: endless(), root: PAGE, geometry, byteOrder: 'little' as const };
  const error = thrown(() => walkLeaves(source, () => {}));
  expect(error.code).toBe('E_LIMIT');
  expect(error.message).toContain('expected at most 1048576');
});

test.each([
  [0x0, 'nearest in the dump: 0x1000-0x1fff'],
  [0x1800, 'the dump has only a part of them'],
  [0x2000, 'nearest in the dump: 0x1000-0x1fff and 0x5000-0x5fff'],
  [0x4fff, 'nearest in the dump: 0x1000-0x1fff and 0x5000-0x5fff'],
  [0x5000, 'the dump has only a part of them'],
  [0x6000, 'nearest in the dump: 0x5000-0x5fff'],
])('what an error says of %d', (address, hint) => {
  const memory: PhysicalMemory = {
    source: 'x',
    hints: {},
    ranges: () => [
      { start: 0x1000n, end: 0x2000n },
      { start: 0x5000n, end: 0x6000n },
    ],
    read: () => undefined,
  };
  expect(notInDump(memory, BigInt(address), 8192, 'bytes').message).toContain(hint);
  const empty = { ...memory, ranges: () => [] };
  expect(notInDump(empty, BigInt(address), 8, 'bytes').message).toContain('the dump is empty');
});
