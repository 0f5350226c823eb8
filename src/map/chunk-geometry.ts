import { type Abi, type ChunkMap, type PageShift, pageSizeName } from '../abi/index.js';

/** Shape of a chunk list of bitmaps (kho-v1) for one ABI and page size. */
export interface ChunkGeometry {
  readonly kind: 'chunks';
  readonly pageShift: PageShift;
  /** Bytes of one bitmap. */
  readonly bitmapBytes: number;
  /** Bits of one bitmap. */
  readonly bits: number;
  readonly entriesPerChunk: number;
  /** Places of the fields of a chunk, and of an entry inside its 16 bytes. */
  readonly fields: {
    readonly next: number;
    readonly order: number;
    readonly count: number;
    readonly entries: number;
    readonly entrySize: number;
    readonly physStart: number;
    readonly bitmap: number;
  };
}

/** Geometry of an ABI whose memory map is a list of chunks. */
export function chunkGeometry(abi: Abi, map: ChunkMap, pageShift: PageShift): ChunkGeometry {
  const { bitmapBytes, entriesPerChunk } = map.geometry[pageSizeName(pageShift)];
  const chunk = abi.struct(map.chunk, pageShift);
  const entry = abi.struct(map.entry, pageShift);
  const at = (struct: typeof chunk, name: string): number =>
    struct.fields.find((field) => field.name === name)!.offset;
  return {
    kind: 'chunks',
    pageShift,
    bitmapBytes,
    bits: bitmapBytes * 8,
    entriesPerChunk,
    fields: {
      next: at(chunk, 'next'),
      order: at(chunk, 'order'),
      count: at(chunk, 'num_elms'),
      entries: at(chunk, 'entries'),
      entrySize: entry.size,
      physStart: at(entry, 'phys_start'),
      bitmap: at(entry, 'bitmap'),
    },
  };
}
