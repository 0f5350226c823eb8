import { hex } from '../bytes/index.js';
import { encodeScratch, encodeSetupData, type Handoff, type ScratchArea } from '../handover/index.js';
import { type PageStore, writeElfCore } from '../memory/index.js';
import { copyMemory } from './copy-memory.js';
import { type CpioFile, writeCpio } from './cpio.js';
import { arm64EntryStub } from './entry-stub.js';
import { type Expectation, expectationText } from './expectation.js';
import { type KernelImage, withSetupData } from './kernel-image.js';
import { type Layout, planLayout } from './layout.js';
import type { BootMachine } from './machine.js';
import { machineTree } from './machine-tree.js';
import type { BootSource } from './source.js';

/** What a boot is made from. */
export interface BootRequest {
  readonly machine: BootMachine;
  readonly source: BootSource;
  readonly kernel: { readonly image: KernelImage; readonly bytes: Uint8Array };
  /** The guest's program, a static executable; undefined: the kernel stops when it finds none. */
  readonly init: Uint8Array | undefined;
  /** Scratch areas instead of chosen ones. */
  readonly scratch?: readonly ScratchArea[];
  /** Words to add to the kernel command line. */
  readonly append?: string;
}

/** Handoff record and scratch array as damaged cases want them. */
export interface HandoffChange {
  readonly handoff?: Partial<Handoff>;
  /** Bytes of the scratch array. */
  readonly array?: Uint8Array;
}

/** A boot that is ready to run: files, and QEMU's arguments, which name the files. */
export interface BootPlan {
  readonly machine: BootMachine;
  readonly layout: Layout;
  readonly handoff: Handoff;
  readonly commandLine: string;
  readonly expectation: Expectation;
  /** Arguments to get QEMU's device tree, which `finish` needs; undefined where there is none. */
  readonly treeArgs: ((file: string) => string[]) | undefined;
  /** Files by name, and arguments. @param dtb what QEMU gave for `treeArgs` */
  finish(dtb: Uint8Array | undefined): { files: Map<string, Uint8Array>; args: (folder: string) => string[] };
}

/** Names of the files that QEMU loads. */
const FILES = {
  kernel: 'kernel',
  initrd: 'initrd.cpio',
  tree: 'machine.dtb',
  stub: 'stub.bin',
  memory: 'handover.elf',
};

/** Plans a boot. Pure: nothing is written and no process is started. */
export function planBoot(request: BootRequest, change: HandoffChange = {}): BootPlan {
  const { machine, source, kernel } = request;
  const { target, expectation } = source;
  const initrd = request.init === undefined ? undefined : initramfs(request.init, expectation);
  const layout = planLayout({
    machine,
    target,
    image: kernel.image,
    imageBytes: BigInt(kernel.bytes.length),
    initrdBytes: BigInt(initrd?.length ?? 0),
    occupied: source.occupied,
    ...(request.scratch === undefined ? {} : { scratch: request.scratch }),
  });
  const encoded = encodeScratch(target, { array: layout.array, areas: layout.scratch });
  const array = change.array ?? encoded.bytes;
  const handoff: Handoff = {
    fdtAddress: source.fdtAddress,
    fdtSize: BigInt(2 ** target.pageShift),
    scratchAddress: layout.array,
    scratchSize: BigInt(array.length),
    ...change.handoff,
  };
  const commandLine = commandLineOf(request);
  const memory = source.memory;
  const size = `${hex(layout.ramBytes)}`;
  const machineArgs = [
    ...machine.args,
    '-object',
    `memory-backend-ram,id=ram,size=${size},reserve=off`,
    '-machine',
    'memory-backend=ram',
    '-m',
    `${layout.ramBytes >> 20n}M`,
  ];
  const common = ['-nodefaults', '-display', 'none', '-no-reboot'];
  return {
    machine,
    layout,
    handoff,
    commandLine,
    expectation,
    treeArgs:
      machine.arch === 'arm64'
        ? (file) => [...machineArgs, '-machine', `dumpdtb=${file}`, ...common]
        : undefined,
    finish(dtb) {
      const extra: [bigint, Uint8Array][] = [[layout.array, array]];
      const files = new Map<string, Uint8Array>();
      if (initrd !== undefined) files.set(FILES.initrd, initrd);
      if (machine.arch === 'x86_64') {
        extra.push([layout.tree.start, encodeSetupData(target, handoff)]);
        files.set(
          FILES.kernel,
          withSetupData(kernel.bytes, kernel.image, layout.tree.start, layout.image.start),
        );
      } else {
        files.set(FILES.kernel, kernel.bytes);
        files.set(
          FILES.tree,
          machineTree(dtb!, target, { commandLine, ram: layout.ram, initrd: initrdRange(), handoff }),
        );
        files.set(FILES.stub, arm64EntryStub(layout.tree.start, layout.image.start));
      }
      files.set(FILES.memory, elfOf(memory, extra, request));
      return { files, args: (folder) => [...machineArgs, ...common, ...loaders(folder)] };
    },
  };

  function initrdRange(): { start: bigint; end: bigint } | undefined {
    const { initrd: place } = layout;
    return place === undefined
      ? undefined
      : { start: place.start, end: place.start + BigInt(initrd!.length) };
  }

  function loaders(folder: string): string[] {
    const raw = (name: string, address: bigint): string[] => [
      '-device',
      `loader,file=${folder}/${name},addr=${hex(address)},force-raw=on`,
    ];
    const memoryArgs = ['-device', `loader,file=${folder}/${FILES.memory}`];
    if (machine.arch === 'x86_64')
      return [
        '-kernel',
        `${folder}/${FILES.kernel}`,
        ...(initrd === undefined ? [] : ['-initrd', `${folder}/${FILES.initrd}`]),
        '-append',
        commandLine,
        ...memoryArgs,
      ];
    return [
      ...raw(FILES.kernel, layout.image.start),
      ...raw(FILES.tree, layout.tree.start),
      ...raw(FILES.stub, layout.stub.start),
      ...(layout.initrd === undefined ? [] : raw(FILES.initrd, layout.initrd.start)),
      ...memoryArgs,
      '-device',
      `loader,addr=${hex(layout.stub.start)},cpu-num=0`,
    ];
  }
}

/** The guest's file system: its program and what it is to look for. The kernel makes the console itself. */
function initramfs(init: Uint8Array, expectation: Expectation): Uint8Array {
  const files: CpioFile[] = [
    { name: 'dev', mode: 0o040755, bytes: new Uint8Array() },
    { name: 'dev/console', mode: 0o020600, bytes: new Uint8Array(), device: [5, 1] },
    { name: 'init', mode: 0o100755, bytes: init },
    { name: 'expect', mode: 0o100644, bytes: Buffer.from(expectationText(expectation)) },
  ];
  return writeCpio(files);
}

/** Regions of memblock are asked for by name, size and alignment: that is how a kernel finds them again. */
function commandLineOf({ machine, source, append }: BootRequest): string {
  const regions = source.handover.clients.flatMap(({ data }) =>
    data?.kind === 'memblock'
      ? data.regions.map(({ name, size }) => `reserve_mem=${size?.value ?? 0n}:4096:${name.value}`)
      : [],
  );
  return [
    machine.console,
    'ignore_loglevel printk.devkmsg=on panic=-1 rdinit=/init kho=on liveupdate=on',
    ...regions,
    ...(append === undefined ? [] : [append]),
  ].join(' ');
}

function elfOf(
  memory: PageStore,
  extra: readonly (readonly [bigint, Uint8Array])[],
  { machine, source }: BootRequest,
): Uint8Array {
  const { pageShift } = source.target;
  const copy = copyMemory(memory, pageShift);
  for (const [address, bytes] of extra) copy.write(address, bytes);
  return writeElfCore(copy, { byteOrder: 'little', pageShift, machine: machine.elf });
}
