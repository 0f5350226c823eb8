/** Runs of one order, ascending by PFN, in arrays that grow by doubling: 12 bytes a run. */
class OrderRuns {
  starts = new Float64Array(64);
  counts = new Uint32Array(64);
  length = 0;
  /** Whether the walk gave them in ascending order; a sound map does. */
  sorted = true;

  push(pfn: number, count: number, size: number): void {
    const last = this.length - 1;
    if (last >= 0) {
      const end = this.starts[last]! + this.counts[last]! * size;
      if (end === pfn && this.counts[last]! + count < 2 ** 32) {
        this.counts[last]! += count;
        return;
      }
      if (pfn < end) this.sorted = false;
    }
    if (this.length === this.starts.length) {
      const starts = new Float64Array(this.length * 2);
      const counts = new Uint32Array(this.length * 2);
      starts.set(this.starts);
      counts.set(this.counts);
      this.starts = starts;
      this.counts = counts;
    }
    this.starts[this.length] = pfn;
    this.counts[this.length++] = count;
  }

  /** Index of the last run that begins at or before a PFN; -1 for none. */
  find(pfn: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle]! <= pfn) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  sort(): void {
    if (this.sorted) return;
    const index = Array.from({ length: this.length }, (_, at) => at).sort(
      (a, b) => this.starts[a]! - this.starts[b]!,
    );
    this.starts = Float64Array.from(index, (at) => this.starts[at]!);
    this.counts = Uint32Array.from(index, (at) => this.counts[at]!);
    this.sorted = true;
  }
}

/** Neighbouring blocks of one order: 2^order pages each. */
export interface PreservedRun {
  readonly pfn: number;
  readonly order: number;
  readonly count: number;
}

/**
 * Preserved memory as sorted runs for each order: small enough for tens of millions of blocks, quick to ask. PFNs are exact numbers
 * below 2^52.
 */
export class PreservedSet {
  readonly #orders = new Map<number, OrderRuns>();
  blocks = 0;

  add(pfn: number, order: number, count: number): void {
    let runs = this.#orders.get(order);
    if (runs === undefined) {
      runs = new OrderRuns();
      this.#orders.set(order, runs);
    }
    runs.push(pfn, count, 2 ** order);
    this.blocks += count;
  }

  /** To be called once, after the last run. */
  finish(): void {
    for (const runs of this.#orders.values()) runs.sort();
  }

  /** Orders that occur, ascending. */
  orders(): number[] {
    return [...this.#orders.keys()].sort((a, b) => a - b);
  }

  /** Runs of one order, ascending. */
  *runs(order: number): Generator<PreservedRun> {
    const runs = this.#orders.get(order);
    if (runs === undefined) return;
    for (let at = 0; at < runs.length; at++) yield { pfn: runs.starts[at]!, order, count: runs.counts[at]! };
  }

  /** Whether there is a block of exactly this order at a PFN. */
  hasBlock(pfn: number, order: number): boolean {
    const runs = this.#orders.get(order);
    const at = runs?.find(pfn) ?? -1;
    if (runs === undefined || at < 0) return false;
    const offset = pfn - runs.starts[at]!;
    const size = 2 ** order;
    return offset % size === 0 && offset / size < runs.counts[at]!;
  }

  /**
   * The block that begins at a PFN; of several the largest. `count`: in how many of the places `pfn`, `pfn + stride`, ... one of the same
   * order begins before there is a gap, at most `most`.
   */
  heads(pfn: number, stride: number, most: number): { order: number; count: number } | undefined {
    let best: { order: number; count: number } | undefined;
    for (const [order, runs] of this.#orders) {
      if (best !== undefined && best.order > order) continue;
      const at = runs.find(pfn);
      if (at < 0) continue;
      const size = 2 ** order;
      const offset = pfn - runs.starts[at]!;
      const left = runs.counts[at]! * size - offset;
      if (left <= 0 || offset % size !== 0) continue;
      const count = stride % size === 0 ? Math.min(most, Math.ceil(left / stride)) : 1;
      best = { order, count };
    }
    return best;
  }

  /** First PFN at or after `pfn` and below `end` that is preserved, and where that stretch ends; undefined when there is none. */
  next(pfn: number, end: number): { start: number; end: number } | undefined {
    let best: { start: number; end: number } | undefined;
    for (const [order, runs] of this.#orders) {
      const size = 2 ** order;
      const at = runs.find(pfn);
      const covering = at >= 0 ? runs.starts[at]! + runs.counts[at]! * size : -1;
      if (covering > pfn) {
        if (best === undefined || best.start > pfn || covering > best.end)
          best = { start: pfn, end: covering };
        continue;
      }
      const after = at + 1;
      if (after >= runs.length || runs.starts[after]! >= end) continue;
      const start = runs.starts[after]!;
      const stop = start + runs.counts[after]! * size;
      if (best === undefined || start < best.start || (start === best.start && stop > best.end))
        best = { start, end: stop };
    }
    return best;
  }

  /** How many of the pages from `pfn` to before `end` are preserved: all, some, none. */
  coverage(pfn: number, end: number): 'all' | 'part' | 'none' {
    let found = false;
    for (let at = pfn; at < end; ) {
      const next = this.next(at, end);
      if (next === undefined || next.start >= end) return found ? 'part' : 'none';
      if (next.start > at) return 'part';
      found = true;
      at = next.end;
    }
    return 'all';
  }
}
