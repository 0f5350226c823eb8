import type { Target } from '../abi/index.js';
import { hex, KhoError } from '../bytes/index.js';
import { type MapContents, type MapSource, mapGeometry, preservedRanges, readMap } from '../map/index.js';
import { type PhysicalMemory, rangesMinus } from '../memory/index.js';
import { inRam, type NextMachine } from './next-machine.js';
import type { Step } from './step.js';

/**
 * What the next kernel reserves when it walks the map with its own idea of the format, against what was preserved.
 *
 * @param meant what the sender preserved, as its own format reads; undefined when that is not known
 * Source: kho_mem_deserialize and kho_radix walk, Linux 6.16 to 7.3; the kernels check nothing here.
 */
export function receiveMap(
  memory: PhysicalMemory,
  map: bigint,
  target: Target,
  meant: MapContents | undefined,
  machine: NextMachine = {},
): { readonly steps: Step[]; readonly contents: MapContents | undefined } {
  const part = 'memory map';
  const only = (step: Omit<Step, 'part'>, contents?: MapContents): ReturnType<typeof receiveMap> => ({
    steps: [{ part, ...step }],
    contents,
  });
  if (map === 0n)
    return only({
      what: 'walk the map',
      outcome: 'wrong memory',
      why: 'the map address is 0: nothing is reserved, all preserved memory is free memory',
    });
  const geometry = mapGeometry(target.abi, target.pageShift);
  const source = { memory, root: map, geometry, byteOrder: target.byteOrder } as MapSource;
  let read: MapContents;
  try {
    read = readMap(source);
  } catch (error) {
    if (!(error instanceof KhoError)) throw error;
    return only({
      what: 'walk the map',
      outcome: 'panic',
      why: `the kernel follows what is no pointer to a page of its format: ${error.message}`,
    });
  }
  const steps: Step[] = [];
  const { blocks, badKeys } = read.statistics;
  if (badKeys > 0) {
    const first = read.badKeys[0]!;
    const why = `${badKeys} keys are no block, the first ${hex(first.key)} in the leaf at ${hex(first.leaf)}: the kernel computes an undefined shift and writes to pages that are not there`;
    return only({ what: 'decode the keys', outcome: 'panic', why }, read);
  }
  const outside = preservedRanges(read.runs, target.pageShift).find(
    ({ start, end }) => !inRam(machine, start, end - start),
  );
  if (outside !== undefined) {
    const why = `${hex(outside.start)} is preserved and is no memory: the kernel writes to a page structure that is not there`;
    return only({ what: 'reserve the blocks', outcome: 'panic', why }, read);
  }
  const wrong = meant === undefined ? undefined : difference(read, meant, target.pageShift);
  if (wrong !== undefined)
    steps.push({ part, what: 'reserve the blocks', outcome: 'wrong memory', why: wrong });
  const large = read.runs.find(({ order }) => order + target.pageShift >= 31);
  if (target.abi.file.receiver.blockSize === 'signed 32-bit' && large !== undefined) {
    steps.push({
      part,
      what: 'reserve the blocks',
      outcome: 'wrong memory',
      why: `the block at ${hex(large.address)} has 2 GiB or more and its size is computed in 32 bits (erratum B6)`,
    });
  }
  if (steps.length === 0)
    steps.push({ part, what: 'reserve the blocks', outcome: 'ok', why: `${blocks} blocks` });
  return { steps, contents: read };
}

/** What the receiver's reading loses and what it adds, in bytes; undefined when it is right. */
function difference(read: MapContents, meant: MapContents, pageShift: number): string | undefined {
  const have = preservedRanges(read.runs, pageShift);
  const want = preservedRanges(meant.runs, pageShift);
  const bytes = (ranges: readonly { start: bigint; end: bigint }[]): bigint =>
    ranges.reduce((sum, { start, end }) => sum + end - start, 0n);
  const lost = rangesMinus(want, have);
  const extra = rangesMinus(have, want);
  if (lost.length === 0 && extra.length === 0) return undefined;
  const parts: string[] = [];
  if (lost.length > 0)
    parts.push(
      `${bytes(lost)} of ${bytes(want)} preserved bytes are not reserved and will be overwritten, from ${hex(lost[0]!.start)}`,
    );
  if (extra.length > 0)
    parts.push(`${bytes(extra)} bytes that nobody preserved are withheld, from ${hex(extra[0]!.start)}`);
  return parts.join('; ');
}
