import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { allAbis, getAbi, makeTarget, pageSizeName } from '../abi/index.js';
import {
  BOOT_MACHINES,
  type BootArch,
  type BootMachine,
  type BootSource,
  consoleIsOver,
  judgeBoot,
  planBoot,
  qemuVersion,
  readConsole,
  readKernelImage,
  runBoot,
  sourceFromMemory,
  sourceFromScenario,
} from '../boot/index.js';
import { KhoError, readWholeFile, writeFileWhole } from '../bytes/index.js';
import { decodeHandover, parseScenario, type ScratchArea } from '../handover/index.js';
import { bootReport, bootText } from '../report/index.js';
import { FINDINGS } from './exit-status.js';
import { openParts } from './load.js';
import { type DumpOptions, options, print, printJson } from './options.js';
import { Progress } from './progress.js';

interface BootOptions extends DumpOptions {
  kernel: string;
  arch?: BootArch;
  init?: string;
  timeout: number;
  append?: string;
  console?: string;
  json?: boolean;
}

const IMAGE_LIMIT = 512 * 1024 * 1024;
const SCENARIO_LIMIT = 64 * 1024 * 1024;

/** `kho-abi boot`: lets a real kernel say whether it takes a handover. */
export function bootCommand(): Command {
  return new Command('boot')
    .description(
      'boot a real kernel in QEMU from a handover and read what it takes. Exit status 4 when it refuses or loses any of it',
    )
    .argument('<handover>', 'scenario (*.scenario), dump, or folder of a capture')
    .requiredOption('--kernel <IMAGE>', 'arm64 Image or x86 bzImage with CONFIG_KEXEC_HANDOVER')
    .addOption(new Option('--arch <ARCH>', 'machine; follows from the kernel').choices(['arm64', 'x86_64']))
    .option(
      '--init <FILE>',
      'static program for the guest that checks sessions and memory (scripts/kernel/guest)',
    )
    .addOption(options.abi())
    .addOption(options.pageSize())
    .addOption(options.fdtAddress())
    .option('--append <WORDS>', 'words to add to the kernel command line')
    .option('--timeout <SECONDS>', 'longest time for the boot', seconds, 120)
    .option('--console <FILE>', 'write what the console said to this file')
    .addOption(options.json())
    .addHelpText(
      'after',
      '\nExample:\n  kho-abi boot golden/scenarios/87-kernel-7.3.scenario --kernel arch/arm64/boot/Image',
    )
    .action((handover: string, given: BootOptions) => runBootCommand(handover, given));
}

async function runBootCommand(path: string, given: BootOptions): Promise<void> {
  const bytes = readWholeFile(given.kernel, IMAGE_LIMIT);
  const image = readKernelImage(bytes, given.kernel);
  if (given.arch !== undefined && given.arch !== image.arch)
    throw new KhoError('E_USAGE', 'the kernel is of another architecture', {
      source: given.kernel,
      found: image.arch,
      expected: given.arch,
    });
  const machine = BOOT_MACHINES[image.arch];
  const init = given.init === undefined ? undefined : readWholeFile(given.init, IMAGE_LIMIT);
  const kernel = {
    image,
    imageBytes: BigInt(bytes.length),
    initrdBytes: BigInt((init?.length ?? 0) + INITRD_ROOM),
  };
  const { source, scratch } = path.endsWith('.scenario')
    ? { source: scenarioSource(path, given, machine, kernel), scratch: undefined }
    : await dumpSource(path, given, machine);
  const { pageShift } = source.target;
  if (image.pageShift !== undefined && image.pageShift !== pageShift && given.pageSize === undefined)
    throw new KhoError('E_USAGE', 'the kernel has another page size than the handover', {
      source: given.kernel,
      found: pageSizeName(image.pageShift),
      expected: pageSizeName(pageShift),
      hint: 'no kernel notices that; --page-size says that it is meant',
    });
  const plan = planBoot({
    machine,
    source,
    kernel: { image, bytes },
    init,
    ...(scratch === undefined ? {} : { scratch }),
    ...(given.append === undefined ? {} : { append: given.append }),
  });
  const progress = await Progress.start(0);
  const qemu = await qemuVersion(machine);
  const run = await runBoot(plan, {
    timeoutMs: given.timeout * 1000,
    isOver: consoleIsOver,
    progress: (console) => progress.update(`booting: ${console.trimEnd().split('\n').at(-1)!.slice(0, 100)}`),
  }).finally(() => progress.clear());
  if (given.console !== undefined) writeFileWhole(given.console, run.console);
  const seen = readConsole(run.console);
  const verdict = judgeBoot(plan.expectation, seen);
  const result = {
    source: path,
    kernel: given.kernel,
    arch: machine.arch,
    pageSize: pageSizeName(pageShift),
    qemu,
    seconds: run.milliseconds / 1000,
    end: run.end,
    verdict,
    seen,
  };
  if (given.json) printJson(bootReport(result));
  else print(bootText(result));
  if (!verdict.accepted) process.exitCode = FINDINGS;
}

/** Room for what is packed beside the guest's program. */
const INITRD_ROOM = 1 << 16;

function scenarioSource(
  path: string,
  given: BootOptions,
  machine: BootMachine,
  kernel: Parameters<typeof sourceFromScenario>[3],
): BootSource {
  const text = Buffer.from(readWholeFile(path, SCENARIO_LIMIT)).toString('utf8');
  const abi = given.abi === undefined ? allAbis().at(-1)! : getAbi(given.abi);
  const pageShift = given.pageSize ?? kernel.image.pageShift ?? 12;
  const target = makeTarget(abi, 'little', pageShift, machine.elf);
  return sourceFromScenario(parseScenario(text, path), target, machine, kernel);
}

/** A dump, or a capture's folder, which also says where the scratch areas were. */
async function dumpSource(
  path: string,
  given: BootOptions,
  machine: BootMachine,
): Promise<{ source: BootSource; scratch: readonly ScratchArea[] | undefined }> {
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const memory = folder ? join(path, 'memory.elf.gz') : path;
  const parts = await openParts(undefined, { ...given, memory });
  try {
    const { fdtBytes, fdtAddress, hints } = parts;
    const handover = decodeHandover(fdtBytes, {
      source: memory,
      memory: parts.memory,
      fdtAddress,
      ...(given.pageSize === undefined ? {} : { pageShift: given.pageSize }),
      ...(given.abi === undefined ? {} : { abi: getAbi(given.abi) }),
    });
    const found = handover.target ?? makeTarget(handover.abi, hints.byteOrder ?? 'little', 12);
    const target = makeTarget(found.abi, found.byteOrder, found.pageShift, machine.elf);
    const source = sourceFromMemory(target, parts.memory, fdtAddress, fdtBytes, false);
    return { source, scratch: folder ? capturedScratch(path) : undefined };
  } finally {
    parts.close();
  }
}

function capturedScratch(folder: string): ScratchArea[] | undefined {
  const read = (name: string): bigint[] | undefined => {
    const file = join(folder, `debugfs-out-${name}`);
    if (!existsSync(file)) return undefined;
    const text = Buffer.from(readWholeFile(file)).toString('latin1');
    return text.split(/\s+/).flatMap((word) => (/^0x[0-9a-f]+$/i.test(word) ? [BigInt(word)] : []));
  };
  const addresses = read('scratch_phys');
  const sizes = read('scratch_len');
  if (addresses === undefined || sizes === undefined || addresses.length !== sizes.length) return undefined;
  return addresses.map((address, index) => ({ address, size: sizes[index]! }));
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3600)) throw new InvalidArgumentError('seconds from 1 to 3600');
  return value;
}
