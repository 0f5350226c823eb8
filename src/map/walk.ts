import { type ByteOrder, hex, KhoError } from '../bytes/index.js';
import { notInDump, type PhysicalMemory, type WordSpan } from '../memory/index.js';
import type { RadixGeometry } from './geometry.js';
import { isZero } from './leaf-scan.js';
import { asWords, wordBigAt, wordView } from './words.js';

/** A tree in memory that somebody made. */
export interface RadixSource {
  readonly memory: PhysicalMemory;
  readonly root: bigint;
  readonly geometry: RadixGeometry;
  readonly byteOrder: ByteOrder;
}

/** A leaf as the walk meets it: its number (the key without leaf bits), its address, its words in memory order. */
export type LeafVisitor = (leaf: number, span: WordSpan, address: bigint) => void;

/** What the walk met besides blocks. */
export interface WalkCounts {
  /** Tables, root included. */
  tables: number;
  leaves: number;
  /** Leaves without a set bit: legal leftovers of deleting. */
  emptyLeaves: number;
}

/** Pages of a tree at most: enough for 128 TiB in single pages of 4K. In a sparse dump of little data every hole could be a leaf. */
const MAX_PAGES = 1 << 20;

/**
 * Walks a tree as the next kernel does: depth first, ascending index, without recursion. Unlike a kernel it checks everything:
 * entries must be page addresses that the dump holds, and no page may be reached twice, which also bounds the work by the
 * number of pages in the dump.
 *
 * @throws KhoError `E_RADIX`, `E_NOT_IN_DUMP` or `E_LIMIT` with the physical address of the entry.
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
    { address: source.root, span: pageAt(source, source.root, 'radix root'), index: 0, prefix: 0 },
  ];
  while (frames.length > 0) {
    const frame = frames[frames.length - 1]!;
    const { words, start } = frame.span;
    let index = frame.index;
    while (index < entries && (words[start + 2 * index]! | words[start + 2 * index + 1]!) === 0) index++;
    frame.index = index + 1;
    if (index >= entries) {
      frames.pop();
      continue;
    }
    const address = wordBigAt(words, start / 2 + index, view);
    const entryAt = frame.address + BigInt(8 * index);
    if ((address & pageMask) !== 0n)
      throw badEntry(source, entryAt, address, 'a table entry is not page aligned');
    if (seen.has(address)) throw badEntry(source, entryAt, address, 'a page of the tree is reached twice');
    seen.add(address);
    if (seen.size > MAX_PAGES) {
      const expected = `at most ${MAX_PAGES}`;
      throw new KhoError('E_LIMIT', 'a tree of too many pages', {
        source: source.memory.source,
        address: entryAt,
        expected,
      });
    }
    const level = geometry.depth - 1 - frames.length;
    const span = pageAt(
      source,
      address,
      level === 0 ? 'radix leaf' : `radix table of level ${level}`,
      entryAt,
    );
    const prefix = frame.prefix * entries + index;
    if (level > 0) {
      counts.tables++;
      frames.push({ address, span, index: 0, prefix });
    } else {
      counts.leaves++;
      if (isZero(span)) counts.emptyLeaves++;
      else visit(prefix, span, address);
    }
  }
  return counts;
}

function pageAt(source: RadixSource, address: bigint, what: string, entryAt?: bigint): WordSpan {
  const span = source.memory.readWords?.(address);
  if (span !== undefined) return span;
  const length = 2 ** source.geometry.pageShift;
  const bytes = source.memory.read(address, length);
  if (bytes === undefined) {
    const from = entryAt === undefined ? what : `${what}, named by the entry at ${hex(entryAt)}`;
    throw notInDump(source.memory, address, length, from);
  }
  const words = asWords(bytes);
  return { words, start: 0, length: words.length };
}

function badEntry(source: RadixSource, entryAt: bigint, found: bigint, summary: string): KhoError {
  return new KhoError('E_RADIX', summary, {
    source: source.memory.source,
    address: entryAt,
    found: hex(found),
    hint: 'a damaged tree, or read with the wrong byte order, page size or depth',
  });
}
