import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { getAbi, makeTarget, type PageShift, targetName } from '../abi/index.js';
import { type ByteOrder, hex, KhoError, readWholeFile, writeFileWhole } from '../bytes/index.js';
import {
  chosenOverlay,
  type EncodedHandover,
  encodeScenario,
  encodeSetupData,
  handoverFiles,
  parseScenario,
} from '../handover/index.js';
import { isRadix } from '../map/index.js';
import { writeElfCore, writeRaw } from '../memory/index.js';
import { columns, grouped, style } from '../report/index.js';
import { options, print } from './options.js';

const SCENARIO_LIMIT = 64 * 1024 * 1024;

interface EncodeOptions {
  abi: string;
  byteOrder: ByteOrder;
  pageSize: PageShift;
  output: string;
  gzip?: boolean;
  raw?: boolean;
}

/** `kho-abi encode`: scenario in, DTB and memory dump out. */
export function encodeCommand(): Command {
  return new Command('encode')
    .description('write the handover that a scenario leaves behind: DTB, memory dump, walk')
    .argument('<scenario>', 'scenario file (language: golden/scenarios/README.md)')
    .requiredOption('--abi <ID>', 'ABI to write (see: kho-abi abi list)')
    .addOption(options.byteOrder().default('little'))
    .addOption(options.pageSize().default(12, '4K'))
    .requiredOption('-o, --output <DIR>', 'folder to write to')
    .option('--gzip', 'write memory.elf.gz instead of memory.elf')
    .option('--raw', 'also write memory.raw, if the memory is one run of pages')
    .addHelpText('after', '\nExample:\n  kho-abi encode vm.scenario --abi kho-v2 --page-size 16K -o out')
    .action((scenario: string, given: EncodeOptions) => runEncode(scenario, given));
}

function runEncode(file: string, given: EncodeOptions): void {
  const text = Buffer.from(readWholeFile(file, SCENARIO_LIMIT)).toString('utf8');
  const target = makeTarget(getAbi(given.abi), given.byteOrder ?? 'little', given.pageSize);
  const handover = encodeScenario(parseScenario(text, file), target);
  const files = new Map<string, Uint8Array | string>(handoverFiles(handover));
  const elf = writeElfCore(handover.memory, { ...target, release: handover.scenario.release });
  if (given.gzip) files.set('memory.elf.gz', gzipSync(elf, { level: 9 }));
  else files.set('memory.elf', elf);
  if (given.raw) files.set('memory.raw', writeRaw(handover.memory).bytes);
  for (const [name, bytes] of handoffFiles(handover)) files.set(name, bytes);
  for (const [name, bytes] of files) writeFileWhole(join(given.output, name), bytes);

  const failed = handover.results.filter(({ result }) => result !== 0);
  print(
    `${given.abi} ${targetName(target)}: root FDT at ${hex(handover.fdtAddress)}, map at ${hex(handover.map.root)}`,
  );
  print(
    columns(
      [...files].map(([name, bytes]) => [join(given.output, name), `${grouped(bytes.length)} bytes`]),
      '  ',
    ).join('\n'),
  );
  for (const { line, text: words, result } of failed)
    print(style.note(`${file}:${line}: ${words} -> ${result}`));
  for (const note of lostOrderNotes(handover)) print(style.note(note));
}

/** The two ways in which the next kernel learns where the handover is; both need the scratch array. */
function handoffFiles(handover: EncodedHandover): [string, Uint8Array | string][] {
  const { scratch, target, fdtAddress } = handover;
  if (scratch === undefined) return [];
  const handoff = {
    fdtAddress,
    fdtSize: BigInt(2 ** target.pageShift),
    scratchAddress: scratch.array,
    scratchSize: BigInt(scratch.bytes.length),
  };
  return [
    ['scratch.bin', scratch.bytes],
    ['setup-data.bin', encodeSetupData(target, handoff)],
    ['chosen.dtso', chosenOverlay(target, handoff)],
  ];
}

/** Says so when a tree was written that every kernel misreads. */
function lostOrderNotes({ map, target }: EncodedHandover): string[] {
  const lost = isRadix(map) ? map.geometry.lostOrderBit : undefined;
  if (lost === undefined) return [];
  const erratum = target.abi.erratum(lost.erratum);
  if (erratum === undefined) throw new KhoError('E_ABI_FILE', `no erratum ${lost.erratum}`);
  return [
    `erratum ${erratum.id}: ${erratum.title}. The bytes are those of such a kernel. ${erratum.recovery ?? ''}`.trim(),
  ];
}
