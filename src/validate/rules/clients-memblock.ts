import { clientAbisOf } from '../../abi/index.js';
import { hex, printable } from '../../bytes/index.js';
import type { MemblockData } from '../../clients/index.js';
import type { ValidationContext } from '../context.js';
import { noCoverage } from './clients-common.js';
import { type Facts, quoted, say } from './clients-place.js';
import { MEMBLOCK_RULES as B } from './clients-small-table.js';

interface Region {
  readonly name: string;
  readonly path: string;
  readonly start: bigint;
  readonly size: bigint;
  /** Where `start` stands. */
  readonly at: bigint;
}

/** Rules of reserve_mem regions. */
export function checkMemblock(context: ValidationContext, data: MemblockData): void {
  const { regions: most, nameLength } = clientAbisOf('memblock').at(-1)!.file.limits;
  if (data.regions.length > most!)
    context.reportMemory(B['reserve-mem-count'], {
      message: 'more regions than a kernel has',
      path: '/memblock',
      address: data.regions[most!]!.name.address,
      found: `${data.regions.length} regions`,
      expected: `at most ${most}`,
    });
  const names = new Set<string>();
  const regions: Region[] = [];
  for (const { name, start, size } of data.regions) {
    const path = `/memblock/${printable(name.value)}`;
    const odd =
      name.value.length < 1 || name.value.length > nameLength!
        ? `the name has ${name.value.length} characters; expected 1 to ${nameLength}`
        : names.has(name.value)
          ? 'a second region of that name'
          : undefined;
    names.add(name.value);
    if (odd !== undefined)
      say(context, B['reserve-mem-name'], () => ({
        message: `region ${quoted(name.value)}: ${odd}`,
        path,
        address: name.address,
        window: context.window(name.address, name.value.length + 1),
      }));
    if (start === undefined || size === undefined || start.value + size.value > 1n << 64n) continue;
    const region = { name: name.value, path, start: start.value, size: size.value, at: start.address };
    checkRegion(context, region);
    if (size.value > 0n) regions.push(region);
  }
  checkOverlap(context, regions);
}

function checkOverlap(context: ValidationContext, regions: readonly Region[]): void {
  const sorted = [...regions].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  let holder: Region | undefined;
  for (const region of sorted) {
    const below = holder;
    if (below !== undefined && region.start < below.start + below.size)
      say(context, B['reserve-mem-overlap'], () => ({
        ...factsOf(context, region, `it shares memory with region ${quoted(below.name)}`),
        found: `${rangeText(region)}; ${rangeText(below)}`,
      }));
    if (below === undefined || region.start + region.size > below.start + below.size) holder = region;
  }
}

function checkRegion(context: ValidationContext, region: Region): void {
  const { start, size } = region;
  const broken = (rule: keyof typeof B, text: string, more: Partial<Facts> = {}): void =>
    say(context, B[rule], () => ({ ...factsOf(context, region, text), ...more }));
  if (size === 0n) {
    broken('reserve-mem-empty', 'the size is 0');
    return;
  }
  if (start === 0n) broken('reserve-mem-empty', 'the start is 0');
  const shift = BigInt(context.target!.pageShift);
  const page = 1n << shift;
  if (start % page !== 0n)
    broken('reserve-mem-alignment', 'it does not begin with a page', {
      expected: `a multiple of ${hex(page)}`,
    });
  for (const [index, area] of (context.scratch ?? []).entries())
    if (area.size > 0n && start < area.address + area.size && area.address < start + size)
      broken('reserve-mem-in-scratch', `it lies in scratch area ${index}`, {
        expected: `nothing in ${hex(area.address)}-${hex(area.address + area.size - 1n)}`,
        erratum: 'B27',
      });
  if (noCoverage(context) !== undefined) return;
  // The kernel preserves whole pages; what it leaves out has a rule of its own.
  const whole = (size >> shift) << shift;
  if (whole === 0n) return;
  const covered = context.coverage((start >> shift) << shift, whole);
  if (covered === 'part')
    broken('reserve-mem-not-preserved', 'only a part of it is preserved', { erratum: 'B13' });
  if (covered === 'none') broken('reserve-mem-not-preserved', 'it is not preserved', { erratum: 'B14' });
}

function factsOf(context: ValidationContext, region: Region, text: string): Facts {
  const { name, path, at } = region;
  return {
    message: `region ${quoted(name)}: ${text}`,
    path,
    address: at,
    length: 8,
    found: rangeText(region),
    window: context.window(at, 8),
  };
}

function rangeText({ start, size }: Region): string {
  return `${hex(size)} bytes at ${hex(start)}`;
}
