import { Command } from 'commander';
import { allReleases, findRelease, type PageShift } from '../abi/index.js';
import { KhoError } from '../bytes/index.js';
import { pairKernels } from '../receive/index.js';
import { matrixMarkdown, matrixText, pairMarkdown, pairReport, pairText } from '../report/index.js';
import { FINDINGS } from './exit-status.js';
import { options, print, printJson } from './options.js';

interface PairOptions {
  pageSize: PageShift;
  json?: boolean;
  markdown?: boolean;
}

/** `kho-abi pair`: can one kernel hand over to another? */
export function pairCommand(): Command {
  return new Command('pair')
    .description(
      'verdict for two kernels, component by component; without arguments for every pair of releases. ' +
        'Exit status 4 when a pair is not compatible',
    )
    .argument('[from]', 'release or ABI of the kernel that hands over: 7.1, 6.17.9, 7.1-rc3, kho-v3')
    .argument('[to]', 'release or ABI of the next kernel')
    .addOption(options.pageSize().default(12, '4K'))
    .addOption(options.json())
    .addOption(options.markdown())
    .addHelpText('after', '\nExample:\n  kho-abi pair 6.19 7.0\n  kho-abi pair --page-size 16K --markdown')
    .action((from: string | undefined, to: string | undefined, given: PairOptions) => {
      if (from === undefined) return printMatrix(given);
      if (to === undefined)
        throw new KhoError('E_USAGE', 'one kernel is no pair', { expected: 'FROM and TO, or nothing' });
      const pair = pairKernels(findRelease(from), findRelease(to), given.pageSize);
      if (given.json) printJson(pairReport(pair));
      else print(given.markdown ? pairMarkdown(pair) : pairText(pair));
      if (pair.verdict !== 'compatible') process.exitCode = FINDINGS;
    });
}

function printMatrix(given: PairOptions): void {
  const matrix = allReleases().map((from) =>
    allReleases().map((to) => pairKernels(from, to, given.pageSize)),
  );
  if (given.json) printJson(matrix.flat().map(pairReport));
  else print(given.markdown ? matrixMarkdown(matrix) : matrixText(matrix));
}
