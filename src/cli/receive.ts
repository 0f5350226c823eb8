import { Command } from 'commander';
import { findRelease, type PageShift } from '../abi/index.js';
import { type ByteOrder, KhoError } from '../bytes/index.js';
import { decodeHandover, type Handover } from '../handover/index.js';
import { type ReceiveInput, type Reception, receiveHandover } from '../receive/index.js';
import { receptionReport, receptionText } from '../report/index.js';
import { FINDINGS } from './exit-status.js';
import { openParts } from './load.js';
import { type DumpOptions, options, print, printJson } from './options.js';

interface ReceiveOptions extends DumpOptions {
  as: string;
  json?: boolean;
}

/** `kho-abi receive`: plays the next kernel. */
export function receiveCommand(): Command {
  return new Command('receive')
    .description(
      'play the next kernel on a handover, step by step, with its log lines. Exit status 4 unless all is restored',
    )
    .argument('[fdt]', 'root FDT; looked for in the dump when left out')
    .requiredOption('--as <RELEASE>', 'release or ABI of the next kernel: 7.1, 6.17.9, kho-v3')
    .addOption(options.memory().makeOptionMandatory())
    .addOption(options.base())
    .addOption(options.fdtAddress())
    .addOption(options.byteOrder())
    .addOption(options.pageSize())
    .addOption(options.json())
    .addHelpText('after', '\nExample:\n  kho-abi receive --memory memory.elf.gz --as 7.1')
    .action(async (fdt: string | undefined, given: ReceiveOptions) => {
      const receiver = findRelease(given.as);
      const parts = await openParts(fdt, given);
      try {
        const { memory, fdtBytes, fdtAddress, source } = parts;
        const sent = readSent(fdtBytes, source, { memory, fdtAddress, ...told(given) });
        const reception = receiveHandover(receiver, {
          fdt: fdtBytes,
          fdtAddress,
          memory,
          machine: machineOf(sent, given, parts.hints),
          sent,
        });
        if (given.json) printJson(receptionReport(reception));
        else print(receptionText(reception));
        if (!isClean(reception)) process.exitCode = FINDINGS;
      } finally {
        parts.close();
      }
    });
}

/** The handover as its own format reads; undefined when it cannot be read, which the next kernel may notice or not. */
function readSent(
  fdt: Uint8Array,
  source: string,
  options: Parameters<typeof decodeHandover>[1],
): Handover | undefined {
  try {
    return decodeHandover(fdt, { source, ...options });
  } catch (error) {
    if (error instanceof KhoError && error.exitStatus === 2) return undefined;
    throw error;
  }
}

function told({ byteOrder, pageSize }: ReceiveOptions): { byteOrder?: ByteOrder; pageShift?: PageShift } {
  return {
    ...(byteOrder === undefined ? {} : { byteOrder }),
    ...(pageSize === undefined ? {} : { pageShift: pageSize }),
  };
}

function machineOf(
  sent: Handover | undefined,
  { byteOrder, pageSize }: ReceiveOptions,
  hints: { byteOrder?: ByteOrder; pageShift?: number },
): ReceiveInput['machine'] {
  const hinted = ([12, 14, 16] as const).find((shift) => shift === hints.pageShift);
  return {
    byteOrder: byteOrder ?? sent?.byteOrder ?? hints.byteOrder ?? 'little',
    pageShift: pageSize ?? sent?.target?.pageShift ?? hinted ?? 12,
  };
}

function isClean({ steps, result }: Reception): boolean {
  const bad = ['error', 'open fails', 'fresh allocation'];
  return result === 'KHO boot' && !steps.some(({ outcome }) => bad.includes(outcome));
}
