import { getAbi, makeTarget, type PageShift, type Target } from '../../src/abi/index.js';
import { BOOT_MACHINES, type BootArch, type BootMachine, type KernelImage } from '../../src/boot/index.js';

/** A kernel of some MiB, as an image's header describes it. */
export function kernelOf(arch: BootArch, pageShift: PageShift = 12): KernelImage {
  return arch === 'arm64'
    ? { arch, load: 0n, memoryBytes: 0x510000n, pageShift }
    : { arch, load: 0x100_0000n, memoryBytes: 0xba2000n, pageShift: 12, movable: true };
}

/** A machine and a target of kho-v4 that fit together. */
export function machineOf(
  arch: BootArch,
  pageShift: PageShift = 12,
): { machine: BootMachine; target: Target } {
  const machine = BOOT_MACHINES[arch];
  return { machine, target: makeTarget(getAbi('kho-v4'), 'little', pageShift, machine.elf) };
}
