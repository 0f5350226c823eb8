import type { Target } from '../../abi/index.js';
import { hex } from '../../bytes/index.js';
import type { ValidationContext } from '../context.js';
import type { MapSurvey } from '../map-survey.js';
import { MAP_RULES as R } from './map-table.js';
import { addressOf, runText } from './map-text.js';

/** Addresses of both architectures fit these. */
const ADDRESS_BITS = 52;

/** Rules about where preserved memory and the map itself may lie. Those that need scratch areas or RAM do nothing without. */
export function checkPlaces(context: ValidationContext, map: MapSurvey, target: Target): void {
  const { scratch, ram, fdtAddress } = context;
  const page = (address: bigint): number => Number(address >> BigInt(target.pageShift));
  for (const [index, { address, size }] of (scratch ?? []).entries()) {
    if (size === 0n || address + size > 1n << 64n) continue;
    const end = page(address + size - 1n) + 1;
    for (let at = page(address); at < end; ) {
      const found = map.preserved.next(at, end);
      if (found === undefined || found.start >= end) break;
      at = found.end;
      if (context.full(R['map-block-in-scratch'])) {
        // How many more there are is of no use: the rest of the area is not searched stretch by stretch.
        context.count(R['map-block-in-scratch'], 1);
        break;
      }
      context.reportMemory(R['map-block-in-scratch'], {
        message: `preserved memory lies in scratch area ${index}`,
        path: `scratch/${index}`,
        address: addressOf(found.start, target),
        found: `preserved up to ${hex(addressOf(found.end, target) - 1n)}`,
        expected: `nothing in ${hex(address)}-${hex(address + size - 1n)}`,
        erratum: 'B27',
      });
    }
    const own = trackersIn(map.trackers, page(address), end);
    const fdt = fdtAddress !== undefined && page(fdtAddress) >= page(address) && page(fdtAddress) < end;
    for (const pfn of fdt ? [page(fdtAddress), ...own] : own) {
      const rule = R['map-tracker-in-scratch'];
      if (context.full(rule)) context.count(rule, 1);
      else
        context.reportMemory(rule, {
          message: `a page of the map or the FDT lies in scratch area ${index}`,
          path: `scratch/${index}`,
          address: addressOf(pfn, target),
        });
    }
  }
  checkReach(context, map, target);
  if (ram === undefined) return;
  checkRam(context, map, target, ram);
  checkTrackerRam(context, map, target, ram);
}

/** Pages of the map from one page to before another; they ascend. */
function trackersIn(trackers: Float64Array, from: number, end: number): Float64Array {
  let low = 0;
  let high = trackers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (trackers[middle]! < from) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while (last < trackers.length && trackers[last]! < end) last++;
  return trackers.subarray(low, last);
}

/** Preserved memory that no machine can have. */
function checkReach(context: ValidationContext, map: MapSurvey, target: Target): void {
  const limit = 2 ** (ADDRESS_BITS - target.pageShift);
  const found = map.preserved.next(limit, Number.MAX_SAFE_INTEGER);
  if (found === undefined) return;
  context.reportMemory(R['map-block-range'], {
    message: 'memory with more than 52 address bits is preserved',
    path: 'map',
    address: addressOf(found.start, target),
    found: `preserved up to ${hex(addressOf(found.end, target) - 1n)}`,
    expected: `below ${hex(1n << BigInt(ADDRESS_BITS))}`,
    hint: 'a damaged key or bitmap, or read with the wrong page size or format',
  });
}

function checkTrackerRam(
  context: ValidationContext,
  map: MapSurvey,
  target: Target,
  ram: NonNullable<ValidationContext['ram']>,
): void {
  const rule = R['map-tracker-outside-ram'];
  const { fdtAddress } = context;
  const pages = [...map.trackers].map((pfn) => addressOf(pfn, target));
  if (fdtAddress !== undefined) pages.push(fdtAddress);
  for (const address of pages) {
    if (ram.some(({ start, end }) => start <= address && address < end)) continue;
    if (context.full(rule)) context.count(rule, 1);
    else
      context.reportMemory(rule, {
        message: 'a page of the map or the FDT is not in memory that the machine has',
        path: address === fdtAddress ? 'fdt' : 'map',
        address,
      });
  }
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
          found: runText(run, target),
          expected: `inside ${ram.map((range) => `${hex(range.start)}-${hex(range.end - 1n)}`).join(', ')}`,
        });
    }
  }
}
