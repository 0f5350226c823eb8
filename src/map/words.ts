import { type ByteOrder, HOST_BYTE_ORDER, joinHalves, swap32 } from '../bytes/index.js';

/**
 * How 64-bit words of the target lie in an array of 32-bit host words. A u64 takes two of them; which half comes first,
 * and whether their bytes are swapped, depends on the target's and the host's byte order.
 */
export interface WordView {
  readonly swap: boolean;
  /** XOR for the index of a 32-bit half: 0 when the low half comes first. */
  readonly halfXor: 0 | 1;
  /** Mask of bit n of a 32-bit half, as it stands in the array. */
  readonly masks: Int32Array;
}

/** The view for a target's byte order on this host. */
export function wordView(order: ByteOrder): WordView {
  const swap = order !== HOST_BYTE_ORDER;
  const masks = new Int32Array(32);
  for (let bit = 0; bit < 32; bit++) masks[bit] = swap ? swap32(1 << bit) : 1 << bit;
  return { swap, halfXor: order === 'little' ? 0 : 1, masks };
}

/** Reads the u64 at index `index` (in u64 units) as a number; exact below 2^53, at least 2^53 when it is larger. */
export function wordAt(words: Uint32Array, index: number, view: WordView): number {
  let low = words[2 * index + view.halfXor]!;
  let high = words[2 * index + (view.halfXor ^ 1)]!;
  if (view.swap) {
    low = swap32(low) >>> 0;
    high = swap32(high) >>> 0;
  }
  return joinHalves(high, low);
}

/** Exact value of the u64 at index `index`. */
export function wordBigAt(words: Uint32Array, index: number, view: WordView): bigint {
  let low = words[2 * index + view.halfXor]!;
  let high = words[2 * index + (view.halfXor ^ 1)]!;
  if (view.swap) {
    low = swap32(low) >>> 0;
    high = swap32(high) >>> 0;
  }
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Writes a u64 given as two unsigned halves. */
export function setWord(words: Uint32Array, index: number, high: number, low: number, view: WordView): void {
  words[2 * index + view.halfXor] = view.swap ? swap32(low) : low;
  words[2 * index + (view.halfXor ^ 1)] = view.swap ? swap32(high) : high;
}

/** Bytes as 32-bit host words: a view when they are aligned, else a copy. The length is a multiple of 4. */
export function asWords(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
