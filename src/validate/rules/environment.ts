import { pageSizeName, type Target } from '../../abi/index.js';
import { hex } from '../../bytes/index.js';
import type { RuleTable, ValidationContext } from '../context.js';
import { makeRules } from './build.js';

const R = makeRules('environment', 'scratch areas (--scratch, a debugfs folder)', {
  'scratch-empty': [
    501,
    'error',
    'there is no scratch area',
    'kho_populate, Linux 6.16 to 7.3',
    'The next kernel has no memory to boot in: it boots cold.',
  ],
  'scratch-zero-size': [
    502,
    'note',
    'a scratch area of no bytes',
    'kho_populate, Linux 6.16 to 7.3',
    'Running kernels hand over empty global areas; receivers check neither size nor alignment, and marking the area does nothing.',
  ],
  'scratch-overlap': [
    503,
    'error',
    'two scratch areas overlap',
    'kho_scratch, Linux 6.16 to 7.3',
    'Areas are one for low memory, one global, one for each node; they never share memory. The x86 decompressor uses them for KASLR unchecked (erratum B33).',
  ],
  'scratch-alignment': [
    504,
    'warning',
    'a scratch area is not aligned',
    'commit 0e39380a7316, Linux 7.2',
    'From 7.2 on addresses and sizes are multiples of the largest buddy block: 4 MiB, 32 MiB, 512 MiB for pages of 4K, 16K, 64K. Explicit sizes were not rounded before.',
  ],
  'scratch-array-outside': [
    505,
    'error',
    'the scratch array does not lie in a scratch area',
    'kexec_file_load with KHO, Linux 6.16 to 7.3',
    'The array is a kexec segment, and all segments must fit into scratch.',
    'scratch areas whose array has a known address',
  ],
  'scratch-remainder': [
    506,
    'warning',
    'the scratch array has a remainder',
    'kho_populate, Linux 6.16 to 7.3',
    'The number of areas is length / 16; the rest is dropped.',
  ],
  'scratch-range': [
    507,
    'error',
    'a scratch area passes 52 address bits',
    'kho_populate, Linux 6.16 to 7.3',
    'No machine has memory there: the array was read with the wrong byte order, or is damaged.',
  ],
});

/** Rules of the scratch areas. */
export const environmentRules: RuleTable = {
  rules: Object.values(R),
  check(context: ValidationContext): void {
    const { scratch, scratchBytes, scratchArray, target } = context;
    if (scratch === undefined) {
      for (const rule of this.rules) context.skip(rule, 'no scratch areas given');
      return;
    }
    for (const rule of this.rules) {
      if (rule === R['scratch-array-outside'] && scratchArray === undefined)
        context.skip(rule, 'the address of the array is not known');
      else if (rule === R['scratch-remainder'] && scratchBytes === undefined)
        context.skip(rule, 'the array itself is not known, only what it says');
      else if (rule === R['scratch-alignment'] && alignmentOf(target) === undefined)
        context.skip(rule, 'the format is not known, or its releases do not align areas');
      else context.ran(rule);
    }
    if (scratch.length === 0)
      context.reportScratch(R['scratch-empty'], {
        message: 'the scratch array has no entry',
        path: 'scratch',
      });
    if (scratchBytes !== undefined && scratchBytes % 16 !== 0)
      context.reportScratch(R['scratch-remainder'], {
        message: 'the last bytes are no whole entry and are dropped',
        path: 'scratch',
        found: `${scratchBytes} bytes`,
        expected: 'a multiple of 16',
      });
    const sorted = scratch
      .map((area, index) => ({ ...area, index }))
      .sort((a, b) => (a.address < b.address ? -1 : 1));
    let end = 0n;
    for (const { address, size, index } of sorted) {
      const place = {
        path: `scratch/${index}`,
        offset: 16 * index,
        length: 16,
        found: `${hex(address)}, ${hex(size)} bytes`,
      };
      if (size === 0n)
        context.reportScratch(R['scratch-zero-size'], { message: `area ${index} is empty`, ...place });
      else if (address + size > 1n << 52n)
        context.reportScratch(R['scratch-range'], { message: `area ${index} is nowhere`, ...place });
      else if (address < end)
        context.reportScratch(R['scratch-overlap'], {
          message: `area ${index} begins before the one below it ends`,
          ...place,
        });
      const align = alignmentOf(target);
      if (align !== undefined && (address % align !== 0n || size % align !== 0n))
        context.reportScratch(R['scratch-alignment'], {
          message: `area ${index} is not aligned`,
          ...place,
          expected: `multiples of ${hex(align)}`,
        });
      if (address + size > end) end = address + size;
    }
    if (scratchArray === undefined) return;
    const bytes = BigInt(scratch.length * 16);
    const inside = scratch.some(
      ({ address, size }) => address <= scratchArray && scratchArray + bytes <= address + size,
    );
    if (!inside)
      context.reportScratch(R['scratch-array-outside'], {
        message: 'the array lies in none of its own areas',
        path: 'scratch',
        address: scratchArray,
      });
  },
};

/** Bytes to which areas are aligned, in releases that align them. */
function alignmentOf(target: Target | undefined): bigint | undefined {
  if (target === undefined || !target.abi.file.handoff.scratchAligned) return undefined;
  return (
    1n << BigInt(target.abi.file.ranges.maxFolioOrder[pageSizeName(target.pageShift)] + target.pageShift)
  );
}
