import { hex, KhoError } from '../bytes/index.js';
import { joinRanges, type PhysicalRange, rangesMinus } from '../memory/index.js';

/** Hands out runs of physical memory that nobody else has, from the bottom up. */
export class FreeSpace {
  readonly #ram: readonly PhysicalRange[];
  #taken: PhysicalRange[];

  constructor(ram: readonly PhysicalRange[], taken: Iterable<PhysicalRange>) {
    this.#ram = joinRanges(ram);
    this.#taken = joinRanges(taken);
  }

  /** What is not taken, ascending. */
  free(): PhysicalRange[] {
    return rangesMinus(this.#ram, this.#taken);
  }

  /** Marks a run as taken. */
  take(range: PhysicalRange): void {
    this.#taken = joinRanges([...this.#taken, range]);
  }

  /**
   * Takes the lowest free run of `size` bytes at a multiple of `align`.
   *
   * @param what for the message
   * @param limits `from`: lowest address; `below`: the run ends at or before this
   * @throws KhoError `E_LIMIT` when there is none
   */
  allocate(
    what: string,
    size: bigint,
    align: bigint,
    limits: { from?: bigint; below?: bigint } = {},
  ): PhysicalRange {
    const { from = 0n, below = 1n << 64n } = limits;
    for (const { start, end } of this.free()) {
      const low = start > from ? start : from;
      const at = ((low + align - 1n) / align) * align;
      if (at + size > end || at + size > below) continue;
      const range = { start: at, end: at + size };
      this.take(range);
      return range;
    }
    throw new KhoError('E_LIMIT', `no room in memory for ${what}`, {
      found: `${hex(size)} bytes at a multiple of ${hex(align)}`,
      hint: 'give the machine more memory, or preserve less',
    });
  }
}
