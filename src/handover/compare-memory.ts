import { type Lane, type MapSource, mapLanes } from '../map/index.js';

/** Preserved memory that one of two handovers has and the other does not have in blocks of this size. */
export interface OnlyRange {
  readonly start: bigint;
  /** First byte after it. */
  readonly end: bigint;
  /** Order of the blocks, in pages of that handover. */
  readonly order: number;
}

/** Ranges of one side. */
export interface OnlyRanges {
  /** The first of them, by order and then by address. */
  readonly ranges: readonly OnlyRange[];
  /** How many there are in all, and their bytes. */
  readonly count: number;
  readonly bytes: bigint;
}

/** Ranges that are listed of each side; all are counted. */
const LISTED = 1000;

/** Addresses are compared in units of the smallest page, as exact numbers below 2^52. */
const UNIT_SHIFT = 12;

/**
 * Compares preserved memory block size by block size, as ranges. Both maps are read leaf by leaf, so any number of blocks takes
 * little memory.
 */
export function compareMemory(a: MapSource, b: MapSource): { onlyA: OnlyRanges; onlyB: OnlyRanges } {
  const left = new Cursors(a);
  const right = new Cursors(b);
  const onlyA = new Collector();
  const onlyB = new Collector();
  for (const shift of [...new Set([...left.shifts, ...right.shifts])].sort((x, y) => x - y)) {
    const mine = left.at(shift);
    const theirs = right.at(shift);
    onlyA.order = shift - a.geometry.pageShift;
    onlyB.order = shift - b.geometry.pageShift;
    while (!mine.done || !theirs.done) {
      const from = Math.min(mine.start, theirs.start);
      const first = mine.start === from ? mine : theirs;
      const other = first === mine ? theirs : mine;
      if (other.start === from) {
        const to = Math.min(first.end, other.end);
        first.skip(to);
        other.skip(to);
      } else {
        const to = Math.min(first.end, other.start);
        (first === mine ? onlyA : onlyB).add(from, to);
        first.skip(to);
      }
    }
    onlyA.flush();
    onlyB.flush();
  }
  return { onlyA: onlyA.result(), onlyB: onlyB.result() };
}

/** Lanes of a map by the size of their blocks; lanes of one size are read as one. */
class Cursors {
  readonly #lanes = new Map<number, Lane[]>();
  readonly #scale: number;

  constructor(source: MapSource) {
    const { pageShift } = source.geometry;
    this.#scale = 2 ** (pageShift - UNIT_SHIFT);
    for (const lane of mapLanes(source)) {
      const shift = lane.order + pageShift;
      this.#lanes.set(shift, [...(this.#lanes.get(shift) ?? []), lane]);
    }
  }

  get shifts(): Iterable<number> {
    return this.#lanes.keys();
  }

  at(shift: number): Cursor {
    return new Cursor(this.#lanes.get(shift) ?? [], this.#scale);
  }
}

/** What is left of a lane; at the end both ends are infinite. */
class Cursor {
  start = 0;
  end = 0;
  readonly #lanes: readonly Lane[];
  readonly #scale: number;
  #lane = 0;

  constructor(lanes: readonly Lane[], scale: number) {
    this.#lanes = lanes;
    this.#scale = scale;
    this.#next();
  }

  get done(): boolean {
    return this.start === Number.POSITIVE_INFINITY;
  }

  /** Passes over what lies below an address. */
  skip(to: number): void {
    this.start = to;
    if (this.start >= this.end) this.#next();
  }

  #next(): void {
    for (; this.#lane < this.#lanes.length; this.#lane++) {
      const lane = this.#lanes[this.#lane]!;
      if (!lane.next()) continue;
      this.start = lane.start * this.#scale;
      this.end = lane.end * this.#scale;
      return;
    }
    this.start = Number.POSITIVE_INFINITY;
    this.end = Number.POSITIVE_INFINITY;
  }
}

class Collector {
  order = 0;
  readonly #ranges: OnlyRange[] = [];
  #count = 0;
  #bytes = 0n;
  #start = -1;
  #end = -1;

  add(start: number, end: number): void {
    if (start === this.#end) {
      this.#end = end;
      return;
    }
    this.flush();
    this.#start = start;
    this.#end = end;
  }

  flush(): void {
    if (this.#start < 0) return;
    const start = BigInt(this.#start) << BigInt(UNIT_SHIFT);
    const end = BigInt(this.#end) << BigInt(UNIT_SHIFT);
    this.#count++;
    this.#bytes += end - start;
    if (this.#ranges.length < LISTED) this.#ranges.push({ start, end, order: this.order });
    this.#start = -1;
    this.#end = -1;
  }

  result(): OnlyRanges {
    return { ranges: this.#ranges, count: this.#count, bytes: this.#bytes };
  }
}
