import { swap32 } from '../bytes/index.js';
import type { WordView } from './words.js';

/** Sets `count` bits of a bitmap of target words from bit `from`. `start` is the bitmap's first 32-bit word in `words`. */
export function setBits(
  words: Uint32Array,
  start: number,
  from: number,
  count: number,
  view: WordView,
): void {
  forHalves(
    from,
    count,
    (half, mask) => {
      words[start + (half ^ view.halfXor)]! |= view.swap ? swap32(mask) : mask;
    },
    (first, end) => words.fill(0xffff_ffff, start + first, start + end),
  );
}

/** Clears `count` bits from bit `from`. */
export function clearBits(
  words: Uint32Array,
  start: number,
  from: number,
  count: number,
  view: WordView,
): void {
  forHalves(
    from,
    count,
    (half, mask) => {
      words[start + (half ^ view.halfXor)]! &= ~(view.swap ? swap32(mask) : mask);
    },
    (first, end) => words.fill(0, start + first, start + end),
  );
}

/**
 * Cuts a run of bits into partial 32-bit halves (`part`) and one stretch of whole u64 words (`whole`, in halves).
 * Whole words look the same in every byte order, so that only the ends need care.
 */
function forHalves(
  from: number,
  count: number,
  part: (half: number, mask: number) => void,
  whole: (first: number, end: number) => void,
): void {
  const end = from + count;
  let at = from;
  const wholeFrom = Math.ceil(from / 64) * 64;
  const wholeEnd = Math.floor(end / 64) * 64;
  const parts = (stop: number): void => {
    while (at < stop) {
      const here = Math.min(stop, (Math.floor(at / 32) + 1) * 32) - at;
      const ones = here === 32 ? -1 : (1 << here) - 1;
      part(at >>> 5, ones << (at & 31));
      at += here;
    }
  };
  if (wholeFrom < wholeEnd) {
    parts(wholeFrom);
    whole(wholeFrom / 32, wholeEnd / 32);
    at = wholeEnd;
  }
  parts(end);
}

/** Index of the lowest set bit of a 32-bit value that is not 0. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
