import { decodeClient } from '../clients/index.js';
import { isRadix, type MapSource, walkBitmaps, walkLeaves } from '../map/index.js';
import {
  joinRanges,
  type PhysicalMemory,
  type PhysicalRange,
  rangesMinus,
  type WordSpan,
} from '../memory/index.js';
import type { Handover } from './decode.js';

/** Memory that notes the pages that are read from it. */
class WatchedMemory implements PhysicalMemory {
  readonly source: string;
  readonly hints: PhysicalMemory['hints'];
  /** First byte of each page that was read. */
  readonly pages = new Set<bigint>();
  readWords?: (address: bigint) => WordSpan | undefined;
  readonly #memory: PhysicalMemory;
  readonly #size: bigint;

  constructor(memory: PhysicalMemory, pageShift: number) {
    this.source = memory.source;
    this.hints = memory.hints;
    this.#memory = memory;
    this.#size = 1n << BigInt(pageShift);
    if (memory.readWords === undefined) return;
    this.readWords = (address) => {
      const span = memory.readWords!(address);
      if (span !== undefined) this.note(address, this.#size);
      return span;
    };
  }

  read(address: bigint, length: number): Uint8Array | undefined {
    const bytes = this.#memory.read(address, length);
    if (bytes !== undefined) this.note(address, BigInt(length));
    return bytes;
  }

  ranges(): readonly PhysicalRange[] {
    return this.#memory.ranges();
  }

  note(address: bigint, length: bigint): void {
    for (let at = address - (address % this.#size); at < address + length; at += this.#size)
      this.pages.add(at);
  }
}

/** The only memory of users that a reader looks at: the self-test sums the pages of its folios. */
const SUMMED = 'kho_test folio';

/** Blobs above this are no client's; only what the readers look at is kept of them. */
const MAX_BLOB = 1n << 26n;

/**
 * Pages that Kexec Handover and its clients use themselves: root FDT, tables and leaves or chunks and bitmaps, blobs, structures
 * of clients, vmalloc chunks and the lists in their areas; not the preserved memory of users. They are found by reading the
 * handover once more and noting every page, so a dump of them alone reads the same. Ascending, joined, whole pages that the dump
 * has.
 *
 * A page of the self-test's folios counts as the user's even if a damaged handover puts one of the self-test's own pages there.
 */
export function ownPages(handover: Handover): PhysicalRange[] {
  const { map, target } = handover;
  if (map === undefined || target === undefined) return [];
  const size = 1n << BigInt(target.pageShift);
  const pages = new Set<bigint>();
  const { fdtAddress } = handover;
  if (fdtAddress !== undefined) {
    const watched = new WatchedMemory(map.memory, target.pageShift);
    watched.note(fdtAddress, BigInt(handover.root.bytes.length));
    for (const page of watched.pages) pages.add(page);
  }
  // Another reading of the same bytes must remain possible.
  for (const reading of [handover, ...handover.alternatives]) addReading(reading, pages);
  const own = joinRanges([...pages].map((start) => ({ start, end: start + size })));
  return wholePages(intersect(own, map.memory.ranges()), size);
}

function addReading({ map, target, clients }: Handover, pages: Set<bigint>): void {
  const watched = new WatchedMemory(map!.memory, target!.pageShift);
  const source = { ...map!, memory: watched } as MapSource;
  if (isRadix(source)) walkLeaves(source, () => {});
  else walkBitmaps(source, () => {});
  for (const { name, address, size } of clients) {
    const client = new WatchedMemory(map!.memory, target!.pageShift);
    const { references } = decodeClient(name, address, size, client, target!);
    const users = new WatchedMemory(map!.memory, target!.pageShift);
    for (const { what, address: at, bytes } of references)
      if (what === SUMMED && client.pages.has(at)) users.note(at, bytes);
    for (const page of client.pages) if (!users.pages.has(page)) pages.add(page);
    // Where nothing tells how long a blob of somebody unknown is, its first page is kept.
    if (size === undefined || size <= MAX_BLOB) watched.note(address, size ?? 1n);
  }
  for (const page of watched.pages) pages.add(page);
}

function intersect(a: readonly PhysicalRange[], b: readonly PhysicalRange[]): PhysicalRange[] {
  return rangesMinus(a, rangesMinus(a, b));
}

/** A page of which the dump has only a part cannot be written as one. */
function wholePages(ranges: readonly PhysicalRange[], size: bigint): PhysicalRange[] {
  return ranges
    .map(({ start, end }) => ({ start: ((start + size - 1n) / size) * size, end: (end / size) * size }))
    .filter(({ start, end }) => start < end);
}

/** A view of memory that has only some ranges of it. */
export function partOfMemory(memory: PhysicalMemory, ranges: readonly PhysicalRange[]): PhysicalMemory {
  return {
    source: memory.source,
    hints: memory.hints,
    ranges: () => ranges,
    read(address, length) {
      const end = address + BigInt(length);
      const range = lastUpTo(ranges, address);
      return range !== undefined && end <= range.end ? memory.read(address, length) : undefined;
    },
  };
}

/** The last range that begins at or below an address. */
function lastUpTo(ranges: readonly PhysicalRange[], address: bigint): PhysicalRange | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.start <= address) low = middle + 1;
    else high = middle;
  }
  return ranges[low - 1];
}
