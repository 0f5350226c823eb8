import { type ClientAbi, encodeStruct, type StructValues } from '../abi/index.js';
import { KhoError, writeU64 } from '../bytes/index.js';
import type { ClientMemory } from './host.js';

/** Entries of one size, wherever LUO keeps them: one block of contiguous pages, or a chain of KHO blocks. */
export interface EntryContainer {
  /** Address for the structure that points here; 0 for a chain without blocks. */
  readonly address: bigint;
  /** Takes the room that one more entry needs, and no less: kernels do so before they look for duplicates. */
  grow(): void;
  /** Writes the next entry; gives its address. */
  add(values: StructValues): bigint;
}

/** One folio with an optional header that holds the count. */
export class ArrayContainer implements EntryContainer {
  readonly address: bigint;
  readonly #memory: ClientMemory;
  readonly #abi: ClientAbi;
  readonly #name: string;
  #count = 0;

  /** Takes the folio and preserves it. */
  constructor(memory: ClientMemory, abi: ClientAbi, name: string) {
    this.#memory = memory;
    this.#abi = abi;
    this.#name = name;
    this.address = memory.takePreserved(Math.log2(abi.capacity(name, memory.target.pageShift).pages));
  }

  grow(): void {
    const { entries } = this.#abi.capacity(this.#name, this.#memory.target.pageShift);
    if (this.#count < entries) return;
    throw new KhoError('E_SCENARIO', `no room for more ${this.#name}`, { expected: `at most ${entries}` });
  }

  add(values: StructValues): bigint {
    this.grow();
    const { target } = this.#memory;
    const { header, entry } = this.#abi.file.capacities[this.#name]!;
    const layout = this.#abi.struct(entry, target.pageShift);
    const start = header === undefined ? 0 : this.#abi.struct(header, target.pageShift).size;
    const at = this.address + BigInt(start + this.#count * layout.size);
    this.#memory.write(at, encodeStruct(layout, values, target.byteOrder));
    this.#count++;
    if (header === undefined) return at;
    const count = this.#abi.struct(header, target.pageShift).fields.find(({ name }) => name === 'count')!;
    const bytes = new Uint8Array(8);
    writeU64(bytes, 0, BigInt(this.#count), target.byteOrder);
    this.#memory.write(this.address + BigInt(count.offset), bytes);
    return at;
  }
}

/** Linked blocks of one page each. Source: kernel/liveupdate/kho_block.c, Linux 7.2 and 7.3. */
export class BlockChain implements EntryContainer {
  readonly #memory: ClientMemory;
  readonly #abi: ClientAbi;
  readonly #name: string;
  readonly #blocks: bigint[] = [];
  #count = 0;

  constructor(memory: ClientMemory, abi: ClientAbi, name: string) {
    this.#memory = memory;
    this.#abi = abi;
    this.#name = name;
  }

  get address(): bigint {
    return this.#blocks[0] ?? 0n;
  }

  /** Takes a new last block, preserves it and links it when all blocks are full. */
  grow(): void {
    const { entries } = this.#capacity;
    if (this.#count < this.#blocks.length * entries) return;
    const limit = this.#abi.file.limits.blocks ?? Number.POSITIVE_INFINITY;
    if (this.#blocks.length >= limit)
      throw new KhoError('E_SCENARIO', `no room for more ${this.#name}`, {
        expected: `at most ${limit} blocks`,
      });
    const before = this.#blocks.at(-1);
    const block = this.#memory.takePreserved();
    if (before !== undefined) this.#header(before, block, entries);
    this.#blocks.push(block);
  }

  add(values: StructValues): bigint {
    this.grow();
    const { target } = this.#memory;
    const { header, entry } = this.#abi.file.capacities[this.#name]!;
    const { entries } = this.#capacity;
    const layout = this.#abi.struct(entry, target.pageShift);
    const block = this.#blocks[Math.floor(this.#count / entries)]!;
    const slot = this.#count % entries;
    const at = block + BigInt(this.#abi.struct(header!, target.pageShift).size + slot * layout.size);
    this.#memory.write(at, encodeStruct(layout, values, target.byteOrder));
    this.#count++;
    this.#header(block, 0n, slot + 1);
    return at;
  }

  get #capacity(): { entries: number } {
    return this.#abi.capacity(this.#name, this.#memory.target.pageShift);
  }

  #header(block: bigint, next: bigint, count: number): void {
    const { target } = this.#memory;
    const layout = this.#abi.struct(this.#abi.file.capacities[this.#name]!.header!, target.pageShift);
    this.#memory.write(block, encodeStruct(layout, { next, count }, target.byteOrder));
  }
}
