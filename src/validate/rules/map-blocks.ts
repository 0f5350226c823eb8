import { pageSizeName, type Target } from '../../abi/index.js';
import type { ValidationContext } from '../context.js';
import type { MapSurvey } from '../map-survey.js';
import type { PreservedRun } from '../preserved.js';
import { checkPlaces } from './map-places.js';
import { MAP_RULES as R } from './map-table.js';
import { addressOf, runText } from './map-text.js';

/** Rules about what is preserved: orders, places, overlap. Work grows with the number of runs, not of blocks. */
export function checkBlocks(context: ValidationContext, map: MapSurvey, target: Target): void {
  checkOrders(context, map, target);
  checkOverlap(context, map);
  checkTrackers(context, map, target);
  checkPlaces(context, map, target);
  if (target.abi.file.ranges.numaClamp.preserve) checkSplits(context, map, target);
  const { fdtAddress } = context;
  if (fdtAddress !== undefined && !context.hasBlock(pageOf(fdtAddress, target), 0)) {
    context.reportMemory(R['map-fdt-not-preserved'], {
      message: `the page of the root FDT has no order-0 block in the map`,
      path: 'fdt',
      address: fdtAddress,
      hint: 'the map belongs to another FDT, or kernel 1 did not preserve its own',
    });
  }
}

function pageOf(address: bigint, { pageShift }: Target): bigint {
  return (address >> BigInt(pageShift)) << BigInt(pageShift);
}

function checkOrders(context: ValidationContext, map: MapSurvey, target: Target): void {
  const { abi, pageShift } = target;
  const largest = abi.file.ranges.maxFolioOrder[pageSizeName(pageShift)];
  const refused = abi.file.memoryMap.kind === 'chunked-bitmaps';
  for (const order of map.preserved.orders()) {
    const large = order + pageShift >= 31 && abi.file.receiver.blockSize === 'signed 32-bit';
    if (order <= largest && !large) continue;
    for (const run of map.preserved.runs(order)) {
      const place = { path: 'map', address: addressOf(run.pfn, target), found: runText(run, target) };
      if (order > largest)
        context.reportMemory(
          R['map-block-above-order'],
          { message: `order ${order} is above the largest folio order ${largest}: a page range`, ...place },
          refused ? 'warning' : 'note',
        );
      if (large)
        context.reportMemory(R['map-block-32-bit'], {
          message: 'receivers before 7.2 compute this size in 32 bits',
          ...place,
          erratum: 'B6',
        });
    }
  }
}

/** Blocks of two orders that share memory: for each run of the higher orders, what the lower ones hold inside it. */
function checkOverlap(context: ValidationContext, map: MapSurvey): void {
  const rule = R['map-blocks-overlap'];
  const { target } = context;
  const orders = map.preserved.orders();
  // Sweep: the next run of every order by first PFN; two that overlap are of different orders.
  const cursors = orders.map((order) => ({
    order,
    runs: map.preserved.runs(order),
    run: undefined as PreservedRun | undefined,
  }));
  for (const cursor of cursors) cursor.run = cursor.runs.next().value ?? undefined;
  let end = -1;
  let holder: PreservedRun | undefined;
  for (;;) {
    let first: (typeof cursors)[number] | undefined;
    for (const cursor of cursors)
      if (cursor.run !== undefined && (first?.run === undefined || cursor.run.pfn < first.run.pfn))
        first = cursor;
    if (first?.run === undefined) return;
    const { run } = first;
    if (run.pfn < end && holder !== undefined) {
      if (context.full(rule)) context.count(rule, 1);
      else
        context.reportMemory(rule, {
          message:
            run.order === holder.order
              ? `this memory is preserved twice at order ${run.order}`
              : `order ${run.order} and order ${holder.order} both preserve this memory`,
          path: 'map',
          address: addressOf(run.pfn, target!),
          found: `${runText(run, target!)}; ${runText(holder, target!)}`,
        });
    }
    const stop = run.pfn + run.count * 2 ** run.order;
    if (stop > end) {
      end = stop;
      holder = run;
    }
    first.run = first.runs.next().value ?? undefined;
  }
}

function checkTrackers(context: ValidationContext, map: MapSurvey, target: Target): void {
  for (const pfn of map.trackers) {
    if (map.preserved.coverage(pfn, pfn + 1) === 'none') continue;
    const rule = R['map-tracker-preserved'];
    if (context.full(rule)) context.count(rule, 1);
    else
      context.reportMemory(rule, {
        message: 'this page of the map lies in a preserved block',
        path: 'map',
        address: addressOf(pfn, target),
      });
  }
}

/** Two neighbours of one order that together are one aligned block: a sender without NUMA boundaries would have written one key. */
function checkSplits(context: ValidationContext, map: MapSurvey, target: Target): void {
  const rule = R['map-numa-split'];
  for (const order of map.preserved.orders()) {
    // Order-0 neighbours are single folios; from order 1 on a range would have been split otherwise.
    if (order === 0) continue;
    for (const run of map.preserved.runs(order)) {
      const double = 2 ** (order + 1);
      const first = Math.ceil(run.pfn / double) * double;
      if (first + double > run.pfn + run.count * 2 ** order) continue;
      if (context.full(rule)) context.count(rule, 1);
      else
        context.reportMemory(rule, {
          message: `two neighbours of order ${order} could be one of order ${order + 1}: folios, or a range split at a NUMA boundary`,
          path: 'map',
          address: addressOf(first, target),
          found: runText(run, target),
          erratum: 'B7',
        });
    }
  }
}
