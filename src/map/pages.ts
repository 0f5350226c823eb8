import { KhoError, readU64 } from '../bytes/index.js';
import { isRadix, type MapSource } from './blocks.js';
import { type ChunkSource, walkBitmaps } from './chunk-walk.js';
import type { RadixSource } from './walk.js';

/** A page of the map itself, as a drawing needs it. */
export interface MapPage {
  readonly kind: 'table' | 'leaf' | 'chunk' | 'bitmap';
  readonly address: bigint;
  /** The table or chunk that names it, and its place there; undefined for the root and the first chunk. */
  readonly parent: bigint | undefined;
  readonly index: number;
  /** Tables and leaves: levels below; a leaf has 0. Chunks and bitmaps: order of their blocks. */
  readonly level: number;
}

/**
 * Tables and leaves, or chunks and bitmaps, with who names whom; parents first. For a map that was walked before: it must be
 * sound.
 *
 * @param limit pages at most
 * @throws KhoError `E_LIMIT`
 */
export function mapPages(source: MapSource, limit: number): MapPage[] {
  if (source.root === 0n) return [];
  const pages: MapPage[] = [];
  const add = (page: MapPage): void => {
    if (pages.length >= limit)
      throw new KhoError('E_LIMIT', 'the map has too many pages', { expected: `at most ${limit}` });
    pages.push(page);
  };
  if (isRadix(source)) radixPages(source, add);
  else chunkPages(source, add);
  return pages;
}

function radixPages({ memory, root, geometry, byteOrder }: RadixSource, add: (page: MapPage) => void): void {
  const size = 2 ** geometry.pageShift;
  const open: MapPage[] = [
    { kind: 'table', address: root, parent: undefined, index: 0, level: geometry.depth - 1 },
  ];
  for (let page = open.pop(); page !== undefined; page = open.pop()) {
    add(page);
    if (page.level === 0) continue;
    const bytes = memory.read(page.address, size)!;
    for (let index = 2 ** geometry.tableBits - 1; index >= 0; index--) {
      const address = readU64(bytes, 8 * index, byteOrder);
      if (address === 0n) continue;
      const level = page.level - 1;
      open.push({ kind: level === 0 ? 'leaf' : 'table', address, parent: page.address, index, level });
    }
  }
}

function chunkPages(source: ChunkSource, add: (page: MapPage) => void): void {
  const { memory, geometry, byteOrder } = source;
  const { fields } = geometry;
  const size = 2 ** geometry.pageShift;
  // Checks the list, so that the loop below cannot run for ever.
  walkBitmaps(source, () => {});
  let parent: bigint | undefined;
  for (let at = source.root; at !== 0n; ) {
    const chunk = memory.read(at, size)!;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const level = view.getUint32(fields.order, byteOrder === 'little');
    const used = view.getUint32(fields.count, byteOrder === 'little');
    add({ kind: 'chunk', address: at, parent, index: 0, level });
    for (let index = 0; index < used; index++) {
      const address = readU64(chunk, fields.entries + index * fields.entrySize + fields.bitmap, byteOrder);
      add({ kind: 'bitmap', address, parent: at, index, level });
    }
    parent = at;
    at = readU64(chunk, fields.next, byteOrder);
  }
}
