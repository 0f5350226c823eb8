import { fieldOf, pageSizeName, type Target } from '../abi/index.js';
import { readU64 } from '../bytes/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { chunkCount, entryCount, type VmallocDescriptor } from '../vmalloc/index.js';

/** What can be wrong with an area. */
export type VmallocFaultKind =
  | 'chunk-misaligned'
  | 'chunk-not-in-dump'
  | 'chunk-cycle'
  | 'chunk-shared'
  | 'chunk-too-many'
  | 'chunk-short'
  | 'chunk-tail'
  | 'entry-misaligned'
  | 'run-misaligned'
  | 'count'
  | 'too-large';

/** One fault, and where it stands. */
export interface VmallocFault {
  readonly kind: VmallocFaultKind;
  readonly address: bigint;
  readonly value: bigint;
  readonly expected?: string;
}

/** Receives an area piece by piece: nothing of it is kept. */
export interface VmallocVisitor {
  chunk(address: bigint): void;
  /** Address of a run of 2^order pages, and the address at which the entry stands. */
  entry(address: bigint, at: bigint): void;
  fault(fault: VmallocFault): void;
}

/** Entries read of all areas of a handover at most: the arrays of memfds of 8 TiB. */
const MAX_ENTRIES = 1 << 21;

/**
 * What all areas of a handover share: no page is a chunk of two of them, and there is an end to the entries that are read. Without
 * that the work of a hostile dump would grow with the number of areas times the length of one chain that all of them name.
 */
export class VmallocBudget {
  readonly #chunks = new Set<bigint>();
  #entries = MAX_ENTRIES;

  /** Whether a chunk is met for the first time. */
  isNew(chunk: bigint): boolean {
    if (this.#chunks.has(chunk)) return false;
    this.#chunks.add(chunk);
    return true;
  }

  /** Counts entries; false when there were too many. */
  spend(entries: number): boolean {
    this.#entries -= entries;
    return this.#entries >= 0;
  }
}

/** Reads an area's chunks without stopping at what is wrong. Work is bounded by the budget. */
export function surveyVmalloc(
  target: Target,
  memory: PhysicalMemory,
  { first, totalPages, order }: VmallocDescriptor,
  budget: VmallocBudget,
  visitor: VmallocVisitor,
): void {
  const { vmalloc } = target.abi;
  const layout = target.abi.struct(vmalloc.chunk, target.pageShift);
  const perChunk = vmalloc.entriesPerChunk[pageSizeName(target.pageShift)];
  const nextAt = fieldOf(layout, 'next').offset;
  const wanted = entryCount(totalPages, order);
  const most = chunkCount(wanted, perChunk);
  const fault = (kind: VmallocFaultKind, address: bigint, value: bigint, expected?: string): void =>
    visitor.fault({ kind, address, value, ...(expected === undefined ? {} : { expected }) });
  const own = new Set<bigint>();
  const mask = BigInt(layout.size - 1);
  let entries = 0;
  let from = first;
  for (let at = first; at !== 0n; ) {
    if ((at & mask) !== 0n) {
      fault('chunk-misaligned', from, at);
      return;
    }
    if (own.has(at)) {
      fault('chunk-cycle', from, at);
      return;
    }
    if (own.size >= most) {
      fault('chunk-too-many', from, at, `${most} chunks`);
      return;
    }
    own.add(at);
    if (!budget.isNew(at)) {
      fault('chunk-shared', from, at);
      return;
    }
    const page = memory.read(at, layout.size);
    if (page === undefined) {
      fault('chunk-not-in-dump', from, at);
      return;
    }
    visitor.chunk(at);
    const used = readEntries(target, page, at, order, visitor);
    entries += used;
    if (!budget.spend(used)) {
      fault('too-large', at, BigInt(entries), `at most ${MAX_ENTRIES} in all`);
      return;
    }
    const next = readU64(page, nextAt, target.byteOrder);
    if (next !== 0n && used < perChunk) {
      fault('chunk-short', at, BigInt(used), `${perChunk} entries`);
    }
    from = at + BigInt(nextAt);
    at = next;
  }
  if (entries !== wanted) fault('count', first, BigInt(entries), `${wanted} entries for ${totalPages} pages`);
}

/** Entries of one chunk up to its first 0, as every reader takes them; gives their number. */
function readEntries(
  { abi, byteOrder, pageShift }: Target,
  page: Uint8Array,
  chunk: bigint,
  order: number,
  visitor: VmallocVisitor,
): number {
  const { offset, elements } = fieldOf(abi.struct(abi.vmalloc.chunk, pageShift), 'phys');
  const pageMask = (1n << BigInt(pageShift)) - 1n;
  const runMask = (1n << BigInt(pageShift + order)) - 1n;
  let used = 0;
  for (; used < elements; used++) {
    const entry = readU64(page, offset + 8 * used, byteOrder);
    if (entry === 0n) break;
    const at = chunk + BigInt(offset + 8 * used);
    if ((entry & pageMask) !== 0n) visitor.fault({ kind: 'entry-misaligned', address: at, value: entry });
    else {
      if ((entry & runMask) !== 0n)
        visitor.fault({
          kind: 'run-misaligned',
          address: at,
          value: entry,
          expected: `a multiple of 0x${(runMask + 1n).toString(16)}`,
        });
      visitor.entry(entry, at);
    }
  }
  for (let slot = used + 1; slot < elements; slot++) {
    const value = readU64(page, offset + 8 * slot, byteOrder);
    if (value === 0n) continue;
    visitor.fault({ kind: 'chunk-tail', address: chunk + BigInt(offset + 8 * slot), value });
    break;
  }
  return used;
}
