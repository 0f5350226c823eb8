import { type ByteOrder, hex, KhoError } from '../bytes/index.js';
import { notInDump, type PhysicalMemory } from '../memory/index.js';
import type { RadixGeometry } from './geometry.js';
import { decodeKeyUnchecked } from './key.js';
import { forEachBit, forEachBitRun, isZero } from './leaf-scan.js';
import { floorLog2 } from './split.js';
import { asWords, wordBigAt, wordView } from './words.js';

/** A tree in memory that somebody made. */
export interface RadixSource {
  readonly memory: PhysicalMemory;
  readonly root: bigint;
  readonly geometry: RadixGeometry;
  readonly byteOrder: ByteOrder;
}

/**
 * How order-0 pages of a tree that lost their order bit are read: as every kernel does (`kernel`, a wrong block), or as
 * what was meant (`recovered`). The two agree for all other trees.
 */
export type Reading = 'kernel' | 'recovered';

/** A leaf as the walk meets it: its number (the key without leaf bits), its address, its words in memory order. */
export type LeafVisitor = (leaf: number, words: Uint32Array, address: bigint) => void;

/** Receives preserved memory in walk order. PFNs and counts are exact numbers below 2^53. */
export interface RunVisitor {
  /** `count` neighbouring blocks of 2^order pages from `pfn`. */
  run(pfn: number, order: number, count: number): void;
  /** A set bit that is no block; `leaf` is the address of the page that holds it. */
  badKey?(key: bigint, leaf: bigint): void;
}

/** What the walk met besides blocks. */
export interface WalkCounts {
  /** Tables, root included. */
  tables: number;
  leaves: number;
  /** Leaves without a set bit: legal leftovers of deleting. */
  emptyLeaves: number;
}

/**
 * Walks a tree as the next kernel does: depth first, ascending index, without recursion. Unlike a kernel it checks everything:
 * entries must be page addresses that the dump holds, and no page may be reached twice, which also bounds the work by the
 * number of pages in the dump.
 *
 * @throws KhoError `E_RADIX` or `E_NOT_IN_DUMP` with the physical address of the entry.
 */
export function walkLeaves(source: RadixSource, visit: LeafVisitor): WalkCounts {
  const { geometry, byteOrder } = source;
  const view = wordView(byteOrder);
  const counts: WalkCounts = { tables: 1, leaves: 0, emptyLeaves: 0 };
  const pageSize = 2 ** geometry.pageShift;
  const entries = 2 ** geometry.tableBits;
  const pageMask = BigInt(pageSize - 1);
  const seen = new Set<bigint>([source.root]);
  if ((source.root & pageMask) !== 0n)
    throw badEntry(source, source.root, source.root, 'the root is not page aligned');
  const frames = [
    { address: source.root, words: pageAt(source, source.root, 'radix root'), index: 0, prefix: 0 },
  ];
  while (frames.length > 0) {
    const frame = frames[frames.length - 1]!;
    const { words: table } = frame;
    let index = frame.index;
    while (index < entries && (table[2 * index]! | table[2 * index + 1]!) === 0) index++;
    frame.index = index + 1;
    if (index >= entries) {
      frames.pop();
      continue;
    }
    const address = wordBigAt(table, index, view);
    const entryAt = frame.address + BigInt(8 * index);
    if ((address & pageMask) !== 0n)
      throw badEntry(source, entryAt, address, 'a table entry is not page aligned');
    if (seen.has(address)) throw badEntry(source, entryAt, address, 'a page of the tree is reached twice');
    seen.add(address);
    const level = geometry.depth - 1 - frames.length;
    const words = pageAt(
      source,
      address,
      level === 0 ? 'radix leaf' : `radix table of level ${level}`,
      entryAt,
    );
    const prefix = frame.prefix * entries + index;
    if (level > 0) {
      counts.tables++;
      frames.push({ address, words, index: 0, prefix });
    } else {
      counts.leaves++;
      if (isZero(words)) counts.emptyLeaves++;
      else visit(prefix, words, address);
    }
  }
  return counts;
}

/** Walks a tree and gives runs of neighbouring blocks of one order, joined across leaves. */
export function walkRuns(source: RadixSource, visitor: RunVisitor, reading: Reading = 'kernel'): WalkCounts {
  const { geometry } = source;
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
  const counts = walkLeaves(source, (leaf, words, address) => {
    const shape = leafShape(geometry, leaf, reading);
    if (shape !== undefined) {
      forEachBitRun(words, view, (bit, bits) => add(shape.pfn + bit * 2 ** shape.order, shape.order, bits));
      return;
    }
    forEachBit(words, view, (bit) => {
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
  return counts;
}

/** Walks a tree block by block. For hot loops over millions of blocks; `walkRuns` is faster where runs will do. */
export function walkBlocks(
  source: RadixSource,
  visit: (pfn: number, order: number) => void,
  badKey: (key: bigint, leaf: bigint) => void = () => {},
  reading: Reading = 'kernel',
): WalkCounts {
  const { geometry } = source;
  const view = wordView(source.byteOrder);
  return walkLeaves(source, (leaf, words, address) => {
    const shape = leafShape(geometry, leaf, reading);
    if (shape !== undefined) {
      const { pfn, order } = shape;
      const pages = 2 ** order;
      forEachBit(words, view, (bit) => visit(pfn + bit * pages, order));
      return;
    }
    forEachBit(words, view, (bit) => {
      const block = mixedBlock(geometry, leaf, bit, reading);
      if (block !== undefined) visit(block.pfn, block.order);
      else badKey(BigInt(leaf) * 2n ** BigInt(geometry.bitmapBits) + BigInt(bit), address);
    });
  });
}

/** Order and first PFN of a leaf whose bits all have one order; undefined for leaf 0 and for keys that are no blocks. */
function leafShape(
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
function mixedBlock(
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

function pageAt(source: RadixSource, address: bigint, what: string, entryAt?: bigint): Uint32Array {
  const length = 2 ** source.geometry.pageShift;
  const bytes = source.memory.read(address, length);
  if (bytes === undefined) {
    const from = entryAt === undefined ? what : `${what}, named by the entry at ${hex(entryAt)}`;
    throw notInDump(source.memory, address, length, from);
  }
  return asWords(bytes);
}

function badEntry(source: RadixSource, entryAt: bigint, found: bigint, summary: string): KhoError {
  return new KhoError('E_RADIX', summary, {
    source: source.memory.source,
    address: entryAt,
    found: hex(found),
    hint: 'a damaged tree, or read with the wrong byte order, page size or depth',
  });
}

/** Text of the walk, one `address order` line for each block, as golden files have it. */
export function walkText(source: RadixSource): string {
  const lines: string[] = [];
  const shift = BigInt(source.geometry.pageShift);
  walkBlocks(
    source,
    (pfn, order) => lines.push(`${hex(BigInt(pfn) << shift)} ${order}`),
    (key) => {
      const block = decodeKeyUnchecked(source.geometry, key);
      lines.push(`${hex(block.address)} ${block.order}`);
    },
  );
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
