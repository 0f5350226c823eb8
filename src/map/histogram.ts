import type { MapSource, Reading } from './blocks.js';
import { walkRanges } from './ranges.js';

/** Preserved memory by address: rows of one span, from the first preserved page to the last. */
export interface Histogram {
  /** Bytes of addresses that a row stands for: a power of two. */
  readonly span: bigint;
  readonly rows: readonly { readonly start: bigint; readonly preserved: bigint }[];
}

/**
 * Counts preserved memory by address, each page once. The span is the smallest power of two pages with which the rows are few
 * enough; rows begin at multiples of it.
 *
 * @param most rows at most, 2 or more
 */
export function addressHistogram(source: MapSource, most: number, reading: Reading = 'kernel'): Histogram {
  let shift = 0;
  let first = -1;
  let pages: number[] = [];
  const rowOf = (pfn: number): number => Math.floor(pfn / 2 ** shift);
  walkRanges(
    source,
    (start, end) => {
      if (first < 0) first = start;
      while (rowOf(end - 1) - rowOf(first) >= most) {
        // Rows of twice the span: a pair becomes one; an odd first row stands alone.
        const odd = rowOf(first) % 2;
        const wider: number[] = [];
        for (const [index, count] of pages.entries()) {
          const row = (index + odd) >> 1;
          wider[row] = (wider[row] ?? 0) + count;
        }
        pages = wider;
        shift++;
      }
      for (let at = start; at < end; ) {
        const row = rowOf(at);
        const stop = Math.min(end, (row + 1) * 2 ** shift);
        const index = row - rowOf(first);
        while (pages.length <= index) pages.push(0);
        pages[index]! += stop - at;
        at = stop;
      }
    },
    reading,
  );
  const pageShift = BigInt(source.geometry.pageShift);
  return {
    span: 1n << (BigInt(shift) + pageShift),
    rows: pages.map((count, index) => ({
      start: BigInt(rowOf(first) + index) << (BigInt(shift) + pageShift),
      preserved: BigInt(count) << pageShift,
    })),
  };
}
