import { fieldOf, type PlacedStruct, pageSizeName, type Target } from '../abi/index.js';
import { hex, KhoError, readU64 } from '../bytes/index.js';
import { type PhysicalMemory, readPresent } from '../memory/index.js';
import { chunkCount, entryCount, type VmallocDescriptor } from './descriptor.js';

/** One chunk of a list. */
export interface VmallocChunk {
  readonly address: bigint;
  readonly next: bigint;
  /** Physical address of each contiguous run of 2^order pages. */
  readonly entries: readonly bigint[];
}

/** Entries kept for one area at most: 64 Mi entries would be 256 GiB of order-0 pages. */
const MAX_ENTRIES = 1 << 26;

/** Highest order a descriptor may have; above it an entry would be larger than any machine. */
const MAX_ORDER = 52;

/**
 * Reads the chunk list of an area and checks it against its descriptor: every chunk page aligned, in the dump and reached
 * once; every entry page aligned; as many entries as total_pages and order ask for, chunk after chunk full but the last.
 *
 * @throws KhoError `E_VMALLOC`, `E_NOT_IN_DUMP` or `E_LIMIT` with the physical address of chunk or entry.
 * Source: kho_restore_vmalloc, Linux 6.18 to 7.3, which checks less.
 */
export function readVmalloc(
  target: Target,
  memory: PhysicalMemory,
  descriptor: VmallocDescriptor,
): VmallocChunk[] {
  const { vmalloc } = target.abi;
  const layout = target.abi.struct(vmalloc.chunk, target.pageShift);
  const perChunk = vmalloc.entriesPerChunk[pageSizeName(target.pageShift)];
  const fail: Fail = (summary, address, facts) =>
    new KhoError('E_VMALLOC', summary, { source: memory.source, address, ...facts });

  if (descriptor.order > MAX_ORDER) {
    throw fail('order too large', descriptor.first, {
      found: `${descriptor.order}`,
      expected: `at most ${MAX_ORDER}`,
    });
  }
  const wanted = entryCount(descriptor.totalPages, descriptor.order);
  if (wanted > MAX_ENTRIES) {
    throw new KhoError('E_LIMIT', 'vmalloc area too large', {
      source: memory.source,
      found: `${wanted} entries`,
    });
  }
  const chunks: VmallocChunk[] = [];
  const seen = new Set<bigint>();
  let total = 0;
  for (let at = descriptor.first; at !== 0n; ) {
    if ((at & BigInt(layout.size - 1)) !== 0n) throw fail('a chunk is not page aligned', at, {});
    if (seen.has(at))
      throw fail('a chunk is reached twice', at, { found: `a cycle after ${chunks.length} chunks` });
    seen.add(at);
    if (chunks.length >= chunkCount(wanted, perChunk)) {
      throw fail('more chunks than the area needs', at, { expected: `${chunkCount(wanted, perChunk)}` });
    }
    const page = readPresent(memory, at, layout.size, `${layout.name} ${chunks.length}`);
    const chunk = readChunk(target, layout, page, at, fail);
    chunks.push(chunk);
    total += chunk.entries.length;
    if (chunk.next !== 0n && chunk.entries.length < perChunk) {
      throw fail('a chunk that is not full has a next one', at, {
        found: `${chunk.entries.length} entries, next ${hex(chunk.next)}`,
      });
    }
    at = chunk.next;
  }
  if (total !== wanted) {
    throw fail('the number of entries contradicts total_pages', descriptor.first, {
      found: `${total} entries of order ${descriptor.order}`,
      expected: `${wanted} for ${descriptor.totalPages} pages`,
    });
  }
  return chunks;
}

type Fail = (summary: string, address: bigint, facts: { found?: string; expected?: string }) => KhoError;

function readChunk(
  target: Target,
  layout: PlacedStruct,
  page: Uint8Array,
  address: bigint,
  fail: Fail,
): VmallocChunk {
  const field = fieldOf(layout, 'phys');
  const mask = BigInt(layout.size - 1);
  const entries: bigint[] = [];
  for (let slot = 0; slot < field.elements; slot++) {
    const at = field.offset + 8 * slot;
    const entry = readU64(page, at, target.byteOrder);
    if (entry === 0n) break;
    if ((entry & mask) !== 0n)
      throw fail('an entry is not page aligned', address + BigInt(at), { found: hex(entry) });
    entries.push(entry);
  }
  return { address, next: readU64(page, fieldOf(layout, 'next').offset, target.byteOrder), entries };
}

/** Text of areas as golden files have it; `number` is the area's place among the scenario's vmalloc lines. */
export function vmallocText(
  areas: Iterable<{ number: number; descriptor: VmallocDescriptor; chunks: readonly VmallocChunk[] }>,
): string {
  const lines: string[] = [];
  for (const { number, descriptor, chunks } of areas) {
    const { first, totalPages, flags, order } = descriptor;
    lines.push(
      `vmalloc ${number} first=${hex(first)} total_pages=${totalPages} flags=${hex(flags)} order=${order}`,
    );
    for (const [index, chunk] of chunks.entries()) {
      lines.push(
        `chunk ${index} phys=${hex(chunk.address)} next=${hex(chunk.next)} entries=${chunk.entries.length}`,
      );
      for (const entry of chunk.entries) lines.push(` ${hex(entry)}`);
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
