import { type DumpHints, joinRanges, type PhysicalMemory, type PhysicalRange } from './physical.js';

/**
 * Memory given as ranges of pages of which few are not zero. A page inside a range without bytes of its own reads as zero;
 * everything outside the ranges is not in the dump.
 */
export class SparseMemory implements PhysicalMemory {
  readonly source: string;
  readonly hints: DumpHints;
  readonly #pageShift: bigint;
  readonly #pageSize: number;
  readonly #ranges: readonly PhysicalRange[];
  readonly #pages = new Map<bigint, Uint8Array>();
  readonly #zero: Uint8Array;

  /** @param options.ranges ascending, joined, page aligned */
  constructor(options: {
    source: string;
    pageShift: number;
    ranges: readonly PhysicalRange[];
    hints: DumpHints;
  }) {
    this.source = options.source;
    this.hints = options.hints;
    this.#pageShift = BigInt(options.pageShift);
    this.#pageSize = 2 ** options.pageShift;
    this.#ranges = options.ranges;
    this.#zero = new Uint8Array(this.#pageSize);
  }

  /** Sets bytes inside one page; false when they are outside the ranges. */
  fill(address: bigint, bytes: Uint8Array): boolean {
    if (!this.#covers(address)) return false;
    const number = address >> this.#pageShift;
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Uint8Array(this.#pageSize);
      this.#pages.set(number, page);
    }
    page.set(bytes, Number(address & BigInt(this.#pageSize - 1)));
    return true;
  }

  read(address: bigint, length: number): Uint8Array | undefined {
    const inPage = Number(address & BigInt(this.#pageSize - 1));
    if (inPage + length <= this.#pageSize) {
      return this.#covers(address) ? this.#page(address).subarray(inPage, inPage + length) : undefined;
    }
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      if (!this.#covers(at)) return undefined;
      const start = Number(at & BigInt(this.#pageSize - 1));
      const count = Math.min(length - done, this.#pageSize - start);
      bytes.set(this.#page(at).subarray(start, start + count), done);
      done += count;
    }
    return bytes;
  }

  ranges(): readonly PhysicalRange[] {
    return this.#ranges;
  }

  /** The pages that have bytes of their own. Ranges cost nothing to claim, so they say nothing about how much there is to read. */
  dataRanges(): PhysicalRange[] {
    return joinRanges(
      [...this.#pages.keys()].map((number) => ({
        start: number << this.#pageShift,
        end: (number + 1n) << this.#pageShift,
      })),
    );
  }

  #page(address: bigint): Uint8Array {
    return this.#pages.get(address >> this.#pageShift) ?? this.#zero;
  }

  #covers(address: bigint): boolean {
    let low = 0;
    let high = this.#ranges.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle]!;
      if (address < range.start) high = middle - 1;
      else if (address >= range.end) low = middle + 1;
      else return true;
    }
    return false;
  }
}
