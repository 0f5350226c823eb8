import { Command } from 'commander';
import { allAbis, diffAbis, getAbi } from '../abi/index.js';
import { abiDiffMarkdown, abiDiffReport, abiDiffText, abiListText, abiShowText } from '../report/index.js';
import { FINDINGS, WITHOUT_BUMP } from './exit-status.js';
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
  const diff = new Command('diff')
    .description(
      'what differs between two ABIs; exit status 0 same bytes, 4 different, 12 different under one string',
    )
    .argument('<from>')
    .argument('<to>')
    .addOption(options.json())
    .addOption(options.markdown())
    .addHelpText('after', '\nExample:\n  kho-abi abi diff kho-v3-7.1-rc1 kho-v3 --markdown')
    .action((from: string, to: string, given: { json?: boolean; markdown?: boolean }) => {
      const found = diffAbis(getAbi(from), getAbi(to));
      if (given.json) printJson(abiDiffReport(found));
      else print(given.markdown ? abiDiffMarkdown(found) : abiDiffText(found));
      if (found.wireDiffers.length > 0) process.exitCode = found.withoutBump ? WITHOUT_BUMP : FINDINGS;
    });
  return new Command('abi')
    .description('known ABIs')
    .addCommand(list)
    .addCommand(show)
    .addCommand(diff)
    .addHelpText('after', '\nExample:\n  kho-abi abi show kho-v2');
}
