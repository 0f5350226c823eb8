import { type ByteOrder, hex, KhoError } from '../bytes/index.js';
import type { ElfMachine } from './elf-format.js';

/** A run of physical memory: first byte and first byte after it. */
export interface PhysicalRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** What a dump says about the machine it came from; absent where it says nothing. */
export interface DumpHints {
  readonly byteOrder?: ByteOrder;
  readonly pageShift?: number;
  /** From e_machine of an ELF core, where KHO knows it. */
  readonly machine?: ElfMachine;
  /** Kernel release, from VMCOREINFO. */
  readonly release?: string;
  /** ABI the writer named; only our own hexdumps have it. */
  readonly abi?: string;
}

/** A page, or a run of pages, as 32-bit words of the host inside a larger array. */
export interface WordSpan {
  readonly words: Uint32Array;
  /** Index of the first word; a multiple of the page's words. */
  readonly start: number;
  /** Number of words. */
  readonly length: number;
}

/**
 * Physical memory, as far as a dump has it. Bytes that are absent are "not in dump"; they never read as zero.
 * Implementations may give a view on their own storage: callers do not write to it.
 */
export interface PhysicalMemory {
  /** Name of the source, for messages. */
  readonly source: string;
  readonly hints: DumpHints;
  /** `length` bytes at `address`, or undefined when any of them is not in the dump. */
  read(address: bigint, length: number): Uint8Array | undefined;
  /** The page at a page-aligned address as words without making a view, where the memory is kept so. */
  readWords?(address: bigint): WordSpan | undefined;
  /** What is in the dump, ascending, adjacent runs joined. */
  ranges(): readonly PhysicalRange[];
  /** Fills `target` with the bytes at `address`; false when any of them is not in the dump. */
  readInto?(address: bigint, target: Uint8Array): boolean;
  /** Parts of `ranges()` that can hold anything but zeros, ascending, where that is known without reading. */
  dataRanges?(): readonly PhysicalRange[] | undefined;
}

/**
 * Reads bytes that must be there.
 *
 * @param path what the bytes are, for the message: `radix root`, `kho_vmalloc_chunk`
 * @throws KhoError `E_NOT_IN_DUMP`
 */
export function readPresent(
  memory: PhysicalMemory,
  address: bigint,
  length: number,
  path: string,
): Uint8Array {
  const bytes = memory.read(address, length);
  if (bytes === undefined) throw notInDump(memory, address, length, path);
  return bytes;
}

/** The error for bytes that a dump lacks. */
export function notInDump(memory: PhysicalMemory, address: bigint, length: number, path: string): KhoError {
  return new KhoError('E_NOT_IN_DUMP', 'not in dump', {
    source: memory.source,
    path,
    address,
    expected: `${length} bytes`,
    hint: hasAny(memory, address) ? 'the dump has only a part of them' : nearest(memory, address),
  });
}

function hasAny(memory: PhysicalMemory, address: bigint): boolean {
  const ranges = memory.ranges();
  return (ranges[firstAbove(ranges, address) - 1]?.end ?? 0n) > address;
}

function nearest(memory: PhysicalMemory, address: bigint): string {
  const ranges = memory.ranges();
  const next = firstAbove(ranges, address);
  const parts = [ranges[next - 1], ranges[next]].flatMap((range) =>
    range === undefined ? [] : [`${hex(range.start)}-${hex(range.end - 1n)}`],
  );
  return parts.length === 0 ? 'the dump is empty' : `nearest in the dump: ${parts.join(' and ')}`;
}

/** Index of the first range that starts above an address. A hostile dump has a million ranges and makes a million errors. */
function firstAbove(ranges: readonly PhysicalRange[], address: bigint): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.start <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Sorts ranges and joins those that touch or overlap. */
export function joinRanges(ranges: Iterable<PhysicalRange>): PhysicalRange[] {
  const sorted = [...ranges]
    .filter((range) => range.start < range.end)
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  const joined: { start: bigint; end: bigint }[] = [];
  for (const { start, end } of sorted) {
    const last = joined[joined.length - 1];
    if (last !== undefined && start <= last.end) {
      if (end > last.end) last.end = end;
    } else {
      joined.push({ start, end });
    }
  }
  return joined;
}

/** What is in `a` and not in `b`; both sorted and joined, as `joinRanges` gives them. */
export function rangesMinus(a: readonly PhysicalRange[], b: readonly PhysicalRange[]): PhysicalRange[] {
  const left: PhysicalRange[] = [];
  let next = 0;
  for (const { start, end } of a) {
    let at = start;
    while (next < b.length && b[next]!.end <= at) next++;
    for (let index = next; index < b.length && b[index]!.start < end; index++) {
      const hole = b[index]!;
      if (hole.start > at) left.push({ start: at, end: hole.start });
      if (hole.end > at) at = hole.end;
    }
    if (at < end) left.push({ start: at, end });
  }
  return left;
}
