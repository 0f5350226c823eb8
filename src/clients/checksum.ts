import type { ByteOrder } from '../bytes/index.js';
import type { ElfMachine } from '../memory/index.js';

/** How a machine's csum_partial leaves its sum: of 32-bit words with end-around carry, or folded to 16 bits at each call. */
type Folding = 'words' | 'folded';

/** x86_64 sums 64-bit words and folds once, to 32 bits; arm64 and the generic code fold every buffer to 16 bits first. */
function foldingOf(machine: ElfMachine): Folding {
  return machine === 'x86_64' ? 'words' : 'folded';
}

/**
 * The kernel's csum_partial: internet checksum of `bytes`, not complemented and not folded at the end, added to `sum`. Its 32-bit
 * value differs between machines; folded to 16 bits all agree.
 *
 * @param bytes a multiple of four of them; pages are
 * Source: arch/x86/lib/csum-partial_64.c and lib/checksum.c, Linux 6.16 to 7.3.
 */
export function csumPartial(bytes: Uint8Array, sum: number, order: ByteOrder, machine: ElfMachine): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = order === 'little';
  // 2^21 words stay below 2^53; a buffer of more is folded on the way.
  let total = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    total += view.getUint32(at, little);
    if (total >= 2 ** 52) total = endAround(total);
  }
  const words = endAround(total);
  return endAround(sum + (foldingOf(machine) === 'words' ? words : foldChecksum(words)));
}

/** A checksum folded to 16 bits, for comparing values of different machines. 0 only for a sum of nothing but zeros. */
export function foldChecksum(sum: number): number {
  let folded = (sum & 0xffff) + (sum >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}

/** Adds what lies above 32 bits back in at the low end, until nothing does. */
function endAround(value: number): number {
  let sum = value;
  while (sum >= 2 ** 32) sum = (sum % 2 ** 32) + Math.floor(sum / 2 ** 32);
  return sum;
}
