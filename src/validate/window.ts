import { hexdumpLine } from '../bytes/index.js';
import type { WindowLine } from './finding.js';

/** Lines of a window at most: one before, three with marks, one after. */
const LINES = 5;

/**
 * Hexdump lines around `length` bytes at `offset`, with these bytes marked. A long stretch is cut after a few lines.
 *
 * @param bytes the file or page, or any part of it that holds the place
 * @param base address or file offset of `bytes[0]`, for the address column; lines start at its multiples of 16
 */
export function markedWindow(bytes: Uint8Array, offset: number, length = 1, base = 0n): WindowLine[] {
  if (offset < 0 || offset > bytes.length) return [];
  const end = Math.min(bytes.length, offset + Math.max(0, length));
  // Lines stand on multiples of 16 of the address column, so that two windows of one place look alike.
  const skew = Number(base & 15n);
  const row = (at: number): number => Math.floor((at + skew) / 16) * 16 - skew;
  const lines: WindowLine[] = [];
  const first = row(offset) - 16 > -16 ? row(offset) - 16 : row(offset);
  const last = row(Math.max(offset, end - 1)) + 16;
  for (let at = first; at <= last && lines.length < LINES; at += 16) {
    const from = Math.max(0, at);
    const to = Math.min(bytes.length, at + 16);
    if (to <= from) continue;
    const text = hexdumpLine(base + BigInt(from), bytes.subarray(from, to));
    const markFrom = Math.max(offset, from) - from;
    const markTo = Math.min(end, to) - from;
    lines.push(markTo > markFrom ? { text, mark: { from: markFrom, to: markTo } } : { text });
  }
  return lines;
}

/** Column in a hexdump line at which a byte begins: 16 digits, two blanks, two groups of eight. */
export function byteColumn(index: number): number {
  return index < 8 ? 18 + 3 * index : 43 + 3 * (index - 8);
}

/** The line of carets that stands under the marked bytes; undefined when none is marked. */
export function caretLine({ mark }: WindowLine): string | undefined {
  if (mark === undefined) return undefined;
  const start = byteColumn(mark.from);
  return ' '.repeat(start) + '^'.repeat(byteColumn(mark.to - 1) + 2 - start);
}
