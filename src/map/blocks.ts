import { hex } from '../bytes/index.js';
import { type ChunkCounts, type ChunkSource, walkBitmaps } from './chunk-walk.js';
import type { RadixGeometry } from './geometry.js';
import { decodeKeyUnchecked } from './key.js';
import { forEachBit, forEachBitRun, forEachBlock } from './leaf-scan.js';
import { floorLog2 } from './split.js';
import { type RadixSource, type WalkCounts, walkLeaves } from './walk.js';
import { wordView } from './words.js';

/**
 * How order-0 pages of a tree that lost their order bit are read: as every kernel does (`kernel`, a wrong block), or as
 * what was meant (`recovered`). The two agree for all other trees.
 */
export type Reading = 'kernel' | 'recovered';

/** A memory map of either kind that somebody made. */
export type MapSource = RadixSource | ChunkSource;

/** What a walk met besides blocks, by the kind of map. */
export type MapCounts = ({ kind: 'radix' } & WalkCounts) | ({ kind: 'chunks' } & ChunkCounts);

/** Whether a map is a radix tree; else it is a chunk list. */
export function isRadix(source: MapSource): source is RadixSource {
  return source.geometry.kind === 'radix';
}

/** Receives preserved memory in walk order. PFNs and counts are exact numbers below 2^53. */
export interface RunVisitor {
  /** `count` neighbouring blocks of 2^order pages from `pfn`. */
  run(pfn: number, order: number, count: number): void;
  /** A set bit that is no block; `leaf` is the address of the page that holds it. */
  badKey?(key: bigint, leaf: bigint): void;
}

/** Walks a map and gives runs of neighbouring blocks of one order, joined across leaves and bitmaps. */
export function walkRuns(source: MapSource, visitor: RunVisitor, reading: Reading = 'kernel'): MapCounts {
  const view = wordView(source.byteOrder);
  let pfn = 0;
  let order = 0;
  let count = 0;
  const flush = (): void => {
    if (count > 0) visitor.run(pfn, order, count);
    count = 0;
  };
  const add = (nextPfn: number, nextOrder: number, nextCount: number): void => {
    if (count > 0 && nextOrder === order && nextPfn === pfn + count * 2 ** order) {
      count += nextCount;
      return;
    }
    flush();
    pfn = nextPfn;
    order = nextOrder;
    count = nextCount;
  };
  if (!isRadix(source)) {
    const met = walkBitmaps(source, ({ pfn: first, order: of, span }) => {
      forEachBitRun(span, view, (bit, bits) => add(first + bit * 2 ** of, of, bits));
    });
    flush();
    return { kind: 'chunks', ...met };
  }
  const { geometry } = source;
  const counts = walkLeaves(source, (leaf, span, address) => {
    const shape = leafShape(geometry, leaf, reading);
    if (shape !== undefined) {
      forEachBitRun(span, view, (bit, bits) => add(shape.pfn + bit * 2 ** shape.order, shape.order, bits));
      return;
    }
    forEachBit(span, view, (bit) => {
      const block = mixedBlock(geometry, leaf, bit, reading);
      if (block !== undefined) {
        add(block.pfn, block.order, 1);
        return;
      }
      flush();
      visitor.badKey?.(BigInt(leaf) * 2n ** BigInt(geometry.bitmapBits) + BigInt(bit), address);
    });
  });
  flush();
  return { kind: 'radix', ...counts };
}

/** Walks a map block by block. For hot loops over millions of blocks; `walkRuns` is faster where runs will do. */
export function walkBlocks(
  source: MapSource,
  visit: (pfn: number, order: number) => void,
  badKey: (key: bigint, leaf: bigint) => void = () => {},
  reading: Reading = 'kernel',
): MapCounts {
  const view = wordView(source.byteOrder);
  if (!isRadix(source)) {
    const met = walkBitmaps(source, ({ pfn, order, span }) => forEachBlock(span, view, pfn, order, visit));
    return { kind: 'chunks', ...met };
  }
  const { geometry } = source;
  const counts = walkLeaves(source, (leaf, span, address) => {
    const shape = leafShape(geometry, leaf, reading);
    if (shape !== undefined) {
      forEachBlock(span, view, shape.pfn, shape.order, visit);
      return;
    }
    forEachBit(span, view, (bit) => {
      const block = mixedBlock(geometry, leaf, bit, reading);
      if (block !== undefined) visit(block.pfn, block.order);
      else badKey(BigInt(leaf) * 2n ** BigInt(geometry.bitmapBits) + BigInt(bit), address);
    });
  });
  return { kind: 'radix', ...counts };
}

/** Order and first PFN of a leaf whose bits all have one order; undefined for leaf 0 and for keys that are no blocks. */
export function leafShape(
  geometry: RadixGeometry,
  leaf: number,
  reading: Reading,
): { pfn: number; order: number } | undefined {
  if (leaf === 0) return undefined;
  const top = geometry.bitmapBits + floorLog2(leaf);
  const order = geometry.order0Bit - top;
  if (order < 0) return undefined;
  const first = leaf * 2 ** geometry.bitmapBits;
  if (isLost(geometry, order, reading)) return { pfn: first, order: 0 };
  return { pfn: (first - 2 ** top) * 2 ** order, order };
}

/** A block of leaf 0, whose bits have many orders; undefined for a key that is no block. */
export function mixedBlock(
  geometry: RadixGeometry,
  leaf: number,
  bit: number,
  reading: Reading,
): { pfn: number; order: number } | undefined {
  if (leaf === 0 && isLost(geometry, geometry.order0Bit, reading)) return { pfn: bit, order: 0 };
  if (leaf !== 0 || bit < 2) return undefined;
  const top = floorLog2(bit);
  const order = geometry.order0Bit - top;
  return { pfn: (bit - 2 ** top) * 2 ** order, order };
}

function isLost(geometry: RadixGeometry, order: number, reading: Reading): boolean {
  return (
    reading === 'recovered' && geometry.lostOrderBit !== undefined && order >= geometry.lostOrderBit.fromOrder
  );
}

/** Text of the walk, one `address order` line for each block, as golden files have it. */
export function walkText(source: MapSource): string {
  const lines: string[] = [];
  const shift = BigInt(source.geometry.pageShift);
  walkBlocks(
    source,
    (pfn, order) => lines.push(`${hex(BigInt(pfn) << shift)} ${order}`),
    (key) => {
      // Only a radix tree has keys.
      const block = decodeKeyUnchecked((source as RadixSource).geometry, key);
      lines.push(`${hex(block.address)} ${block.order}`);
    },
  );
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
