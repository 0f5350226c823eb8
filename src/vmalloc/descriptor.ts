import { decodeStruct, encodeStruct, type Target } from '../abi/index.js';

/** A kho_vmalloc descriptor: what a client stores to find its area again. */
export interface VmallocDescriptor {
  /** Physical address of the first chunk. */
  readonly first: bigint;
  /** Base pages of the area. */
  readonly totalPages: number;
  /** KHO flags: 1 = VM_ALLOC, 2 = VM_ALLOW_HUGE_VMAP. */
  readonly flags: number;
  /** Order of the mapping: every entry stands for 2^order pages. */
  readonly order: number;
}

/** Size of a descriptor in bytes. */
export function descriptorSize(target: Target): number {
  return target.abi.struct(target.abi.vmalloc.descriptor, target.pageShift).size;
}

/** Bytes of a descriptor, in the target's byte order. */
export function encodeDescriptor(target: Target, value: VmallocDescriptor): Uint8Array {
  const struct = target.abi.struct(target.abi.vmalloc.descriptor, target.pageShift);
  const { first, totalPages, flags, order } = value;
  return encodeStruct(struct, { first, total_pages: totalPages, flags, order }, target.byteOrder);
}

/** Reads a descriptor. @throws KhoError `E_HANDOVER` when bytes are missing. */
export function decodeDescriptor(target: Target, bytes: Uint8Array, offset = 0): VmallocDescriptor {
  const struct = target.abi.struct(target.abi.vmalloc.descriptor, target.pageShift);
  const values = decodeStruct(struct, bytes, target.byteOrder, offset);
  return {
    first: BigInt(values.first!),
    totalPages: Number(values.total_pages),
    flags: Number(values.flags),
    order: Number(values.order),
  };
}

/** Entries that an area of so many pages needs: each stands for 2^order pages. */
export function entryCount(totalPages: number, order: number): number {
  return Math.ceil(totalPages / 2 ** order);
}

/** Chunks that so many entries take. A chunk that becomes full is followed by another at once, even an empty one. */
export function chunkCount(entries: number, entriesPerChunk: number): number {
  return Math.floor(entries / entriesPerChunk) + 1;
}
