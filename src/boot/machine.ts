import type { PageShift } from '../abi/index.js';
import type { ElfMachine, PhysicalRange } from '../memory/index.js';

/** Architectures that have Kexec Handover. */
export type BootArch = 'arm64' | 'x86_64';

/** What a QEMU machine is like, as far as the plan of its memory needs it. */
export interface BootMachine {
  readonly arch: BootArch;
  readonly elf: ElfMachine;
  /** Program that runs it, and the Debian package that has the program. */
  readonly qemu: string;
  readonly package: string;
  /** Arguments that make the machine, without memory, kernel and console. */
  readonly args: readonly string[];
  /** Physical address of the first byte of RAM. */
  readonly ramBase: bigint;
  /** RAM that firmware or QEMU itself writes to before the kernel runs, given the amount of RAM. */
  firmware(ramBytes: bigint): readonly PhysicalRange[];
  /** Physical ranges of RAM, given the amount. */
  ram(ramBytes: bigint): readonly PhysicalRange[];
  /** Words of the kernel command line that put the console on the serial port. */
  readonly console: string;
  /** Page sizes that the architecture has. */
  readonly pageShifts: readonly PageShift[];
}

const MIB = 1n << 20n;
const GIB = 1n << 30n;

/** QEMU's `virt` board. RAM is one run from 1 GiB on. QEMU puts its own device tree into the first MiB. */
const ARM64: BootMachine = {
  arch: 'arm64',
  elf: 'aarch64',
  qemu: 'qemu-system-aarch64',
  package: 'qemu-system-arm',
  args: ['-machine', 'virt,gic-version=3', '-cpu', 'max,pauth-impdef=on', '-smp', '1'],
  ramBase: GIB,
  firmware: () => [{ start: GIB, end: GIB + MIB }],
  ram: (bytes) => [{ start: GIB, end: GIB + bytes }],
  console: 'earlycon=pl011,0x9000000 console=ttyAMA0',
  pageShifts: [12, 14, 16],
};

/** RAM below 4 GiB at most; the rest stands above 4 GiB. */
const PC_LOW = 3n * GIB;

/** Room at the top of low RAM for the initrd, which QEMU puts there, and for the tables of the firmware. */
const PC_TOP = 128n * MIB;

/** QEMU's `pc` board with its BIOS, which uses the first MiB and the top of low RAM. */
const X86_64: BootMachine = {
  arch: 'x86_64',
  elf: 'x86_64',
  qemu: 'qemu-system-x86_64',
  package: 'qemu-system-x86',
  args: ['-machine', 'pc,max-ram-below-4g=3G', '-cpu', 'max', '-smp', '1'],
  ramBase: 0n,
  firmware: (bytes) => {
    const low = bytes < PC_LOW ? bytes : PC_LOW;
    return [
      { start: 0n, end: MIB },
      { start: low - PC_TOP, end: low },
    ];
  },
  ram: (bytes) =>
    bytes <= PC_LOW
      ? [{ start: 0n, end: bytes }]
      : [
          { start: 0n, end: PC_LOW },
          { start: 4n * GIB, end: 4n * GIB + bytes - PC_LOW },
        ],
  console: 'earlyprintk=ttyS0,115200 console=ttyS0,115200',
  pageShifts: [12],
};

/** The machines that handovers are replayed on. Source: QEMU 7.2, hw/arm/virt and hw/i386/pc_piix. */
export const BOOT_MACHINES: Readonly<Record<BootArch, BootMachine>> = { arm64: ARM64, x86_64: X86_64 };
