import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { asIoError, KhoError, readWholeFile, writeFileWhole } from '../bytes/index.js';
import { checkFdt, dtcView, FDT_LAYOUTS, type FdtLayout, readFdt, writeFdt } from '../fdt/index.js';
import { fdtCheckText, grouped } from '../report/index.js';
import { FINDINGS } from './exit-status.js';
import { options, print, printJson } from './options.js';

/** Blobs are read whole; the largest known trees have some hundred KiB. */
const BLOB_LIMIT = 256 * 1024 * 1024;

interface FdtOptions {
  output?: string;
  layout: FdtLayout;
  check?: boolean;
  force?: boolean;
  json?: boolean;
}

/** `kho-abi fdt`: any device tree blob, checked or written again. */
export function fdtCommand(): Command {
  return new Command('fdt')
    .description('check a device tree blob, or write it again in another byte layout')
    .argument('<blob>', 'device tree blob, or - for standard input')
    .option('-o, --output <FILE>', 'write the tree there')
    .addOption(new Option('--layout <NAME>', 'byte layout to write').choices(FDT_LAYOUTS).default('dtc'))
    .option('--force', 'write trees that dtc refuses, as dtc -f does')
    .option('--check', 'list every defect (the default without -o)')
    .addOption(options.json())
    .addHelpText(
      'after',
      '\nExample:\n  kho-abi fdt board.dtb --check\n  kho-abi fdt board.dtb -o out.dtb --layout dtc',
    )
    .action((blob: string, given: FdtOptions) => {
      const source = blob === '-' ? 'standard input' : blob;
      const bytes = blob === '-' ? readInput() : readWholeFile(blob, BLOB_LIMIT);
      if (given.check || given.output === undefined) check(source, bytes, given);
      if (given.output !== undefined) rewrite(source, bytes, given.output, given);
    });
}

function check(source: string, bytes: Uint8Array, given: FdtOptions): void {
  const result = checkFdt(bytes);
  if (given.json) {
    const { defects, suppressed, nodes, properties } = result;
    printJson({ source, nodes, properties, defects, suppressed });
  } else {
    process.stdout.write(fdtCheckText(source, result));
  }
  if (result.defects.some(({ severity }) => severity === 'error')) process.exitCode = FINDINGS;
}

function rewrite(source: string, bytes: Uint8Array, output: string, given: FdtOptions): void {
  const tree = readFdt(bytes, { source });
  const view = given.layout === 'dtc' ? dtcView(tree) : { tree, objections: [] };
  if (view.objections.length > 0 && !given.force) {
    const first = view.objections[0]!;
    throw new KhoError('E_FDT', 'dtc refuses this tree', {
      source,
      path: first.path,
      found: `${first.text} (${first.check})${view.objections.length > 1 ? `, and ${view.objections.length - 1} more` : ''}`,
      hint: '--force writes it all the same',
    });
  }
  const written = writeFdt(view.tree, given.layout);
  writeFileWhole(output, written);
  if (!given.json) print(`${output}: ${grouped(written.length)} bytes, ${given.layout} layout`);
}

function readInput(): Uint8Array {
  try {
    return readFileSync(0);
  } catch (error) {
    throw asIoError(error, 'standard input', 'cannot read');
  }
}
