import { Command, InvalidArgumentError, Option } from 'commander';
import { type PageShift, parseByteOrder, parsePageSize } from '../abi/index.js';
import { type ByteOrder, KhoError, writeFileWhole } from '../bytes/index.js';
import {
  baselinePath,
  parseCompilers,
  runTree,
  TREE_ARCHES,
  type TreeFailOn,
  type TreeOptions,
  type TreeReport,
  treeExitStatus,
  writeBaseline,
} from '../kernel/index.js';
import { renderTree, TREE_FORMATS, type TreeFormat, toolInfo } from '../report/index.js';
import { WITHOUT_BUMP } from './exit-status.js';
import { print } from './options.js';
import { type OutputOptions, outputsOf } from './outputs.js';
import { Progress } from './progress.js';

/** Options of `tree`. */
interface GivenOptions extends OutputOptions<TreeFormat> {
  baseline?: string;
  against?: string;
  arch: string[];
  pageSize: PageShift[];
  byteOrder: ByteOrder[];
  cc?: string;
  writeBaseline?: boolean | string;
  withoutBump?: boolean;
  failOn: TreeFailOn;
}

/** `kho-abi tree`: did the ABI of this kernel tree change, and does a version say so? */
export function treeCommand(): Command {
  return new Command('tree')
    .description(
      'ABI of a kernel tree or of installed headers, as a compiler sees it; compared with a baseline, a revision, another tree or ' +
        'a known ABI. Exit status 4 for a change, 12 for a change without a new version',
    )
    .argument('<kernel-dir>', 'kernel source tree, or the unpacked headers of a distribution')
    .option('--baseline <FILE>', "baseline instead of the tree's own")
    .option('--against <WHAT>', 'git revision of the tree, another tree, or an ABI or release (kho-v4, 7.2)')
    .addOption(
      new Option('--arch <LIST>', 'architectures whose compilers are asked')
        .argParser(list(arch))
        .default(['x86_64'], 'x86_64'),
    )
    .addOption(
      new Option('--page-size <LIST>', '4K, 16K, 64K')
        .argParser(list(parsePageSize))
        .default([12, 14, 16], 'all'),
    )
    .addOption(
      new Option('--byte-order <LIST>', 'little, big')
        .argParser(list(parseByteOrder))
        .default(['little'], 'little'),
    )
    .option(
      '--cc <COMMAND>',
      "compiler: gcc, 'clang --target=aarch64-linux-gnu', or x86_64=gcc,arm64=aarch64-linux-gnu-gcc",
    )
    .option(
      '--write-baseline [FILE]',
      'write the baseline and compare it with the old one first; refused for a change without a new version',
    )
    .option('--without-bump', 'write a baseline even then')
    .addOption(
      new Option('--fail-on <WHAT>', 'what makes the exit status 4 or 12')
        .choices(['change', 'unbumped', 'warning', 'never'])
        .default('change'),
    )
    .addOption(
      new Option('--format <FORMAT...>', 'output format, with -o once for each').choices(
        Object.keys(TREE_FORMATS),
      ),
    )
    .option('-o, --output <FILE...>', 'file for the format of the same place; - is standard output')
    .addHelpText(
      'after',
      `\nFormats:\n${Object.entries(TREE_FORMATS)
        .map(([name, text]) => `  ${name.padEnd(9)} ${text}`)
        .join(
          '\n',
        )}\n\nExample:\n  kho-abi tree . --against origin/master --format text -o - --format sarif -o kho.sarif`,
    )
    .action(async (path: string, given: GivenOptions) => {
      const outputs = outputsOf(given, 'text');
      const report = await run(path, given);
      for (const { format, file } of outputs) {
        if (file === '-') print(renderTree(format, report));
        else writeFileWhole(file, renderTree(format, report, { colour: false }));
      }
      const status = treeExitStatus(report, given.failOn);
      if (given.writeBaseline !== undefined && given.writeBaseline !== false)
        return keep(path, given, report);
      if (status !== 0) process.exitCode = status;
    });
}

async function run(path: string, given: GivenOptions): Promise<TreeReport> {
  const progress = await Progress.start();
  const options: TreeOptions = {
    tool: toolInfo(),
    path,
    targets: given.byteOrder.flatMap((byteOrder) =>
      given.pageSize.map((pageShift) => ({ byteOrder, pageShift })),
    ),
    arches: given.arch,
    ...(given.cc === undefined ? {} : { compilers: parseCompilers(given.cc) }),
    ...(given.baseline === undefined ? {} : { baseline: given.baseline }),
    ...(given.against === undefined ? {} : { against: given.against }),
    progress: (text) => progress.update(text),
  };
  try {
    return await runTree(options);
  } finally {
    progress.clear();
  }
}

/** Writes the baseline. A change without a new version is not laid down as the new normal by accident. */
function keep(path: string, given: GivenOptions, report: TreeReport): void {
  const unbumped = treeExitStatus(report, 'unbumped') === WITHOUT_BUMP;
  if (unbumped && given.withoutBump !== true) {
    process.exitCode = WITHOUT_BUMP;
    process.stderr.write(
      'kho-abi: the baseline was not written: the ABI changed under an unchanged version ' +
        '(raise the version, or give --without-bump if the change is meant so)\n',
    );
    return;
  }
  const file =
    typeof given.writeBaseline === 'string' ? given.writeBaseline : (given.baseline ?? baselinePath(path));
  writeBaseline(file, report.print);
  process.stderr.write(`wrote ${file}\n`);
}

function arch(text: string): string {
  if (!TREE_ARCHES.includes(text))
    throw new KhoError('E_USAGE', 'unknown architecture', { found: text, expected: TREE_ARCHES.join(', ') });
  return text;
}

/** A list with commas; each value once. */
function list<Value>(parse: (text: string) => Value): (text: string) => Value[] {
  return (text) => {
    try {
      return [...new Set(text.split(',').map((part) => parse(part.trim())))];
    } catch (error) {
      throw error instanceof KhoError ? new InvalidArgumentError(error.message) : error;
    }
  };
}
