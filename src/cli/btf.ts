import { Command } from 'commander';
import type { PageShift } from '../abi/index.js';
import { checkBtf } from '../kernel/index.js';
import { btfReport, btfText } from '../report/index.js';
import { FINDINGS } from './exit-status.js';
import { options, print, printJson } from './options.js';

interface BtfOptions {
  baseline?: string;
  pageSize?: PageShift;
  json?: boolean;
}

/** `kho-abi btf`: the structures of a kernel as it was built. */
export function btfCommand(): Command {
  return new Command('btf')
    .description(
      'the structures of KHO in the type information of a built kernel, compared with the known ABIs. Exit status 4 when one departs; 0 for a kernel without KHO',
    )
    .argument('<file>', 'vmlinux, /sys/kernel/btf/vmlinux, or a file of raw BTF')
    .option('--baseline <FILE>', 'compare with a baseline too (kho-abi tree writes it)')
    .addOption(options.pageSize())
    .addOption(options.json())
    .addHelpText('after', '\nExample:\n  kho-abi btf /sys/kernel/btf/vmlinux')
    .action((file: string, given: BtfOptions) => {
      const { baseline, pageSize } = given;
      const check = checkBtf(file, {
        ...(baseline === undefined ? {} : { baseline }),
        ...(pageSize === undefined ? {} : { pageShift: pageSize }),
      });
      if (given.json) printJson(btfReport(check));
      else print(btfText(check));
      if (check.departures > 0) process.exitCode = FINDINGS;
    });
}
