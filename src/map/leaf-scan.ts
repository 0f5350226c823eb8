import { swap32 } from '../bytes/index.js';
import type { WordSpan } from '../memory/index.js';
import { lowestBit } from './bits.js';
import type { WordView } from './words.js';

const TWO_31 = 2 ** 31;

/*
 * Scanners of leaf bitmaps: the innermost loops of every walk. They take a span of a larger array, because making a view of
 * each page would cost more than scanning it, and pass over sixteen empty halves at once. Spans are whole pages, so their length
 * is a multiple of 16.
 */

/** Calls `visit` for each set bit of a leaf, ascending. */
export function forEachBit(span: WordSpan, view: WordView, visit: (bit: number) => void): void {
  const { words, start } = span;
  const { swap, halfXor } = view;
  const end = start + span.length;
  for (let group = start; group < end; group += 16) {
    if (isGroupZero(words, group)) continue;
    for (let half = group; half < group + 16; half++) {
      let word: number = words[half ^ halfXor]!;
      if (word === 0) continue;
      if (swap) word = swap32(word);
      const first = (half - start) << 5;
      do {
        visit(first + lowestBit(word));
        word &= word - 1;
      } while (word !== 0);
    }
  }
}

/**
 * Calls `visit` for each set bit of a leaf whose bits are blocks of one order: bit n is the block of 2^order pages at
 * `pfn + n * 2^order`. The same as `forEachBit` with one call less for each of millions of bits.
 */
export function forEachBlock(
  span: WordSpan,
  view: WordView,
  pfn: number,
  order: number,
  visit: (pfn: number, order: number) => void,
): void {
  const { words, start } = span;
  const { swap, halfXor } = view;
  const end = start + span.length;
  const pages = 2 ** order;
  const small = pfn + span.length * 32 * pages < TWO_31;
  for (let group = start; group < end; group += 16) {
    if (isGroupZero(words, group)) continue;
    for (let half = group; half < group + 16; half++) {
      let word: number = words[half ^ halfXor]!;
      if (word === 0) continue;
      if (swap) word = swap32(word);
      const bit = (half - start) << 5;
      if (small) {
        // The usual case stays in 32-bit integers.
        const first = (pfn + (bit << order)) | 0;
        do {
          visit(first + (lowestBit(word) << order), order);
          word &= word - 1;
        } while (word !== 0);
      } else {
        const first = pfn + bit * pages;
        do {
          visit(first + lowestBit(word) * pages, order);
          word &= word - 1;
        } while (word !== 0);
      }
    }
  }
}

/** Calls `visit` for each run of neighbouring set bits of a leaf, ascending: first bit and number of bits. */
export function forEachBitRun(
  span: WordSpan,
  view: WordView,
  visit: (bit: number, count: number) => void,
): void {
  const { words, start } = span;
  const { swap, halfXor } = view;
  let open = -1;
  for (let half = 0; half < span.length; half++) {
    let word: number = words[start + (half ^ halfXor)]! | 0;
    if (word === 0 && open < 0) continue;
    if (word === -1) {
      if (open < 0) open = half << 5;
      continue;
    }
    if (swap) word = swap32(word);
    const first = half << 5;
    for (let at = 0; at < 32; ) {
      // The next bit at or after `at` that ends the open run or begins a new one.
      const rest = (open < 0 ? word : ~word) & (-1 << at);
      if (rest === 0) break;
      const bit = lowestBit(rest);
      if (open < 0) {
        open = first + bit;
      } else {
        visit(open, first + bit - open);
        open = -1;
      }
      at = bit + 1;
    }
  }
  if (open >= 0) visit(open, (span.length << 5) - open);
}

/** Whether a page is all zero. */
export function isZero({ words, start, length }: WordSpan): boolean {
  for (let group = start; group < start + length; group += 16) {
    if (!isGroupZero(words, group)) return false;
  }
  return true;
}

function isGroupZero(words: Uint32Array, at: number): boolean {
  const any =
    words[at]! |
    words[at + 1]! |
    words[at + 2]! |
    words[at + 3]! |
    words[at + 4]! |
    words[at + 5]! |
    words[at + 6]! |
    words[at + 7]! |
    words[at + 8]! |
    words[at + 9]! |
    words[at + 10]! |
    words[at + 11]! |
    words[at + 12]! |
    words[at + 13]! |
    words[at + 14]! |
    words[at + 15]!;
  return any === 0;
}
