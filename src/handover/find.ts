import type { PhysicalMemory } from '../memory/index.js';

/** A page that holds a root FDT. */
export interface FoundFdt {
  readonly address: bigint;
  /** Strings of its compatible property. */
  readonly compatible: readonly string[];
}

/** Bytes read at once while scanning. */
const WINDOW = 4 << 20;

/** Root FDTs start on a page; 4K is the smallest page. */
const STEP = 4096;

/** Found FDTs at most; memory full of copies is an attack, not a dump. */
const MAX_FOUND = 64;

/** `compatible` strings of KHO roots begin so, in every version and in the composite form of the RFC. */
const PREFIX = /^kho-v\d/;

/**
 * Scans a dump for pages that hold a root FDT: FDT magic at a page start, and a root node whose compatible property names a KHO
 * version. Blobs of clients (`memblock-v1`, `luo-v1`) do not count.
 */
export function findRootFdts(
  memory: PhysicalMemory,
  progress?: (done: bigint, total: bigint) => void,
): FoundFdt[] {
  const ranges = memory.ranges();
  const total = ranges.reduce((sum, { start, end }) => sum + end - start, 0n);
  const found: FoundFdt[] = [];
  let done = 0n;
  for (const { start, end } of ranges) {
    const aligned = (start + BigInt(STEP - 1)) & ~BigInt(STEP - 1);
    for (let at = aligned; at < end; at += BigInt(WINDOW)) {
      const length = end - at < BigInt(WINDOW) ? Number(end - at) : WINDOW;
      const bytes = memory.read(at, length);
      if (bytes !== undefined) {
        for (let offset = 0; offset + 64 <= length; offset += STEP) {
          if (bytes[offset] !== 0xd0 || bytes[offset + 1] !== 0x0d) continue;
          const compatible = rootCompatible(bytes.subarray(offset, Math.min(length, offset + STEP)));
          if (compatible !== undefined) found.push({ address: at + BigInt(offset), compatible });
          if (found.length === MAX_FOUND) return found;
        }
      }
      done += BigInt(length);
      progress?.(done, total);
    }
  }
  return found;
}

/**
 * The compatible strings of a blob whose root says KHO, looked up without trusting anything: the first property of the root
 * node is read if it lies inside `bytes`. Every kernel writes `compatible` first.
 */
function rootCompatible(bytes: Uint8Array): readonly string[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== 0xd00dfeed) return undefined;
  const offStruct = view.getUint32(8);
  // FDT_BEGIN_NODE, empty name, FDT_PROP, length, name offset, value.
  if (offStruct + 24 > bytes.length || view.getUint32(offStruct) !== 1 || view.getUint32(offStruct + 4) !== 0)
    return undefined;
  if (view.getUint32(offStruct + 8) !== 3) return undefined;
  const length = view.getUint32(offStruct + 12);
  const start = offStruct + 20;
  if (length === 0 || length > 256 || start + length > bytes.length) return undefined;
  const strings = Buffer.from(bytes.subarray(start, start + length))
    .toString('latin1')
    .split('\0');
  return strings.some((text) => PREFIX.test(text)) ? strings.slice(0, -1) : undefined;
}
