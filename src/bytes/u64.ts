/**
 * The one place that decides how 64-bit values are held.
 *
 * - At the API a value that can exceed 2^53 is a bigint: physical addresses, radix keys, blob sizes.
 * - Page frame numbers stay below 2^52 (64 address bits less a page shift of at least 12), so they are plain numbers, exact.
 * - Hot loops read and write 32-bit halves; they never make a bigint.
 */
import type { ByteOrder } from './byte-order.js';

/** Largest value of 64 bits. */
export const U64_MAX = 0xffff_ffff_ffff_ffffn;

const TWO_32 = 0x1_0000_0000;

/** Reads the unsigned 64-bit value at `offset`. The caller has checked that eight bytes are there. */
export function readU64(bytes: Uint8Array, offset: number, order: ByteOrder): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getBigUint64(offset, order === 'little');
}

/** Writes an unsigned 64-bit value at `offset`. The caller has checked that eight bytes are there. */
export function writeU64(bytes: Uint8Array, offset: number, value: bigint, order: ByteOrder): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setBigUint64(offset, value, order === 'little');
}

/** Joins two unsigned 32-bit halves; exact while the value is below 2^53, that is while `high` is below 2^21. */
export function joinHalves(high: number, low: number): number {
  return high * TWO_32 + low;
}

/** High 32 bits of a number below 2^64 that is exact as a double. */
export function highHalf(value: number): number {
  return Math.floor(value / TWO_32) >>> 0;
}

/** Low 32 bits of a number below 2^53. */
export function lowHalf(value: number): number {
  return value >>> 0;
}

/** `0x…` without padding, the way addresses are printed everywhere. */
export function hex(value: bigint | number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** Sixteen hex digits without prefix: the address column of a hexdump. */
export function hex64(value: bigint): string {
  return value.toString(16).padStart(16, '0');
}

/**
 * Reads a number written as in C: decimal, `0x…` or octal with a leading zero.
 * Gives undefined for anything else, for signs, blanks and values above 64 bits.
 */
export function parseU64(text: string): bigint | undefined {
  if (/^0[xX][0-9a-fA-F]{1,40}$/.test(text) || /^(0|[1-9][0-9]{0,39})$/.test(text))
    return bounded(BigInt(text));
  if (/^0[0-7]{1,40}$/.test(text)) return bounded(BigInt(`0o${text.slice(1)}`));
  return undefined;
}

function bounded(value: bigint): bigint | undefined {
  return value <= U64_MAX ? value : undefined;
}
