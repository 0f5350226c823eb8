import type { ScratchArea } from '../handover/index.js';
import type { PhysicalRange } from '../memory/index.js';

/**
 * What is known of the next kernel's machine besides byte order and page size. All parts are optional: a dump seldom tells them, and
 * steps that need one that is missing are "not checked".
 */
export interface NextMachine {
  /** Physical memory, sorted and joined. */
  readonly ram?: readonly PhysicalRange[];
  /** Bytes that the handoff record gives for the root FDT. */
  readonly fdtSize?: bigint;
  /** The scratch array: its length in bytes, and the areas in it. */
  readonly scratchAddress?: bigint;
  readonly scratch?: { readonly bytes: bigint; readonly areas: readonly ScratchArea[] };
  /** Regions that `reserve_mem=` asks for; undefined: all that are handed over, as they are. */
  readonly regions?: readonly { readonly name: string; readonly size: bigint; readonly align: bigint }[];
  /** What reading physical addresses without memory does: arm64 machines stop, a PC reads ones. */
  readonly holes?: 'abort' | 'ones';
}

/** Whether bytes lie in the machine's memory; true when that is not known. */
export function inRam({ ram }: NextMachine, address: bigint, bytes: bigint): boolean {
  return ram === undefined || ram.some(({ start, end }) => start <= address && address + bytes <= end);
}
