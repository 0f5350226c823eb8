import { joinRanges, type PhysicalRange } from '../memory/index.js';
import { type MapCounts, type MapSource, type Reading, walkRuns } from './blocks.js';

/** Neighbouring blocks of one order. */
export interface BlockRun {
  readonly address: bigint;
  readonly order: number;
  readonly count: number;
}

/** A set bit that is no block. */
export interface BadKey {
  readonly key: bigint;
  /** Physical address of the leaf page. */
  readonly leaf: bigint;
}

/** What a map holds, in numbers. */
export interface MapStatistics {
  /** Tables and leaves, or chunks and bitmaps. */
  readonly shape: MapCounts;
  readonly blocks: number;
  /** Blocks by order. */
  readonly byOrder: ReadonlyMap<number, number>;
  /** Sum of the sizes of all blocks; blocks that overlap count twice. */
  readonly bytes: bigint;
  readonly badKeys: number;
}

/** A map read whole. Runs are in walk order. */
export interface MapContents {
  readonly statistics: MapStatistics;
  readonly runs: readonly BlockRun[];
  /** The first bad keys; `statistics.badKeys` counts all. */
  readonly badKeys: readonly BadKey[];
}

/** Runs kept at most: about 100 MB. A handover of this many separate runs is not readable by people anyway. */
export const MAX_RUNS = 1 << 20;

const MAX_BAD_KEYS = 100;

/** Reads a map into runs and statistics. Runs past `MAX_RUNS` are counted but not kept. */
export function readMap(source: MapSource, reading: Reading = 'kernel'): MapContents {
  const shift = BigInt(source.geometry.pageShift);
  const runs: BlockRun[] = [];
  const badKeys: BadKey[] = [];
  const byOrder = new Map<number, number>();
  let blocks = 0;
  let bytes = 0n;
  let bad = 0;
  const shape = walkRuns(
    source,
    {
      run(pfn, order, count) {
        blocks += count;
        byOrder.set(order, (byOrder.get(order) ?? 0) + count);
        bytes += BigInt(count) << (BigInt(order) + shift);
        if (runs.length < MAX_RUNS) runs.push({ address: BigInt(pfn) << shift, order, count });
      },
      badKey(key, leaf) {
        bad++;
        if (badKeys.length < MAX_BAD_KEYS) badKeys.push({ key, leaf });
      },
    },
    reading,
  );
  return { statistics: { shape, blocks, byOrder, bytes, badKeys: bad }, runs, badKeys };
}

/** Preserved memory as ranges of addresses, joined whatever their orders. */
export function preservedRanges(runs: readonly BlockRun[], pageShift: number): PhysicalRange[] {
  return joinRanges(
    runs.map(({ address, order, count }) => ({
      start: address,
      end: address + (BigInt(count) << BigInt(order + pageShift)),
    })),
  );
}
