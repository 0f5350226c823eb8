import { Command, InvalidArgumentError, Option } from 'commander';
import { KhoError, readWholeFile, writeFileWhole } from '../bytes/index.js';
import { FORMATS, type Format, renderReport, toolInfo } from '../report/index.js';
import type { FailOn } from '../validate/index.js';
import { FINDINGS } from './exit-status.js';
import { type DumpOptions, options, parseAddress, print } from './options.js';
import { outputsOf } from './outputs.js';
import { Progress } from './progress.js';
import { gather } from './validate-gather.js';

/** Options of `validate`. */
export interface ValidateOptions extends DumpOptions {
  debugfs?: string;
  scratch?: string;
  ram?: { start: bigint; end: bigint }[];
  profile?: string;
  suppress?: string;
  failOn: FailOn;
  format?: Format[];
  output?: string[];
}

/** `kho-abi validate`: will the next kernel take it, and if not, where and why? */
export function validateCommand(): Command {
  return new Command('validate')
    .description(
      'check what others made: root FDT, sub-blob, dump, debugfs folder, each known by its content. Exit status 4 for findings',
    )
    .argument('<input...>', 'files and folders')
    .addOption(options.memory())
    .addOption(options.base())
    .addOption(options.fdtAddress())
    .option('--debugfs <DIR>', 'folder copied from /sys/kernel/debug/kho (out or in)')
    .addOption(options.abi())
    .addOption(options.byteOrder())
    .addOption(options.pageSize())
    .option(
      '--scratch <FILE>',
      "scratch array as raw bytes, or 'auto': from the debugfs folder or the dump's setup_data",
    )
    .addOption(
      new Option('--ram <RANGE...>', 'memory of the machine, START-END or START+SIZE').argParser(ramRange),
    )
    .option('--profile <FILE>', 'YAML file with the versions that a fleet accepts')
    .option('--suppress <FILE>', 'YAML file with findings that are accepted, with reason and expiry')
    .addOption(
      new Option('--fail-on <SEVERITY>', 'what makes the exit status 4')
        .choices(['error', 'warning', 'never'])
        .default('error'),
    )
    .addOption(
      new Option('--format <FORMAT...>', 'output format, with -o once for each').choices(
        Object.keys(FORMATS),
      ),
    )
    .option('-o, --output <FILE...>', 'file for the format of the same place; - is standard output')
    .addHelpText(
      'after',
      `\nFormats:\n${Object.entries(FORMATS)
        .map(([name, text]) => `  ${name.padEnd(9)} ${text}`)
        .join('\n')}\n\nExample:\n  kho-abi validate vmcore --format text -o - --format sarif -o kho.sarif`,
    )
    .action(async (inputs: string[], given: ValidateOptions) => {
      const outputs = outputsOf(given, 'text');
      const { parseProfile, parseSuppressions, allRules, reportFails, validate } = await import(
        '../validate/index.js'
      );
      const progress = await Progress.start();
      const gathered = await gather(inputs, given, (text) => progress.update(text));
      try {
        const today = new Date().toISOString();
        const text = (path: string): string => Buffer.from(readWholeFile(path, 1 << 20)).toString('utf8');
        const report = validate({
          ...gathered.subject,
          tool: toolInfo(),
          started: today,
          ...(given.profile === undefined
            ? {}
            : { profile: parseProfile(text(given.profile), given.profile) }),
          ...(given.suppress === undefined
            ? {}
            : {
                suppressions: parseSuppressions(text(given.suppress), given.suppress, {
                  today: today.slice(0, 10),
                  rules: new Set(allRules().map(({ id }) => id)),
                }),
              }),
          progress: (what) => progress.update(what),
        });
        progress.clear();
        for (const { format, file } of outputs) {
          if (file === '-') print(renderReport(format, report));
          else writeFileWhole(file, renderReport(format, report, { colour: false }));
        }
        if (reportFails(report, given.failOn)) process.exitCode = FINDINGS;
      } finally {
        progress.clear();
        gathered.close();
      }
    });
}

/** `0x1000-0x1fff` (last byte included) or `0x1000+0x1000`. */
function ramRange(
  text: string,
  before: { start: bigint; end: bigint }[] = [],
): { start: bigint; end: bigint }[] {
  const [, first, sign, second] = /^([^-+]+)([-+])([^-+]+)$/.exec(text) ?? [];
  try {
    if (first === undefined || second === undefined) throw new KhoError('E_USAGE', 'not a range');
    const start = parseAddress(first);
    const end = sign === '+' ? start + parseAddress(second) : parseAddress(second) + 1n;
    if (end <= start) throw new KhoError('E_USAGE', 'an empty range');
    return [...before, { start, end }].sort((a, b) => (a.start < b.start ? -1 : 1));
  } catch (error) {
    throw error instanceof KhoError
      ? new InvalidArgumentError(`${error.message}: START-END or START+SIZE`)
      : error;
  }
}
