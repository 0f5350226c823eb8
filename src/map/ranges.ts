import type { MapSource, Reading } from './blocks.js';
import { mapLanes } from './lanes.js';

/**
 * Preserved memory as ranges, ascending and joined whatever the orders of the blocks are. Nothing is kept but the addresses of
 * leaves and the runs of one leaf for each order: tens of millions of blocks take no more memory than a few.
 *
 * @param visit first page of a range and the first one after it; exact numbers below 2^53
 * @throws KhoError as the walk of the map does
 */
export function walkRanges(
  source: MapSource,
  visit: (start: number, end: number) => void,
  reading: Reading = 'kernel',
): void {
  const open = mapLanes(source, reading).filter((lane) => lane.next());
  let start = 0;
  let end = -1;
  while (open.length > 0) {
    let first = 0;
    for (let index = 1; index < open.length; index++)
      if (open[index]!.start < open[first]!.start) first = index;
    const lane = open[first]!;
    if (lane.start > end) {
      if (end >= 0) visit(start, end);
      start = lane.start;
      end = lane.end;
    } else if (lane.end > end) {
      end = lane.end;
    }
    if (!lane.next()) open.splice(first, 1);
  }
  if (end >= 0) visit(start, end);
}
