import { Command } from 'commander';
import { grouped, style } from '../report/index.js';
import { filters, runCheck } from './check.js';
import { FINDINGS } from './exit-status.js';
import { print } from './options.js';

/** Changes printed with their differences. */
const SHOWN = 20;

/** `kho-abi golden`: the corpus of golden files. */
export function goldenCommand(): Command {
  const verify = filters(new Command('verify'))
    .description(
      'check hashes, recompute everything, run the dtc round trip, look for stray and missing files',
    )
    .action(runCheck);
  const generate = new Command('generate')
    .description('encode every scenario again and show what would change')
    .option('--golden <DIR>', 'golden folder instead of the one of this package')
    .option('--accept', 'write the changes and the manifest')
    .addHelpText(
      'after',
      '\nExample:\n  kho-abi golden generate            # shows the difference, exit status 4\n  kho-abi golden generate --accept',
    )
    .action(async (given: { golden?: string; accept?: boolean }) => {
      const { generateGolden } = await import('../golden/index.js');
      const accept = given.accept === true;
      const result = generateGolden({
        accept,
        ...(given.golden === undefined ? {} : { folder: given.golden }),
      });
      for (const { path, kind, patch } of result.changes.slice(0, SHOWN)) {
        print(`${style.title(kind)} golden/${path}`);
        if (patch !== '') print(patch);
      }
      if (result.changes.length > SHOWN) print(`(${grouped(result.changes.length - SHOWN)} more files)`);
      const done = accept ? 'written' : 'would change';
      print(`${grouped(result.cells)} cells, ${grouped(result.changes.length)} files ${done}`);
      if (!accept && result.changes.length > 0) {
        print('Nothing was written. Review the difference, then run it again with --accept.');
        process.exitCode = FINDINGS;
      }
    });
  return new Command('golden')
    .description('the golden files of this package')
    .addCommand(verify)
    .addCommand(generate);
}
