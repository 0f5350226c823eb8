import { hex, KhoError } from '../bytes/index.js';
import type { ByteSource } from './byte-source.js';
import { type DumpHints, type PhysicalMemory, type PhysicalRange, readPresent } from './physical.js';

/** A raw copy of memory: byte n of the file is at physical address `base + n`. */
export class RawMemory implements PhysicalMemory {
  readonly source: string;
  readonly hints: DumpHints = {};
  readonly #file: ByteSource;
  readonly #base: bigint;
  readonly #end: bigint;

  constructor(file: ByteSource, base: bigint) {
    this.source = file.name;
    this.#file = file;
    this.#base = base;
    this.#end = base + BigInt(file.size);
  }

  read(address: bigint, length: number): Uint8Array | undefined {
    if (address < this.#base || address + BigInt(length) > this.#end) return undefined;
    return this.#file.readAt(Number(address - this.#base), length);
  }

  readInto(address: bigint, target: Uint8Array): boolean {
    if (address < this.#base || address + BigInt(target.length) > this.#end) return false;
    this.#file.readInto(Number(address - this.#base), target);
    return true;
  }

  dataRanges(): PhysicalRange[] | undefined {
    return this.#file.dataRanges?.()?.map(({ start, end }) => ({
      start: this.#base + BigInt(start),
      end: this.#base + BigInt(end),
    }));
  }

  ranges(): PhysicalRange[] {
    return this.#end > this.#base ? [{ start: this.#base, end: this.#end }] : [];
  }
}

/**
 * Memory as one raw piece. A raw file cannot say that bytes are absent, so the memory must be one run of pages.
 *
 * @throws KhoError `E_USAGE` when there is a gap
 */
export function writeRaw(memory: PhysicalMemory): { readonly base: bigint; readonly bytes: Uint8Array } {
  const [range, second] = memory.ranges();
  if (range === undefined || second !== undefined) {
    throw new KhoError('E_USAGE', 'raw memory cannot have gaps', {
      source: memory.source,
      ...(second === undefined ? {} : { found: `a gap before ${hex(second.start)}` }),
      hint: 'write an ELF core instead',
    });
  }
  return {
    base: range.start,
    bytes: readPresent(memory, range.start, Number(range.end - range.start), 'memory').slice(),
  };
}
