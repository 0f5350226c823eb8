import { type Target, targetName } from '../abi/index.js';
import { hex } from '../bytes/index.js';
import { logText } from './log-text.js';
import { inRam, type NextMachine } from './next-machine.js';
import type { Step } from './step.js';

/**
 * A kernel makes page tables from scratch before it looks at the map. 7.3.4 dies with three areas of 64 KiB and lives with one of
 * 64 MiB; what it needs grows with the machine.
 */
const LEAST_BYTES = 1n << 20n;

/**
 * What the next kernel makes of the scratch array: it maps it, adds each area to its memory and allocates from nothing else. No
 * kernel checks an area.
 *
 * Source: kho_populate, Linux 7.3, and what 7.3.4 did with such arrays.
 */
export function receiveScratch(target: Target, machine: NextMachine, address: bigint | undefined): Step[] {
  const part = 'kho_populate';
  const map = 'map the scratch array';
  const use = 'boot from scratch';
  const { scratch } = machine;
  if (scratch === undefined)
    return [{ part, what: map, outcome: 'not checked', why: 'the array is not part of FDT and map' }];
  const { log } = target.abi.file.receiver;
  if (scratch.bytes === 0n)
    return [
      {
        part,
        what: map,
        outcome: 'cold boot',
        ...(address === undefined ? {} : { log: logText(log.mapScratch, address, 0n) }),
        why: 'the array has no bytes, and nothing cannot be mapped',
      },
      { part, what: 'give up', outcome: 'cold boot', log: logText(log.closing, EFAULT) },
    ];
  const steps: Step[] = [{ part, what: map, outcome: 'ok' }];
  const { size } = target.abi.struct('kho_scratch', target.pageShift);
  const areas = scratch.areas.slice(0, Number(scratch.bytes / BigInt(size)));
  const pageSize = BigInt(2 ** target.pageShift);
  const fatal = (why: string): Step[] => [...steps, { part, what: use, outcome: 'panic', why }];
  for (const [index, area] of areas.entries()) {
    const where = `area ${index}, ${hex(area.address)} with ${hex(area.size)} bytes,`;
    if (area.size > 0n && !inRam(machine, area.address, area.size))
      return fatal(`${where} is no memory; the kernel takes it for memory`);
    if (area.size > 0n && area.address % pageSize !== 0n)
      return fatal(`${where} begins inside a page of ${targetName(target)}`);
  }
  const bytes = areas.reduce((sum, area) => sum + area.size, 0n);
  if (bytes < LEAST_BYTES)
    return fatal(`the areas have ${bytes} bytes together; not enough for the first page tables`);
  return steps;
}

const EFAULT = -14;
