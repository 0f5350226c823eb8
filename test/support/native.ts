/** Memory of a CPU written by hand, word by word; shares no code with src/. */
import { SparseMemory } from '../../src/index.js';

export type Order = 'little' | 'big';
/** A number of 2, 4 or 8 bytes, text padded with NULs to a length, or bytes as they are. */
export type Part =
  | { u64: bigint }
  | { u32: number }
  | { u16: number }
  | { text: string; length: number }
  | Uint8Array;

export const u64 = (value: bigint | number): Part => ({ u64: BigInt(value) });
export const u32 = (value: number): Part => ({ u32: value });
export const u16 = (value: number): Part => ({ u16: value });
export const text = (value: string, length: number): Part => ({ text: value, length });

export function native(order: Order, ...parts: Part[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (part instanceof Uint8Array) return Buffer.from(part);
      if ('text' in part) {
        const bytes = Buffer.alloc(part.length);
        bytes.write(part.text, 'latin1');
        return bytes;
      }
      const size = 'u64' in part ? 8 : 'u32' in part ? 4 : 2;
      const bytes = Buffer.alloc(size);
      if ('u64' in part) bytes.writeBigUInt64BE(part.u64);
      else bytes.writeUIntBE('u32' in part ? part.u32 : part.u16, 0, size);
      return order === 'big' ? bytes : bytes.reverse();
    }),
  );
}

/** Pages at addresses, given as bytes that are padded with zeros to whole pages. Everything else is not in the dump. */
export function dump(pageShift: number, pages: Record<string, Uint8Array>): SparseMemory {
  const size = BigInt(2 ** pageShift);
  const placed = Object.entries(pages).map(([address, bytes]) => ({ start: BigInt(address), bytes }));
  const ranges = placed
    .map(({ start, bytes }) => ({
      start: start - (start % size),
      end: ((start + BigInt(Math.max(bytes.length, 1)) + size - 1n) / size) * size,
    }))
    .sort((a, b) => (a.start < b.start ? -1 : 1));
  const memory = new SparseMemory({ source: 'by hand', pageShift, ranges, hints: {} });
  for (const { start, bytes } of placed) {
    for (let done = 0; done < bytes.length; ) {
      const at = start + BigInt(done);
      const count = Math.min(bytes.length - done, Number(size - (at % size)));
      memory.fill(at, bytes.subarray(done, done + count));
      done += count;
    }
  }
  return memory;
}
