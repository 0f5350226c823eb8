import { type ByteOrder, hex, KhoError, readU64 } from '../bytes/index.js';
import { type PhysicalMemory, readPresent, type WordSpan } from '../memory/index.js';
import type { ChunkGeometry } from './chunk-geometry.js';
import { isZero } from './leaf-scan.js';
import { asWords } from './words.js';

/** A list of chunks in memory that somebody made. */
export interface ChunkSource {
  readonly memory: PhysicalMemory;
  /** Physical address of the first chunk; 0 when nothing is preserved. */
  readonly root: bigint;
  readonly geometry: ChunkGeometry;
  readonly byteOrder: ByteOrder;
}

/** One bitmap of the list as the walk meets it. */
export interface BitmapEntry {
  readonly order: number;
  /** First PFN that the bitmap covers: that of bit 0. */
  readonly pfn: number;
  readonly span: WordSpan;
  /** Physical address of the bitmap. */
  readonly bitmap: bigint;
  /** Physical address of the entry in its chunk. */
  readonly entry: bigint;
}

/** What the walk of a chunk list met besides blocks. */
export interface ChunkCounts {
  chunks: number;
  bitmaps: number;
  /** Bitmaps without a set bit: legal leftovers of unpreserving. */
  emptyBitmaps: number;
}

/** Bytes of one folio must fit 64 bits. */
const ADDRESS_BITS = 64;

/**
 * Walks a chunk list as the next kernel does: chunk after chunk, entry after entry. Unlike a kernel it checks everything: chunks
 * must be pages that the dump holds and be reached once, counts must fit a chunk, each bitmap must be aligned to its size, be in
 * the dump and be named once, and the address of bit 0 must be a multiple of what the bitmap spans. So the work is bounded by the
 * number of pages in the dump.
 *
 * @throws KhoError `E_CHUNKS` or `E_NOT_IN_DUMP` with the physical address of the chunk or entry.
 * Source: kho_mem_deserialize, Linux 6.16 to 7.0, which checks less.
 */
export function walkBitmaps(source: ChunkSource, visit: (entry: BitmapEntry) => void): ChunkCounts {
  const { geometry, memory, byteOrder } = source;
  const { fields, entriesPerChunk, pageShift } = geometry;
  const pageSize = 2 ** pageShift;
  const counts: ChunkCounts = { chunks: 0, bitmaps: 0, emptyBitmaps: 0 };
  const seen = new Set<bigint>();
  const named = new Set<bigint>();
  for (let at = source.root; at !== 0n; ) {
    if (at % BigInt(pageSize) !== 0n) throw fault(source, at, 'a chunk is not page aligned', {});
    if (seen.has(at)) throw fault(source, at, 'a chunk is reached twice', {});
    seen.add(at);
    const chunk = readPresent(memory, at, pageSize, `kho_mem_chunk ${counts.chunks}`);
    counts.chunks++;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const order = view.getUint32(fields.order, byteOrder === 'little');
    const used = view.getUint32(fields.count, byteOrder === 'little');
    if (used > entriesPerChunk)
      throw fault(source, at, 'a chunk says it has more entries than fit', {
        found: `${used}`,
        expected: `at most ${entriesPerChunk}`,
      });
    if (order + pageShift >= ADDRESS_BITS)
      throw fault(source, at, 'an order that no block can have', {
        found: `${order | 0}`,
        expected: `at most ${ADDRESS_BITS - 1 - pageShift}`,
      });
    for (let index = 0; index < used; index++) {
      const offset = fields.entries + index * fields.entrySize;
      const entry = at + BigInt(offset);
      const start = readU64(chunk, offset + fields.physStart, byteOrder);
      const bitmap = readU64(chunk, offset + fields.bitmap, byteOrder);
      if (named.has(bitmap)) throw fault(source, entry, 'a bitmap is named twice', { found: hex(bitmap) });
      named.add(bitmap);
      const pfn = firstPfn(source, order, start, entry);
      const span = readBitmap(source, bitmap, entry);
      counts.bitmaps++;
      if (isZero(span)) counts.emptyBitmaps++;
      else visit({ order, pfn, span, bitmap, entry });
    }
    at = readU64(chunk, fields.next, byteOrder);
  }
  return counts;
}

function firstPfn(source: ChunkSource, order: number, start: bigint, entry: bigint): number {
  const { bits, pageShift } = source.geometry;
  const spanOf = BigInt(bits) << BigInt(order + pageShift);
  if (start % spanOf !== 0n) {
    throw fault(source, entry, 'the first address of a bitmap is not a multiple of what it spans', {
      found: hex(start),
      expected: `a multiple of ${hex(spanOf)}`,
    });
  }
  return Number(start >> BigInt(pageShift));
}

function readBitmap(source: ChunkSource, bitmap: bigint, entry: bigint): WordSpan {
  const { bitmapBytes } = source.geometry;
  if (bitmap % BigInt(bitmapBytes) !== 0n) {
    throw fault(source, entry, 'a bitmap is not aligned to its size', {
      found: hex(bitmap),
      expected: `a multiple of ${bitmapBytes}`,
    });
  }
  const words = asWords(
    readPresent(source.memory, bitmap, bitmapBytes, `bitmap, named by the entry at ${hex(entry)}`),
  );
  return { words, start: 0, length: words.length };
}

function fault(
  source: ChunkSource,
  address: bigint,
  summary: string,
  facts: { found?: string; expected?: string },
): KhoError {
  return new KhoError('E_CHUNKS', summary, {
    source: source.memory.source,
    address,
    ...facts,
    hint: 'a damaged list, or read with the wrong byte order, page size or bitmap size',
  });
}
