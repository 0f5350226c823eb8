import type { ByteOrder } from '../bytes/index.js';
import { readU64 } from '../bytes/index.js';
import type { RootModel } from '../handover/index.js';
import { joinRanges, type PhysicalMemory } from '../memory/index.js';

/**
 * Sub-blobs from debugfs as memory: each at the address that the root FDT gives its subtree. All else is "not in dump".
 */
export function blobMemory(
  root: RootModel,
  blobs: ReadonlyMap<string, Uint8Array>,
  order: ByteOrder,
): PhysicalMemory {
  const placed = root.subtrees.flatMap(({ name, addressBytes }) => {
    const bytes = blobs.get(name);
    return bytes === undefined || addressBytes === undefined
      ? []
      : [{ start: readU64(addressBytes, 0, order), bytes }];
  });
  return {
    source: 'sub-blobs of debugfs',
    hints: { byteOrder: order },
    ranges: () =>
      joinRanges(placed.map(({ start, bytes }) => ({ start, end: start + BigInt(bytes.length) }))),
    read(address, length) {
      const found = placed.find(
        ({ start, bytes }) => start <= address && address + BigInt(length) <= start + BigInt(bytes.length),
      );
      if (found === undefined) return undefined;
      const offset = Number(address - found.start);
      return found.bytes.subarray(offset, offset + length);
    },
  };
}
