import { checkFdt } from '../fdt/index.js';
import { joinRanges } from '../memory/index.js';
import type { FindingCollector } from './collector.js';
import type { Report, ValidationContext } from './context.js';
import type { ValidationSubject } from './validate.js';
import { markedWindow } from './window.js';

/** Bytes shown around an address. */
const WINDOW = 48;

/** What the rules look at, out of what was given and what could be read of it. */
export function makeContext(
  subject: ValidationSubject,
  collector: FindingCollector,
  { root, target, map, clients }: Pick<ValidationContext, 'root' | 'target' | 'map' | 'clients'>,
): ValidationContext {
  const { fdt, fdtAddress, memory, scratch, ram } = subject;
  const report =
    (input: number): Report =>
    (rule, facts, severity) =>
      collector.add(rule, { ...facts, input }, severity);
  const trackers = map?.trackers ?? new Float64Array();
  const page = (address: bigint): number => Number(address >> BigInt(target?.pageShift ?? 12));
  return {
    fdt: fdt?.bytes,
    fdtCheck: fdt === undefined ? undefined : checkFdt(fdt.bytes),
    fdtAddress,
    root,
    target,
    memory: memory?.memory,
    map,
    clients,
    scratch: scratch?.areas,
    scratchBytes: scratch?.bytes,
    scratchArray: scratch?.array,
    ram: ram && joinRanges(ram),
    coverage(address, bytes) {
      if (map === undefined || address >= 1n << 52n || bytes >= 1n << 52n)
        return map === undefined ? 'unknown' : 'none';
      return map.preserved.coverage(page(address), page(address + (bytes === 0n ? 1n : bytes) - 1n) + 1);
    },
    hasBlock: (address, order) =>
      address < 1n << 52n && (map?.preserved.hasBlock(page(address), order) ?? false),
    isTracker: (address) => address < 1n << 52n && holds(trackers, page(address)),
    window(address, length = 1) {
      const line = address & ~15n;
      // The line before may be in a page that the dump lacks, and the dump may end soon after.
      for (const start of [line < 16n ? line : line - 16n, line]) {
        for (const size of [WINDOW, Number(address - start) + length]) {
          const bytes = memory?.memory.read(start, size);
          if (bytes !== undefined) return markedWindow(bytes, Number(address - start), length, start);
        }
      }
      return [];
    },
    reportMemory: report(memory?.input ?? fdt?.input ?? 0),
    reportFdt: report(fdt?.input ?? 0),
    reportScratch: report(scratch?.input ?? 0),
    ran: (rule) => collector.ran(rule),
    skip: (rule, reason) => collector.skip(rule, reason),
    full: (rule) => collector.full(rule),
    count: (rule, more, severity) => collector.count(rule, more, severity),
  };
}

/** Whether ascending numbers hold one. */
function holds(numbers: Float64Array, wanted: number): boolean {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === wanted;
}
