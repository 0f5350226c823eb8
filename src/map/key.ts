import type { RadixGeometry } from './geometry.js';

/** A preserved block: 2^order pages at a physical address. */
export interface Block {
  readonly address: bigint;
  readonly order: number;
}

/**
 * Key of a block: `2^(64 - page shift - order) | address >> (page shift + order)`.
 * The address must be a multiple of the block's size, or it does not come back.
 * Source: ABI header include/linux/kho/abi/kexec_handover.h, "kho: adopt radix tree for preserved memory tracking".
 */
export function encodeKey(geometry: RadixGeometry, block: Block): bigint {
  const shift = BigInt(geometry.pageShift + block.order);
  return (1n << BigInt(geometry.order0Bit - block.order)) | (block.address >> shift);
}

/** Index of the highest set bit; -1 for 0. */
export function highestBit(key: bigint): number {
  return key === 0n ? -1 : key.toString(2).length - 1;
}

/**
 * What every kernel's decoder makes of a key, without checks: with the highest set bit b, order = 64 - page shift - b and
 * address = key << (64 - b), both as 64-bit arithmetic gives them. Where C leaves the shift undefined (b < 1) the address is 0.
 */
export function decodeKeyUnchecked(geometry: RadixGeometry, key: bigint): Block {
  const bit = highestBit(key);
  const address = bit < 1 ? 0n : (key << BigInt(64 - bit)) & 0xffff_ffff_ffff_ffffn;
  return { order: geometry.order0Bit - bit, address };
}

/** Why a key is no block. */
export type KeyFault = 'no order bit' | 'order bit 0' | 'order bit above the order-0 position';

/** Undefined for a key that is a block. */
export function keyFault(geometry: RadixGeometry, key: bigint): KeyFault | undefined {
  const bit = highestBit(key);
  if (bit < 0) return 'no order bit';
  if (bit === 0) return 'order bit 0';
  return bit > geometry.order0Bit ? 'order bit above the order-0 position' : undefined;
}

/** Table indices from the root down, and the bit in the leaf. Key bits that the tree does not cover are dropped, as in C. */
export function keyPath(geometry: RadixGeometry, key: bigint): { tables: number[]; bit: number } {
  const tables: number[] = [];
  const mask = (1n << BigInt(geometry.tableBits)) - 1n;
  for (let level = geometry.depth - 1; level >= 1; level--) {
    const shift = BigInt(geometry.bitmapBits + (level - 1) * geometry.tableBits);
    tables.push(Number((key >> shift) & mask));
  }
  return { tables, bit: Number(key & ((1n << BigInt(geometry.bitmapBits)) - 1n)) };
}
