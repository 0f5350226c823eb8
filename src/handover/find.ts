import type { PhysicalMemory, PhysicalRange } from '../memory/index.js';

/** A page that holds a root FDT. */
export interface FoundFdt {
  readonly address: bigint;
  /** Strings of its compatible property. */
  readonly compatible: readonly string[];
}

/** Bytes read at once while scanning: they stay in the CPU's cache. */
const WINDOW = 1 << 20;

/** Root FDTs start on a page; 4K is the smallest page. */
const STEP = 4096;

/** A root FDT is longer than this; the last page of a dump may be cut off. */
const LEAST = 64;

/** Found FDTs at most; memory full of copies is an attack, not a dump. */
const MAX_FOUND = 64;

/** `compatible` strings of KHO roots begin so, in every version and in the composite form of the RFC. */
const PREFIX = /^kho-v\d/;

/**
 * Scans a dump for pages that hold a root FDT: FDT magic at a page start, and a root node whose compatible property names a KHO
 * version. Blobs of clients (`memblock-v1`, `luo-v1`) do not count. Holes of a sparse file are passed over, and the rest goes
 * through one buffer.
 */
export function findRootFdts(
  memory: PhysicalMemory,
  progress?: (done: bigint, total: bigint) => void,
): FoundFdt[] {
  const ranges = [...wholePages(memory)];
  const total = ranges.reduce((sum, { start, end }) => sum + end - start, 0n);
  const found: FoundFdt[] = [];
  const window = new Uint8Array(WINDOW);
  let done = 0n;
  for (const { start, end } of ranges) {
    for (let at = start; at < end; at += BigInt(WINDOW)) {
      const length = end - at < BigInt(WINDOW) ? Number(end - at) : WINDOW;
      const bytes = readWindow(memory, at, window.subarray(0, length));
      for (let offset = 0; bytes !== undefined && offset + LEAST <= length; offset += STEP) {
        if (bytes[offset] !== 0xd0 || bytes[offset + 1] !== 0x0d) continue;
        const compatible = rootCompatible(bytes.subarray(offset, Math.min(length, offset + STEP)));
        if (compatible !== undefined) found.push({ address: at + BigInt(offset), compatible });
        if (found.length === MAX_FOUND) return found;
      }
      done += BigInt(length);
      progress?.(done, total);
    }
  }
  return found;
}

/** What must be scanned, from page starts on: data with the pages that it touches, within what the dump has. */
function* wholePages(memory: PhysicalMemory): Generator<PhysicalRange> {
  const mask = BigInt(STEP - 1);
  const present = memory.ranges();
  let next = 0;
  let from = 0n;
  for (const data of memory.dataRanges?.() ?? present) {
    while (next < present.length && present[next]!.end <= data.start) next++;
    for (let index = next; index < present.length && present[index]!.start < data.end; index++) {
      const range = present[index]!;
      const first = (range.start + mask) & ~mask;
      // Two parts of data may touch one page: it is scanned once.
      const start = max(first, data.start & ~mask, from);
      const end = min(range.end, (data.end + mask) & ~mask);
      if (start >= end) continue;
      from = end;
      yield { start, end };
    }
  }
}

function readWindow(memory: PhysicalMemory, address: bigint, window: Uint8Array): Uint8Array | undefined {
  if (memory.readInto === undefined) return memory.read(address, window.length);
  return memory.readInto(address, window) ? window : undefined;
}

function max(...values: bigint[]): bigint {
  return values.reduce((a, b) => (a > b ? a : b));
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
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
