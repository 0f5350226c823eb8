import { hex64 } from './u64.js';

/** Lower-case hex digits without separators. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Bytes of a text of hex pairs; blanks and line ends between pairs are skipped. Throws RangeError on anything else. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) {
    throw new RangeError('hex text must be pairs of hex digits');
  }
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

/** The printable part of a byte as hexdumps show it. */
export function asciiColumn(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : '.';
  return text;
}

/** One canonical line for 16 bytes: address, two groups of eight, ASCII. */
export function hexdumpLine(address: bigint, bytes: Uint8Array): string {
  const pairs = toHex(bytes).match(/../g) ?? [];
  const left = pairs.slice(0, 8).join(' ').padEnd(23);
  const right = pairs.slice(8, 16).join(' ').padEnd(23);
  return `${hex64(address)}  ${left}  ${right}  |${asciiColumn(bytes)}|`;
}

/** A few hexdump lines around `offset`, for error messages. Never longer than `lines` lines. */
export function hexWindow(bytes: Uint8Array, offset: number, base = 0n, lines = 3): string[] {
  const first = Math.max(0, (offset & ~15) - 16 * Math.floor((lines - 1) / 2));
  const out: string[] = [];
  for (let at = first; at < bytes.length && out.length < lines; at += 16) {
    out.push(hexdumpLine(base + BigInt(at), bytes.subarray(at, Math.min(at + 16, bytes.length))));
  }
  return out;
}
