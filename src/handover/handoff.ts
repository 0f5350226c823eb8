import { decodeStruct, encodeStruct, type Target } from '../abi/index.js';
import { KhoError } from '../bytes/index.js';

/** What the first kernel tells the second one: where the FDT and the scratch array are. */
export interface Handoff {
  readonly fdtAddress: bigint;
  /** One page, whatever the FDT's totalsize. */
  readonly fdtSize: bigint;
  readonly scratchAddress: bigint;
  /** Bytes of the scratch array. */
  readonly scratchSize: bigint;
}

/**
 * The x86 way: a setup_data node of type SETUP_KEXEC_KHO, 48 bytes, little endian.
 *
 * @param next physical address of the next setup_data node, 0 for the last
 * Source: arch/x86/include/uapi/asm/setup_data.h, Linux 6.16 to 7.3.
 */
export function encodeSetupData(target: Target, handoff: Handoff, next = 0n): Uint8Array {
  const { struct, type, len } = target.abi.file.handoff.setupData;
  return encodeStruct(
    target.abi.struct(struct, target.pageShift),
    {
      next,
      type,
      len,
      fdt_addr: handoff.fdtAddress,
      fdt_size: handoff.fdtSize,
      scratch_addr: handoff.scratchAddress,
      scratch_size: handoff.scratchSize,
    },
    'little',
  );
}

/** Reads a setup_data node. @throws KhoError `E_HANDOVER` when it is of another type or length. */
export function decodeSetupData(target: Target, bytes: Uint8Array): Handoff & { readonly next: bigint } {
  const { struct, type, len } = target.abi.file.handoff.setupData;
  const values = decodeStruct(target.abi.struct(struct, target.pageShift), bytes, 'little');
  if (values.type !== type || values.len !== len) {
    throw new KhoError('E_HANDOVER', 'not a setup_data node of Kexec Handover', {
      path: struct,
      found: `type ${values.type}, len ${values.len}`,
      expected: `type ${type}, len ${len}`,
    });
  }
  return {
    next: BigInt(values.next!),
    fdtAddress: BigInt(values.fdt_addr!),
    fdtSize: BigInt(values.fdt_size!),
    scratchAddress: BigInt(values.scratch_addr!),
    scratchSize: BigInt(values.scratch_size!),
  };
}

/**
 * The arm64 way: properties of /chosen, as a device tree overlay in source form that dtc compiles (`dtc -@`). Each property is
 * one (address, size) pair of big-endian cells, two cells each, which fits a root with #address-cells and #size-cells of 2.
 * Source: drivers/of/kexec.c, Linux 6.16 to 7.3.
 */
export function chosenOverlay(target: Target, handoff: Handoff): string {
  const { fdt, scratch } = target.abi.file.handoff.chosen;
  const cells = (address: bigint, size: bigint): string =>
    [address >> 32n, address, size >> 32n, size]
      .map((value) => `0x${(value & 0xffff_ffffn).toString(16).padStart(8, '0')}`)
      .join(' ');
  return [
    '/dts-v1/;',
    '/plugin/;',
    '',
    '&{/chosen} {',
    `\t${fdt} = <${cells(handoff.fdtAddress, handoff.fdtSize)}>;`,
    `\t${scratch} = <${cells(handoff.scratchAddress, handoff.scratchSize)}>;`,
    '};',
    '',
  ].join('\n');
}
