import { Command } from 'commander';
import { KhoError } from '../bytes/index.js';
import { walkText } from '../map/index.js';
import { inspectReport, inspectText } from '../report/index.js';
import { loadHandover } from './load.js';
import { type DumpOptions, options, print, printJson } from './options.js';

interface InspectOptions extends DumpOptions {
  json?: boolean;
  walk?: boolean;
  decimal?: boolean;
}

/** `kho-abi inspect`: one picture of a handover. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('show a handover: version, byte order, page size, map, subtrees')
    .argument('[fdt]', 'root FDT; looked for in the dump when left out')
    .addOption(options.memory())
    .addOption(options.base())
    .addOption(options.fdtAddress())
    .addOption(options.abi())
    .addOption(options.byteOrder())
    .addOption(options.pageSize())
    .option(
      '--walk',
      'print only the preserved blocks, "address order" a line, in the order of the kernel\'s walk',
    )
    .option('--decimal', 'with --walk: addresses in decimal')
    .addOption(options.json())
    .addHelpText('after', '\nExample:\n  kho-abi inspect --memory memory.elf.gz')
    .action(async (fdt: string | undefined, given: InspectOptions) => {
      const loaded = await loadHandover(fdt, given);
      try {
        const { handover } = loaded;
        if (given.json) {
          const input = {
            fdt: loaded.fdt,
            ...(loaded.memory === undefined ? {} : { memory: loaded.memory }),
          };
          printJson(inspectReport(handover, input, { walk: given.walk === true }));
        } else if (given.walk) {
          if (handover.map === undefined)
            throw new KhoError('E_USAGE', '--walk needs the memory', { hint: 'give --memory' });
          const text = walkText(handover.map);
          process.stdout.write(
            given.decimal ? text.replace(/^0x[0-9a-f]+/gm, (address) => BigInt(address).toString()) : text,
          );
        } else {
          print(inspectText(handover));
        }
      } finally {
        loaded.close();
      }
    });
}
