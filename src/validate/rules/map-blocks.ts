import { pageSizeName, type Target } from '../../abi/index.js';
import { hex } from '../../bytes/index.js';
import type { ValidationContext } from '../context.js';
import type { MapSurvey } from '../map-survey.js';
import type { PreservedRun } from '../preserved.js';
import { MAP_RULES as R } from './map-table.js';

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
      hint: 'a scenario with init bare, or a map that belongs to another FDT',
    });
  }
}

function pageOf(address: bigint, { pageShift }: Target): bigint {
  return (address >> BigInt(pageShift)) << BigInt(pageShift);
}

function addressOf(pfn: number, { pageShift }: Target): bigint {
  return BigInt(pfn) << BigInt(pageShift);
}

function text({ pfn, order, count }: PreservedRun, target: Target): string {
  return `${count} blocks of order ${order} from ${hex(addressOf(pfn, target))}`;
}

function checkOrders(context: ValidationContext, map: MapSurvey, target: Target): void {
  const { abi, pageShift } = target;
  const largest = abi.file.ranges.maxFolioOrder[pageSizeName(pageShift)];
  const refused = abi.file.memoryMap.kind === 'chunked-bitmaps';
  for (const order of map.preserved.orders()) {
    const large = order + pageShift >= 31 && abi.file.receiver.blockSize === 'signed 32-bit';
    if (order <= largest && !large) continue;
    for (const run of map.preserved.runs(order)) {
      const place = { path: 'map', address: addressOf(run.pfn, target), found: text(run, target) };
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
    if (run.pfn < end && holder !== undefined && holder.order !== run.order) {
      if (context.full(rule)) context.count(rule, 1);
      else
        context.reportMemory(rule, {
          message: `order ${run.order} and order ${holder.order} both preserve this memory`,
          path: 'map',
          address: addressOf(run.pfn, target!),
          found: `${text(run, target!)}; ${text(holder, target!)}`,
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
    context.reportMemory(R['map-tracker-preserved'], {
      message: 'this page of the map lies in a preserved block',
      path: 'map',
      address: addressOf(pfn, target),
    });
  }
}

function checkPlaces(context: ValidationContext, map: MapSurvey, target: Target): void {
  const { scratch, ram, fdtAddress } = context;
  if (scratch === undefined) {
    context.skip(R['map-block-in-scratch'], 'no scratch areas given');
    context.skip(R['map-tracker-in-scratch'], 'no scratch areas given');
  }
  if (ram === undefined) context.skip(R['map-block-outside-ram'], 'no --ram given');
  const page = (address: bigint): number => Number(address >> BigInt(target.pageShift));
  for (const [index, { address, size }] of (scratch ?? []).entries()) {
    if (size === 0n || address + size > 1n << 64n) continue;
    const end = page(address + size - 1n) + 1;
    for (let at = page(address); at < end; ) {
      const found = map.preserved.next(at, end);
      if (found === undefined || found.start >= end) break;
      context.reportMemory(R['map-block-in-scratch'], {
        message: `preserved memory lies in scratch area ${index}`,
        path: `scratch/${index}`,
        address: addressOf(found.start, target),
        found: `preserved up to ${hex(addressOf(found.end, target) - 1n)}`,
        expected: `nothing in ${hex(address)}-${hex(address + size - 1n)}`,
        erratum: 'B27',
      });
      at = found.end;
    }
    const inside = (pfn: number): boolean => pfn >= page(address) && pfn < end;
    const own = [...map.trackers, ...(fdtAddress === undefined ? [] : [page(fdtAddress)])].filter(inside);
    for (const pfn of own)
      context.reportMemory(R['map-tracker-in-scratch'], {
        message: `a page of the map or the FDT lies in scratch area ${index}`,
        path: `scratch/${index}`,
        address: addressOf(pfn, target),
      });
  }
  if (ram !== undefined) checkRam(context, map, target, ram);
}

function checkRam(
  context: ValidationContext,
  map: MapSurvey,
  target: Target,
  ram: NonNullable<ValidationContext['ram']>,
): void {
  const rule = R['map-block-outside-ram'];
  let next = 0;
  for (const order of map.preserved.orders()) {
    next = 0;
    for (const run of map.preserved.runs(order)) {
      const start = addressOf(run.pfn, target);
      const end = start + (BigInt(run.count) << BigInt(order + target.pageShift));
      while (next < ram.length && ram[next]!.end <= start) next++;
      const bank = ram[next];
      if (bank !== undefined && bank.start <= start && end <= bank.end) continue;
      if (context.full(rule)) context.count(rule, 1);
      else
        context.reportMemory(rule, {
          message: 'these blocks are not in memory that the machine has',
          path: 'map',
          address: start,
          found: text(run, target),
          expected: `inside ${ram.map((range) => `${hex(range.start)}-${hex(range.end - 1n)}`).join(', ')}`,
        });
    }
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
          found: text(run, target),
          erratum: 'B7',
        });
    }
  }
}
