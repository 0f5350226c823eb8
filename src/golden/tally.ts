import { hexdumpLine } from '../bytes/index.js';

/** Something that is not as it should be. */
export interface Difference {
  /** Cell or file. */
  readonly path: string;
  /** What was compared. */
  readonly what: string;
  /** What was seen, short enough for a terminal. */
  readonly detail: string;
}

/** Counts comparisons and keeps what differs. */
export class Tally {
  comparisons = 0;
  readonly differences: Difference[] = [];

  /** Counts one comparison; `detail` is asked for only when it failed. */
  check(path: string, what: string, equal: boolean, detail: () => string): boolean {
    this.comparisons++;
    if (!equal) this.differences.push({ path, what, detail: detail() });
    return equal;
  }

  /** Compares bytes. */
  bytes(path: string, what: string, found: Uint8Array, expected: Uint8Array): boolean {
    return this.check(path, what, Buffer.compare(found, expected) === 0, () =>
      firstDifference(found, expected),
    );
  }

  /** Compares texts line by line. */
  text(path: string, what: string, found: string, expected: string): boolean {
    return this.check(path, what, found === expected, () => firstLine(found, expected));
  }

  add(other: Tally): void {
    this.comparisons += other.comparisons;
    this.differences.push(...other.differences);
  }
}

/** Where two byte strings part, with 16 bytes of each. */
export function firstDifference(found: Uint8Array, expected: Uint8Array): string {
  const length = Math.min(found.length, expected.length);
  let at = 0;
  while (at < length && found[at] === expected[at]) at++;
  const from = at & ~15;
  const line = (bytes: Uint8Array): string =>
    hexdumpLine(BigInt(from), bytes.subarray(from, from + 16)).trimEnd();
  const sizes = found.length === expected.length ? '' : ` (sizes ${found.length} and ${expected.length})`;
  return `first difference at offset 0x${at.toString(16)}${sizes}\n  found    ${line(found)}\n  expected ${line(expected)}`;
}

function firstLine(found: string, expected: string): string {
  const left = found.split('\n');
  const right = expected.split('\n');
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  const show = (line: string | undefined): string => (line === undefined ? '(end)' : line.slice(0, 160));
  return `first difference in line ${at + 1}\n  found    ${show(left[at])}\n  expected ${show(right[at])}`;
}
