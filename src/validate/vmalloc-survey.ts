import { fieldOf, pageSizeName, type Target } from '../abi/index.js';
import { readU64 } from '../bytes/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { chunkCount, entryCount, type VmallocDescriptor } from '../vmalloc/index.js';

/** What can be wrong with an area. */
export type VmallocFaultKind =
  | 'chunk-misaligned'
  | 'chunk-not-in-dump'
  | 'chunk-cycle'
  | 'chunk-too-many'
  | 'chunk-short'
  | 'chunk-tail'
  | 'entry-misaligned'
  | 'count';

/** One fault, and where it stands. */
export interface VmallocFault {
  readonly kind: VmallocFaultKind;
  readonly address: bigint;
  readonly value: bigint;
  readonly expected?: string;
}

/** An area as it stands in a dump, damage and all. */
export interface VmallocSurvey {
  readonly faults: readonly VmallocFault[];
  readonly chunks: readonly bigint[];
  /** Entries in the order of the mapping, with the address at which each stands. */
  readonly entries: readonly { readonly address: bigint; readonly at: bigint }[];
}

/** Entries read of one area at most: 16 GiB of order-0 pages. */
const MAX_ENTRIES = 1 << 22;
const FAULTS = 50;

/** Reads an area's chunks without stopping at what is wrong. The number of chunks bounds the work. */
export function surveyVmalloc(
  target: Target,
  memory: PhysicalMemory,
  { first, totalPages, order }: VmallocDescriptor,
): VmallocSurvey {
  const { vmalloc } = target.abi;
  const layout = target.abi.struct(vmalloc.chunk, target.pageShift);
  const perChunk = vmalloc.entriesPerChunk[pageSizeName(target.pageShift)];
  const entriesAt = fieldOf(layout, 'phys').offset;
  const nextAt = fieldOf(layout, 'next').offset;
  const wanted = order > 52 ? 0 : entryCount(totalPages, order);
  const most = Math.min(chunkCount(wanted, perChunk), Math.ceil(MAX_ENTRIES / perChunk));
  const faults: VmallocFault[] = [];
  const fault = (kind: VmallocFaultKind, address: bigint, value: bigint, expected?: string): void => {
    if (faults.length < FAULTS)
      faults.push({ kind, address, value, ...(expected === undefined ? {} : { expected }) });
  };
  const chunks: bigint[] = [];
  const entries: { address: bigint; at: bigint }[] = [];
  const mask = BigInt(layout.size - 1);
  for (let at = first, from = first; at !== 0n; ) {
    if ((at & mask) !== 0n) {
      fault('chunk-misaligned', from, at);
      break;
    }
    if (chunks.includes(at) || chunks.length >= most) {
      fault(chunks.includes(at) ? 'chunk-cycle' : 'chunk-too-many', from, at, `${most} chunks`);
      break;
    }
    const page = memory.read(at, layout.size);
    if (page === undefined) {
      fault('chunk-not-in-dump', from, at);
      break;
    }
    chunks.push(at);
    let used = 0;
    while (used < perChunk && readU64(page, entriesAt + 8 * used, target.byteOrder) !== 0n) {
      const address = readU64(page, entriesAt + 8 * used, target.byteOrder);
      const where = at + BigInt(entriesAt + 8 * used);
      if ((address & mask) !== 0n) fault('entry-misaligned', where, address);
      else if (entries.length < MAX_ENTRIES) entries.push({ address, at: where });
      used++;
    }
    const next = readU64(page, nextAt, target.byteOrder);
    if (next !== 0n && used < perChunk) fault('chunk-short', at, BigInt(used), `${perChunk} entries`);
    for (let slot = used + 1; slot < perChunk; slot++) {
      if (readU64(page, entriesAt + 8 * slot, target.byteOrder) === 0n) continue;
      fault(
        'chunk-tail',
        at + BigInt(entriesAt + 8 * slot),
        readU64(page, entriesAt + 8 * slot, target.byteOrder),
      );
      break;
    }
    from = at + BigInt(nextAt);
    at = next;
  }
  const whole = !faults.some(({ kind }) => kind !== 'chunk-tail' && kind !== 'entry-misaligned');
  if (whole && entries.length !== wanted && entries.length < MAX_ENTRIES)
    fault('count', first, BigInt(entries.length), `${wanted} entries for ${totalPages} pages`);
  return { faults, chunks, entries };
}
