import type { WordSpan } from '../memory/index.js';
import { isRadix, leafShape, type MapSource, mixedBlock, type Reading } from './blocks.js';
import { walkBitmaps } from './chunk-walk.js';
import { forEachBit, forEachBitRun } from './leaf-scan.js';
import { floorLog2 } from './split.js';
import { walkLeaves } from './walk.js';
import { asWords, wordView } from './words.js';

/**
 * Blocks of one order, ascending, as a cursor over runs of neighbours. PFNs are exact numbers below 2^53. A map of millions of
 * scattered blocks is read leaf by leaf: a lane holds the addresses of its leaves and the runs of one of them.
 */
export interface Lane {
  readonly order: number;
  /** First page of the current run, and the first one after it. */
  readonly start: number;
  readonly end: number;
  /** Goes to the next run; false at the end. Call it once before the first run is read. */
  next(): boolean;
}

/** A leaf or bitmap: the page of its first bit, and where it lies; more than one bitmap for one place count as one. */
interface Sheet {
  readonly pfn: number;
  readonly words: () => WordSpan;
  readonly others: (() => WordSpan)[];
}

/**
 * Lanes of a map, lowest order first. Walks the map once, with all its checks, to find the leaves.
 *
 * @throws KhoError as `walkLeaves` and `walkBitmaps` do
 */
export function mapLanes(source: MapSource, reading: Reading = 'kernel'): Lane[] {
  const view = wordView(source.byteOrder);
  const lanes = new Map<string, { order: number; sheets: Sheet[] }>();
  const ready: Lane[] = [];
  const add = (key: string, order: number, sheet: Sheet): void => {
    const lane = lanes.get(key);
    if (lane === undefined) lanes.set(key, { order, sheets: [sheet] });
    else lane.sheets.push(sheet);
  };
  const { memory } = source;
  if (isRadix(source)) {
    const { geometry } = source;
    const size = 2 ** geometry.pageShift;
    const read = (address: bigint) => (): WordSpan => spanAt(memory, address, size);
    walkLeaves(source, (leaf, span, address) => {
      const shape = leafShape(geometry, leaf, reading);
      // What a kernel takes for high orders may be meant as order 0: leaves of each order bit are a lane of their own.
      if (shape !== undefined)
        add(`${floorLog2(leaf)}`, shape.order, {
          pfn: shape.pfn,
          words: read(address),
          others: [],
        });
      if (leaf !== 0) return;
      const mixed = new Map<number, number[]>();
      forEachBit(span, view, (bit) => {
        const block = mixedBlock(geometry, leaf, bit, reading);
        if (block === undefined) return;
        const list = mixed.get(block.order) ?? [];
        list.push(block.pfn);
        mixed.set(block.order, list);
      });
      for (const [order, pfns] of mixed) ready.push(new ListLane(order, pfns));
    });
  } else {
    const { bitmapBytes } = source.geometry;
    walkBitmaps(source, ({ order, pfn, bitmap }) => {
      add(`${order}`, order, { pfn, words: () => spanAt(memory, bitmap, bitmapBytes), others: [] });
    });
  }
  for (const { order, sheets } of lanes.values())
    ready.push(new SheetLane(order, joinSheets(sheets), (span, visit) => forEachBitRun(span, view, visit)));
  return ready.sort((a, b) => a.order - b.order);
}

function spanAt(memory: MapSource['memory'], address: bigint, length: number): WordSpan {
  const words = asWords(memory.read(address, length)!);
  return { words, start: 0, length: words.length };
}

/** Sorts bitmaps by place; a list that somebody damaged may name two for one place. */
function joinSheets(sheets: Sheet[]): Sheet[] {
  sheets.sort((a, b) => a.pfn - b.pfn);
  const joined: Sheet[] = [];
  for (const sheet of sheets) {
    const last = joined.at(-1);
    if (last?.pfn === sheet.pfn) last.others.push(sheet.words);
    else joined.push(sheet);
  }
  return joined;
}

/** Runs of blocks of one order out of sheets that ascend and do not overlap. */
class SheetLane implements Lane {
  readonly order: number;
  start = 0;
  end = 0;
  readonly #sheets: readonly Sheet[];
  readonly #scan: (span: WordSpan, visit: (bit: number, count: number) => void) => void;
  /** Runs of the current sheet: first page and end, one after another. */
  #runs: number[] = [];
  #at = 0;
  #sheet = 0;

  constructor(
    order: number,
    sheets: readonly Sheet[],
    scan: (span: WordSpan, visit: (bit: number, count: number) => void) => void,
  ) {
    this.order = order;
    this.#sheets = sheets;
    this.#scan = scan;
  }

  next(): boolean {
    if (!this.#more()) return false;
    this.start = this.#runs[this.#at]!;
    this.end = this.#runs[this.#at + 1]!;
    this.#at += 2;
    while (this.#more() && this.#runs[this.#at] === this.end) {
      this.end = this.#runs[this.#at + 1]!;
      this.#at += 2;
    }
    return true;
  }

  /** Whether a run is at hand; reads the next sheet when it must. */
  #more(): boolean {
    while (this.#at >= this.#runs.length) {
      const sheet = this.#sheets[this.#sheet++];
      if (sheet === undefined) return false;
      const pages = 2 ** this.order;
      const runs: number[] = [];
      this.#scan(joined(sheet), (bit, count) =>
        runs.push(sheet.pfn + bit * pages, sheet.pfn + (bit + count) * pages),
      );
      this.#runs = runs;
      this.#at = 0;
    }
    return true;
  }
}

function joined({ words, others }: Sheet): WordSpan {
  const span = words();
  if (others.length === 0) return span;
  const sum = span.words.slice(span.start, span.start + span.length);
  for (const other of others) {
    const next = other();
    for (let index = 0; index < sum.length; index++) sum[index]! |= next.words[next.start + index]!;
  }
  return { words: sum, start: 0, length: sum.length };
}

/** Runs out of a short ascending list of first pages. */
class ListLane implements Lane {
  readonly order: number;
  start = 0;
  end = 0;
  readonly #pfns: readonly number[];
  #at = 0;

  constructor(order: number, pfns: readonly number[]) {
    this.order = order;
    this.#pfns = pfns;
  }

  next(): boolean {
    if (this.#at >= this.#pfns.length) return false;
    this.start = this.#pfns[this.#at++]!;
    this.end = this.start + 2 ** this.order;
    while (this.#pfns[this.#at] === this.end) {
      this.end += 2 ** this.order;
      this.#at++;
    }
    return true;
  }
}
