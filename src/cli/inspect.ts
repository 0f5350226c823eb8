import { join } from 'node:path';
import { Command } from 'commander';
import { KhoError, writeFileWhole } from '../bytes/index.js';
import { annotateStructure, extractHandover, type Handover } from '../handover/index.js';
import { walkRanges, walkText } from '../map/index.js';
import {
  columns,
  grouped,
  handoverDot,
  hexdumpReport,
  hexdumpText,
  inspectReport,
  inspectText,
  PLAIN_TREE,
  safe,
  type TreeStyle,
} from '../report/index.js';
import { type LoadedHandover, loadHandover } from './load.js';
import { type DumpOptions, options, parseAddress, print, printJson } from './options.js';

interface InspectOptions extends DumpOptions {
  json?: boolean;
  walk?: boolean;
  ranges?: boolean;
  hexdump?: string;
  dot?: boolean;
  extract?: string;
  scratch?: string;
  decimal?: boolean;
}

/** What is shown instead of the picture; one at a time. */
const VIEWS = ['walk', 'ranges', 'hexdump', 'dot', 'extract'] as const;

/** Text that is gathered before it is written. */
const BATCH = 1 << 16;

const EXAMPLES = `
Example:
  kho-abi inspect --memory memory.elf.gz
  kho-abi inspect --memory memory.elf.gz --hexdump LUO/sessions/0
  kho-abi inspect --memory memory.elf.gz --hexdump 0x8a3000:kho_vmalloc_chunk`;

/** `kho-abi inspect`: one picture of a handover. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('show a handover: version, byte order, page size, map, subtrees and what clients hand over')
    .argument('[fdt]', 'root FDT; looked for in the dump when left out')
    .addOption(options.memory())
    .addOption(options.base())
    .addOption(options.fdtAddress())
    .addOption(options.abi())
    .addOption(options.byteOrder())
    .addOption(options.pageSize())
    .option(
      '--walk',
      'print only the preserved blocks, "address order" a line, in the order of the kernel\'s walk',
    )
    .option('--ranges', 'print only the preserved memory, "first-last bytes" a line, ascending and joined')
    .option('--decimal', 'with --walk and --ranges: numbers in decimal')
    .option(
      '--hexdump <PATH>',
      'print only one structure with its fields: fdt, map, a subtree, LUO/sessions/0, 0xADDRESS:STRUCTURE; a wrong PATH lists the right ones',
    )
    .option('--scratch <PHYS:AREAS>', 'where the scratch array lies, for --hexdump scratch')
    .option('--dot', 'print only a Graphviz graph of tables, leaves and what clients point to')
    .option(
      '--extract <DIR>',
      "write root FDT, the subtrees' blobs and an ELF core with only KHO's own pages there",
    )
    .addOption(options.json())
    .addHelpText('after', EXAMPLES)
    .action(async (fdt: string | undefined, given: InspectOptions) => {
      const views = VIEWS.filter((view) => given[view] !== undefined);
      if (views.length > 1) throw new KhoError('E_USAGE', `--${views.join(' and --')} exclude each other`);
      const loaded = await loadHandover(fdt, given);
      try {
        if (given.extract !== undefined) extractView(loaded.handover, given.extract, given.json === true);
        else if (given.dot) print(handoverDot(loaded.handover));
        else if (given.json) jsonView(loaded, given);
        else if (given.walk) walkView(loaded.handover, given);
        else if (given.ranges) rangesView(loaded.handover, given);
        else if (given.hexdump !== undefined)
          print(hexdumpText(annotateStructure(loaded.handover, given.hexdump, scratchOf(given))));
        else print(inspectText(loaded.handover, terminalLook()));
      } finally {
        loaded.close();
      }
    });
}

function jsonView({ handover, fdt, memory }: LoadedHandover, given: InspectOptions): void {
  const report = inspectReport(
    handover,
    { fdt, ...(memory === undefined ? {} : { memory }) },
    { walk: given.walk === true },
  );
  if (given.ranges) {
    report.ranges = [];
    forEachRange(handover, false, (line) => report.ranges!.push(line));
  }
  if (given.hexdump !== undefined)
    report.hexdump = hexdumpReport(
      given.hexdump,
      annotateStructure(handover, given.hexdump, scratchOf(given)),
    );
  printJson(report);
}

function walkView(handover: Handover, { decimal }: InspectOptions): void {
  const text = walkText(mapOf(handover, '--walk'));
  process.stdout.write(
    decimal ? text.replace(/^0x[0-9a-f]+/gm, (address) => BigInt(address).toString()) : text,
  );
}

function rangesView(handover: Handover, { decimal }: InspectOptions): void {
  let text = '';
  forEachRange(handover, decimal === true, (line) => {
    text += `${line}\n`;
    if (text.length < BATCH) return;
    process.stdout.write(text);
    text = '';
  });
  process.stdout.write(text);
}

/** Notes go to standard error: they are no part of what was extracted. */
function extractView(handover: Handover, folder: string, json: boolean): void {
  const { files, notes } = extractHandover(handover);
  for (const [name, bytes] of files) writeFileWhole(join(folder, name), bytes);
  for (const note of notes) process.stderr.write(`kho-abi: note: ${safe(note)}\n`);
  const list = [...files].map(([name, { length }]) => ({ file: join(folder, name), bytes: length }));
  if (json) printJson({ files: list, notes });
  else print(columns(list.map(({ file, bytes }) => [file, `${grouped(bytes)} bytes`])).join('\n'));
}

function forEachRange(handover: Handover, decimal: boolean, visit: (line: string) => void): void {
  const map = mapOf(handover, '--ranges');
  const size = 1n << BigInt(map.geometry.pageShift);
  const form = (value: bigint): string => (decimal ? `${value}` : `0x${value.toString(16)}`);
  walkRanges(map, (start, end) => {
    const first = BigInt(start) * size;
    const after = BigInt(end) * size;
    visit(`${form(first)}-${form(after - 1n)} ${form(after - first)}`);
  });
}

function mapOf({ map }: Handover, option: string): NonNullable<Handover['map']> {
  if (map !== undefined) return map;
  throw new KhoError('E_USAGE', `${option} needs the memory`, { hint: 'give --memory' });
}

/** Box-drawing characters go to a terminal whose locale has them; a pipe gets ASCII and lines that fit everywhere. */
function terminalLook(): TreeStyle {
  if (!process.stdout.isTTY) return PLAIN_TREE;
  const { LC_ALL, LC_CTYPE, LANG, TERM } = process.env;
  const unicode = /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '') && TERM !== 'dumb' && TERM !== 'linux';
  return { unicode, width: Math.max(60, Math.min(100, process.stdout.columns || 100)) };
}

/** Areas of a scratch array at most: one a NUMA node, and two more. */
const MAX_AREAS = 4096;

function scratchOf({ scratch }: InspectOptions): { address: bigint; areas: number } | undefined {
  if (scratch === undefined) return undefined;
  const [, address, areas] = /^([^:]+):([0-9]{1,4})$/.exec(scratch) ?? [];
  const count = Number(areas);
  if (address !== undefined && count >= 1 && count <= MAX_AREAS)
    return { address: parseAddress(address), areas: count };
  throw new KhoError('E_USAGE', 'not a place of a scratch array', {
    found: scratch,
    expected: `PHYS:AREAS, 1 to ${MAX_AREAS} areas`,
  });
}
