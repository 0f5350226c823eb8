import { swap32 } from '../bytes/index.js';
import { lowestBit } from './bits.js';
import type { WordView } from './words.js';

/**
 * Calls `visit` for each set bit of a leaf, ascending. Eight empty halves are passed over at once.
 * `words` are the leaf's 32-bit halves as they stand in memory; their number is a multiple of 8.
 */
export function forEachBit(words: Uint32Array, view: WordView, visit: (bit: number) => void): void {
  const { swap, halfXor } = view;
  for (let group = 0; group < words.length; group += 8) {
    const any =
      words[group]! |
      words[group + 1]! |
      words[group + 2]! |
      words[group + 3]! |
      words[group + 4]! |
      words[group + 5]! |
      words[group + 6]! |
      words[group + 7]!;
    if (any === 0) continue;
    for (let half = group; half < group + 8; half++) {
      let word: number = words[half ^ halfXor]!;
      if (word === 0) continue;
      if (swap) word = swap32(word);
      const first = half << 5;
      do {
        visit(first + lowestBit(word));
        word &= word - 1;
      } while (word !== 0);
    }
  }
}

/** Calls `visit` for each run of neighbouring set bits of a leaf, ascending: first bit and number of bits. */
export function forEachBitRun(
  words: Uint32Array,
  view: WordView,
  visit: (bit: number, count: number) => void,
): void {
  const { swap, halfXor } = view;
  let open = -1;
  for (let half = 0; half < words.length; half++) {
    let word: number = words[half ^ halfXor]! | 0;
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
  if (open >= 0) visit(open, (words.length << 5) - open);
}

/** Whether a page is all zero. */
export function isZero(words: Uint32Array): boolean {
  for (let at = 0; at < words.length; at += 8) {
    const any =
      words[at]! |
      words[at + 1]! |
      words[at + 2]! |
      words[at + 3]! |
      words[at + 4]! |
      words[at + 5]! |
      words[at + 6]! |
      words[at + 7]!;
    if (any !== 0) return false;
  }
  return true;
}
