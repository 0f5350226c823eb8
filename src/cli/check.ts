import { Command } from 'commander';
import { getAbi } from '../abi/index.js';
import type { VerifyOptions } from '../golden/index.js';
import { checkReport, differenceLines, summaryLine, targetLine } from '../report/index.js';
import { FINDINGS } from './exit-status.js';
import { options, print, printJson } from './options.js';
import { Progress } from './progress.js';

interface CheckOptions {
  abi?: string;
  target?: string;
  scenario?: string;
  golden?: string;
  json?: boolean;
}

/** `kho-abi check`: the main job. */
export function checkCommand(): Command {
  return filters(new Command('check'))
    .description(
      'encode every golden scenario for every target, send it through dtc and back, decode it, compare it',
    )
    .addHelpText('after', '\nExample:\n  kho-abi check --abi kho-v2 --target le-4k')
    .action((given: CheckOptions) => runCheck(given));
}

/** Options that limit the work to a part of the golden files. */
export function filters(command: Command): Command {
  return command
    .option('--abi <ID>', 'only this ABI')
    .option('--target <NAME>', 'only this target, for example le-4k')
    .option('--scenario <NAME>', 'only this scenario')
    .option('--golden <DIR>', 'golden folder instead of the one of this package')
    .addOption(options.json());
}

/** Runs the check and prints as it goes; sets the exit status. */
export async function runCheck(given: CheckOptions): Promise<void> {
  if (given.abi !== undefined) getAbi(given.abi);
  // Commands load what only they need when they run: the others start faster.
  const { verifyGolden } = await import('../golden/index.js');
  const progress = await Progress.start(0);
  const limits: VerifyOptions = {
    ...(given.abi === undefined ? {} : { abi: given.abi }),
    ...(given.target === undefined ? {} : { target: given.target }),
    ...(given.scenario === undefined ? {} : { scenario: given.scenario }),
    ...(given.golden === undefined ? {} : { folder: given.golden }),
  };
  try {
    const result = await verifyGolden({
      ...limits,
      progress: (done, total, path) => progress.update(`${done}/${total} ${path}`),
      finished: (target) => {
        progress.clear();
        if (!given.json) print(targetLine(target));
      },
    });
    progress.clear();
    if (given.json) printJson(checkReport(result));
    else {
      const lines = differenceLines(result.files.differences);
      if (lines.length > 0) print(lines.join('\n'));
      print(summaryLine(result));
    }
    if (result.differences > 0) process.exitCode = FINDINGS;
  } finally {
    progress.clear();
  }
}
