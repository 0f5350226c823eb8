import { join } from 'node:path';
import { Command } from 'commander';
import { writeFileWhole } from '../bytes/index.js';
import { walkText } from '../map/index.js';
import { columns, grouped, inspectReport } from '../report/index.js';
import { loadHandover } from './load.js';
import { type DumpOptions, options, print, printJson } from './options.js';

/** `kho-abi decode`: DTB and dump in, plain data out. */
export function decodeCommand(): Command {
  return new Command('decode')
    .description('read a handover back into plain data (JSON), or into files with -o')
    .argument('[fdt]', 'root FDT; looked for in the dump when left out')
    .addOption(options.memory())
    .addOption(options.base())
    .addOption(options.fdtAddress())
    .addOption(options.abi())
    .addOption(options.byteOrder())
    .addOption(options.pageSize())
    .option('-o, --output <DIR>', 'write model.json, handover.dtb and walk.txt there instead of printing')
    .addHelpText('after', '\nExample:\n  kho-abi decode --memory out/memory.elf -o decoded')
    .action(async (fdt: string | undefined, given: DumpOptions & { output?: string }) => {
      const loaded = await loadHandover(fdt, given);
      try {
        const { handover } = loaded;
        const model = inspectReport(handover, {
          fdt: loaded.fdt,
          ...(loaded.memory === undefined ? {} : { memory: loaded.memory }),
        });
        if (given.output === undefined) {
          printJson(model);
          return;
        }
        const files: [string, Uint8Array | string][] = [
          ['model.json', `${JSON.stringify(model, undefined, 2)}\n`],
          ['handover.dtb', handover.root.bytes],
        ];
        if (handover.map !== undefined) files.push(['walk.txt', walkText(handover.map)]);
        for (const [name, bytes] of files) writeFileWhole(join(given.output, name), bytes);
        print(
          columns(
            files.map(([name, bytes]) => [join(given.output!, name), `${grouped(bytes.length)} bytes`]),
          ).join('\n'),
        );
      } finally {
        loaded.close();
      }
    });
}
