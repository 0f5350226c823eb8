import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command, Option } from 'commander';
import { PAGE_SHIFTS } from '../abi/index.js';
import { KhoError, writeFileWhole } from '../bytes/index.js';
import {
  ACTION,
  BASELINE_PATH,
  baselineText,
  INIT_CI,
  type InitCi,
  initFiles,
  parseCompilers,
  runTree,
  TREE_ARCHES,
} from '../kernel/index.js';
import { toolInfo } from '../report/index.js';
import { print } from './options.js';
import { Progress } from './progress.js';

/** Options of `init`. */
interface InitOptions {
  ci: InitCi;
  action?: string;
  arch: string;
  cc?: string;
  force?: boolean;
}

/** `kho-abi init`: the baseline and the workflow for a kernel tree. */
export function initCommand(): Command {
  return new Command('init')
    .description('write the baseline and a CI workflow into a kernel tree, so that its CI runs kho-abi tree')
    .argument('<kernel-dir>', 'kernel source tree')
    .addOption(new Option('--ci <SYSTEM>', 'what runs the check').choices(INIT_CI).default('github'))
    .option(
      '--action <REF>',
      'owner/repository@ref of the GitHub action; without it the workflow checks kho-abi out from the repository that its ' +
        'variable KHO_ABI_REPOSITORY names',
    )
    .addOption(
      new Option('--arch <ARCH>', 'architecture whose compiler is asked')
        .choices(TREE_ARCHES)
        .default(process.arch === 'arm64' ? 'arm64' : 'x86_64'),
    )
    .option('--cc <COMMAND>', 'compiler, as for kho-abi tree')
    .option('--force', 'overwrite files that are there')
    .addHelpText(
      'after',
      '\nRefresh a baseline with kho-abi tree KERNEL_DIR --write-baseline: that refuses a change without a new version.',
    )
    .action(init);
}

async function init(tree: string, given: InitOptions): Promise<void> {
  const { ci, action, force } = given;
  if (action !== undefined && !ACTION.test(action))
    throw new KhoError('E_USAGE', 'no reference of an action', {
      found: action,
      expected: 'owner/repository@ref',
    });
  const files = initFiles(ci, action);
  // Nothing is written, and no compiler asked, when one of the files is in the way.
  const there = [BASELINE_PATH, ...files.map(({ path }) => path)].filter((path) =>
    existsSync(join(tree, path)),
  );
  if (there.length > 0 && force !== true)
    throw new KhoError('E_USAGE', 'files are there already', {
      source: tree,
      found: there.join(', '),
      hint: 'give --force to overwrite them; refresh a baseline with kho-abi tree --write-baseline',
    });
  const progress = await Progress.start();
  let baseline: string;
  try {
    const report = await runTree({
      tool: toolInfo(),
      path: tree,
      alone: true,
      targets: PAGE_SHIFTS.map((pageShift) => ({ byteOrder: 'little' as const, pageShift })),
      arches: [given.arch],
      ...(given.cc === undefined ? {} : { compilers: parseCompilers(given.cc) }),
      progress: (text) => progress.update(text),
    });
    baseline = baselineText(report.print);
  } finally {
    progress.clear();
  }
  const all = [{ path: BASELINE_PATH, text: baseline, todo: [] }, ...files];
  for (const { path, text } of all) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileWhole(join(tree, path), text);
  }
  const paths = all.map(({ path }) => path);
  print(
    [
      ...paths.map((path) => `wrote ${join(tree, path)}`),
      '',
      'Then:',
      ...all.flatMap(({ todo }) => todo.map((text) => `  ${text}`)),
      `  in the tree: git add ${paths.join(' ')} && git commit`,
    ].join('\n'),
  );
}
