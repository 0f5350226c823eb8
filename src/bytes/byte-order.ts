/** Byte order of the CPU whose memory is read or written. Flattened device trees themselves are always big endian. */
export type ByteOrder = 'little' | 'big';

export const BYTE_ORDERS: readonly ByteOrder[] = ['little', 'big'];

/** Byte order of the machine this runs on: typed arrays wider than a byte use it. */
export const HOST_BYTE_ORDER: ByteOrder =
  new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 'little' : 'big';

/** Reverses the four bytes of a 32-bit value; the result is a signed 32-bit integer, as all bit operators give. */
export function swap32(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}
