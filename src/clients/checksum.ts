import type { ByteOrder } from '../bytes/index.js';
import type { ElfMachine } from '../memory/index.js';

/**
 * The kernel's csum_partial: internet checksum of `bytes`, not complemented and not folded at the end, added to `sum`. Its 32-bit
 * value differs between machines: x86_64 sums words and folds once, to 32 bits; arm64 and the generic code fold every buffer
 * to 16 bits first. Folded to 16 bits all agree.
 *
 * @param bytes a multiple of four of them; pages are
 * Source: arch/x86/lib/csum-partial_64.c and lib/checksum.c, Linux 6.16 to 7.3.
 */
export function csumPartial(bytes: Uint8Array, sum: number, order: ByteOrder, machine: ElfMachine): number {
  return addFolio(sum, sumWords(bytes, order), machine);
}

/** Sum of 32-bit words with end-around carry; pieces of one buffer are summed one after another. */
export function sumWords(bytes: Uint8Array, order: ByteOrder, before = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = order === 'little';
  let total = before;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    total += view.getUint32(at, little);
    // Sums stay exact below 2^53; a very long buffer is folded on the way.
    if (total >= 2 ** 52) total = endAround(total);
  }
  return endAround(total);
}

/** Adds a buffer's sum of words to a running checksum as a machine's csum_partial does. */
export function addFolio(sum: number, words: number, machine: ElfMachine): number {
  return endAround(sum + (machine === 'x86_64' ? words : foldChecksum(words)));
}

/** A checksum folded to 16 bits, for comparing values of different machines. 0 only for a sum of nothing but zeros. */
export function foldChecksum(sum: number): number {
  const folded = (sum & 0xffff) + (sum >>> 16);
  return (folded & 0xffff) + (folded >>> 16);
}

/** Adds what lies above 32 bits back in at the low end, until nothing does. */
function endAround(value: number): number {
  let sum = value;
  while (sum >= 2 ** 32) sum = (sum % 2 ** 32) + Math.floor(sum / 2 ** 32);
  return sum;
}
