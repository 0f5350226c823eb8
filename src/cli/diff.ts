import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { Command } from 'commander';
import { asIoError } from '../bytes/index.js';
import { compareHandovers } from '../handover/index.js';
import { handoverDiffReport, handoverDiffText } from '../report/index.js';
import { FINDINGS } from './exit-status.js';
import { type LoadedHandover, loadHandover } from './load.js';
import { type DumpOptions, options, print, printJson } from './options.js';

interface DiffOptions extends Omit<DumpOptions, 'memory' | 'fdtAddress'> {
  ignoreAddresses?: boolean;
  json?: boolean;
}

/** `kho-abi diff`: two handovers by meaning and by bytes. */
export function diffCommand(): Command {
  return new Command('diff')
    .description(
      'compare two handovers by meaning and by bytes. Each is a root FDT, a dump, or FDT:DUMP. Exit status 4 when they differ',
    )
    .argument('<a>', 'root FDT, dump, or FDT:DUMP')
    .argument('<b>', 'the same')
    .option('--ignore-addresses', 'no physical address counts: for two boots of the same machine')
    .addOption(options.base())
    .addOption(options.abi())
    .addOption(options.byteOrder())
    .addOption(options.pageSize())
    .addOption(options.json())
    .addHelpText('after', '\nExample:\n  kho-abi diff before.elf after.elf --ignore-addresses')
    .action(async (first: string, second: string, given: DiffOptions) => {
      const a = await load(first, given);
      try {
        const b = await load(second, given);
        try {
          const ignoreAddresses = given.ignoreAddresses === true;
          const comparison = compareHandovers(a.handover, b.handover, { ignoreAddresses });
          if (given.json) printJson(handoverDiffReport(a, b, comparison, ignoreAddresses));
          else print(handoverDiffText(a, b, comparison));
          if (!comparison.same) process.exitCode = FINDINGS;
        } finally {
          b.close();
        }
      } finally {
        a.close();
      }
    });
}

/** Loads one side. A name with a colon is FDT:DUMP unless a file has just that name. */
function load(name: string, given: DiffOptions): Promise<LoadedHandover> {
  const { base, ...told } = given;
  const raw = base === undefined ? {} : { base };
  if (!existsSync(name)) {
    for (let at = name.indexOf(':'); at >= 0; at = name.indexOf(':', at + 1)) {
      const [fdt, memory] = [name.slice(0, at), name.slice(at + 1)];
      if (existsSync(fdt) && existsSync(memory)) return loadHandover(fdt, { ...told, ...raw, memory });
    }
  }
  return isFdt(name) ? loadHandover(name, told) : loadHandover(undefined, { ...told, ...raw, memory: name });
}

/** Whether a file begins with the magic number of a device tree. */
function isFdt(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    try {
      const head = Buffer.alloc(4);
      return readSync(file, head, 0, 4, 0) === 4 && head.readUInt32BE(0) === 0xd00dfeed;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw asIoError(error, path, 'cannot read');
  }
}
