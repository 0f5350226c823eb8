import { Command } from 'commander';
import { allAbis, getAbi } from '../abi/index.js';
import { abiListText, abiShowText } from '../report/index.js';
import { options, print, printJson } from './options.js';

/** `kho-abi abi`: what the ABI files say. */
export function abiCommand(): Command {
  const list = new Command('list')
    .description('all known ABIs, oldest first')
    .addOption(options.json())
    .action((given: { json?: boolean }) => {
      if (given.json) printJson(allAbis().map(({ file }) => file));
      else process.stdout.write(abiListText(allAbis()));
    });
  const show = new Command('show')
    .description('one ABI: properties, tree geometry, structures, known defects')
    .argument('<id>')
    .addOption(options.json())
    .action((id: string, given: { json?: boolean }) => {
      const abi = getAbi(id);
      if (given.json) printJson(abi.file);
      else print(abiShowText(abi));
    });
  return new Command('abi')
    .description('known ABIs')
    .addCommand(list)
    .addCommand(show)
    .addHelpText('after', '\nExample:\n  kho-abi abi show kho-v2');
}
