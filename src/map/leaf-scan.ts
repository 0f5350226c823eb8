import { swap32 } from '../bytes/index.js';
import type { WordSpan } from '../memory/index.js';
import { lowestBit } from './bits.js';
import type { WordView } from './words.js';

const TWO_31 = 2 ** 31;

/** Groups with bits after which a leaf counts as well filled: then looking for empty groups costs more than it saves. */
const FILLED = 6;

/*
 * Scanners of leaf bitmaps: the innermost loops of every walk. They take a span of a larger array, because making a view of
 * each page would cost more than scanning it, and pass over sixteen empty halves at once. Spans are whole pages, so their length
 * is a multiple of 16. `| 0` makes halves and indices signed integers: where the compiler cannot tell, it counts in doubles.
 */

/** Calls `visit` for each set bit of a leaf, ascending. */
export function forEachBit(span: WordSpan, view: WordView, visit: (bit: number) => void): void {
  const { words } = span;
  const { swap, halfXor } = view;
  const start = span.start | 0;
  const end = (start + span.length) | 0;
  let filled = 0;
  for (let group = start; group < end; group = (group + 16) | 0) {
    if (filled < FILLED && isGroupZero(words, group)) continue;
    filled++;
    for (let half = group; half < group + 16; half++) {
      let word = words[half ^ halfXor]! | 0;
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
 * `pfn + n * 2^order`. The usual case, host byte order and PFNs that fit 31 bits, has a loop of its own in integers only.
 */
export function forEachBlock(
  span: WordSpan,
  view: WordView,
  pfn: number,
  order: number,
  visit: (pfn: number, order: number) => void,
): void {
  const { words } = span;
  const start = span.start | 0;
  const end = (start + span.length) | 0;
  if (view.swap || view.halfXor !== 0 || pfn + span.length * 32 * 2 ** order >= TWO_31) {
    forEachWideBlock(span, view, pfn, order, visit);
    return;
  }
  const base = pfn | 0;
  let filled = 0;
  let half = start;
  while (half < end) {
    if (filled < FILLED && isGroupZero(words, half)) {
      half = (half + 16) | 0;
      continue;
    }
    const stop = ++filled < FILLED ? (half + 16) | 0 : end;
    for (; half < stop; half++) {
      let word = words[half]! | 0;
      if (word === 0) continue;
      const first = (base + ((half - start) << (5 + order))) | 0;
      do {
        visit(first + (lowestBit(word) << order), order);
        word &= word - 1;
      } while (word !== 0);
    }
  }
}

/** The general case, in a function of its own: a closure would make the variables of the fast loop slow. */
function forEachWideBlock(
  span: WordSpan,
  view: WordView,
  pfn: number,
  order: number,
  visit: (pfn: number, order: number) => void,
): void {
  const pages = 2 ** order;
  forEachBit(span, view, (bit) => visit(pfn + bit * pages, order));
}

/** Calls `visit` for each run of neighbouring set bits of a leaf, ascending: first bit and number of bits. */
export function forEachBitRun(
  span: WordSpan,
  view: WordView,
  visit: (bit: number, count: number) => void,
): void {
  const { words } = span;
  const { swap, halfXor } = view;
  const start = span.start | 0;
  let open = -1;
  const length = span.length | 0;
  for (let half = 0; half < length; half++) {
    if ((half & 15) === 0) {
      // Sixteen halves that neither end the open run nor begin one.
      const group = (start + half) | 0;
      if (open < 0 ? isGroupZero(words, group) : isGroupFull(words, group)) {
        half += 15;
        continue;
      }
    }
    let word = words[start + (half ^ halfXor)]! | 0;
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
  if (open >= 0) visit(open, (length << 5) - open);
}

/** Whether a page is all zero. */
export function isZero(span: WordSpan): boolean {
  const { words } = span;
  const start = span.start | 0;
  const end = (start + span.length) | 0;
  for (let group = start; group < end; group = (group + 16) | 0) {
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

function isGroupFull(words: Uint32Array, at: number): boolean {
  const all =
    words[at]! &
    words[at + 1]! &
    words[at + 2]! &
    words[at + 3]! &
    words[at + 4]! &
    words[at + 5]! &
    words[at + 6]! &
    words[at + 7]! &
    words[at + 8]! &
    words[at + 9]! &
    words[at + 10]! &
    words[at + 11]! &
    words[at + 12]! &
    words[at + 13]! &
    words[at + 14]! &
    words[at + 15]!;
  return all === -1;
}
