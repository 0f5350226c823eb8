import { hex, KhoError } from '../bytes/index.js';
import {
  type DumpHints,
  joinRanges,
  type PhysicalMemory,
  type PhysicalRange,
  type WordSpan,
} from './physical.js';

/** Bytes of the first slab of arena pages. Slabs are zeroed and committed by the system only when touched. */
const FIRST_SLAB_BYTES = 1 << 18;

/** Largest arena: a mistake in a scenario must not eat all memory. One TiB of preserved pages takes 32 MiB of it. */
const MAX_ARENA_BYTES = 2 ** 32;

/** State of an arena page. Holes are pages that the allocator passed over to align a folio. */
export type PageState = 'used' | 'freed' | 'hole';

/**
 * Physical memory of the first kernel: an arena with a deterministic bump allocator, and single pages placed anywhere.
 *
 * Page n of the arena is at `base + n * page size`, zeroed; a folio of order k starts at the next multiple of 2^k;
 * freed pages are never used again. Only used pages are in the dump.
 *
 * Arena pages live in slabs, so that bulk code can work on whole words (`slabWords`) without a copy. Slab 0 and slab 1 have
 * 2^firstSlabLog2 pages, each later one twice as many as the one before: few slabs whatever the size, and no copying to grow.
 */
export class PageStore implements PhysicalMemory {
  readonly source = 'encoded memory';
  readonly base: bigint;
  readonly pageShift: number;
  readonly pageSize: number;
  readonly hints: DumpHints;
  /** Arena storage as host-order 32-bit words, one array a slab. */
  readonly slabWords: Uint32Array[] = [];
  /** log2 of the pages in the first slab. */
  readonly firstSlabLog2: number;
  readonly #slabs: Uint8Array[] = [];
  #states = new Uint8Array(64);
  #next = 0;
  /** Pages outside the arena by page number. */
  readonly #placed = new Map<bigint, Uint8Array>();

  /**
   * @param options.expectedPages how many arena pages there will be about, where that is known: they get one slab, which is
   *   faster to work on. Memory is still committed only when it is touched.
   */
  constructor(options: { base: bigint; pageShift: number; hints?: DumpHints; expectedPages?: number }) {
    this.base = options.base;
    this.pageShift = options.pageShift;
    this.pageSize = 2 ** options.pageShift;
    this.hints = options.hints ?? { pageShift: options.pageShift };
    const least = Math.log2(FIRST_SLAB_BYTES) - options.pageShift;
    this.firstSlabLog2 = Math.max(least, Math.ceil(Math.log2(options.expectedPages ?? 1)));
    if (this.base % BigInt(this.pageSize) !== 0n) {
      throw new KhoError('E_USAGE', 'the arena base is not a multiple of the page size', {
        found: hex(this.base),
      });
    }
  }

  /** Number of arena pages so far, holes and freed pages included. */
  get pages(): number {
    return this.#next;
  }

  /** Takes 2^order zeroed pages, aligned to 2^order pages of the arena; gives the index of the first. */
  allocate(order = 0): number {
    const count = 2 ** order;
    const first = Math.ceil(this.#next / count) * count;
    const end = first + count;
    if (end * this.pageSize > MAX_ARENA_BYTES) {
      throw new KhoError('E_LIMIT', 'arena too large', { expected: `at most ${MAX_ARENA_BYTES} bytes` });
    }
    this.#reserve(end);
    this.#states.fill(2, this.#next, first);
    this.#states.fill(0, first, end);
    this.#next = end;
    return first;
  }

  /** Marks 2^order pages as freed: they leave the dump and are not used again. */
  free(index: number, order = 0): void {
    this.#states.fill(1, index, index + 2 ** order);
  }

  state(index: number): PageState {
    return (['used', 'freed', 'hole'] as const)[this.#states[index] ?? 2]!;
  }

  /** Physical address of an arena page. */
  address(index: number): bigint {
    return this.base + (BigInt(index) << BigInt(this.pageShift));
  }

  /** Arena page at an address, or undefined. */
  indexOf(address: bigint): number | undefined {
    const index = (address - this.base) >> BigInt(this.pageShift);
    return index >= 0n && index < BigInt(this.#next) ? Number(index) : undefined;
  }

  /** Bytes of an arena page, for reading and writing. */
  page(index: number): Uint8Array {
    const number = slabOf(index, this.firstSlabLog2);
    const slab = this.#slabs[number];
    if (slab === undefined || index >= this.#next) throw new RangeError(`no arena page ${index}`);
    const start = (index - firstPageOf(number, this.firstSlabLog2)) * this.pageSize;
    return slab.subarray(start, start + this.pageSize);
  }

  /** Bytes of the page that holds `address`, outside the arena; made zeroed when it is not there yet. */
  place(address: bigint): Uint8Array {
    if (this.indexOf(address) !== undefined) {
      throw new KhoError('E_USAGE', 'a placed page lies inside the arena', { address });
    }
    const number = address >> BigInt(this.pageShift);
    let page = this.#placed.get(number);
    if (page === undefined) {
      page = new Uint8Array(this.pageSize);
      this.#placed.set(number, page);
    }
    return page;
  }

  /** Writes bytes at any address that is an arena page or gets a placed page. */
  write(address: bigint, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const at = address + BigInt(done);
      const inPage = Number(at & BigInt(this.pageSize - 1));
      const count = Math.min(bytes.length - done, this.pageSize - inPage);
      const index = this.indexOf(at);
      const page = index === undefined ? this.place(at) : this.page(index);
      page.set(bytes.subarray(done, done + count), inPage);
      done += count;
    }
  }

  read(address: bigint, length: number): Uint8Array | undefined {
    const inPage = Number(address & BigInt(this.pageSize - 1));
    if (inPage + length <= this.pageSize) return this.#present(address)?.subarray(inPage, inPage + length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      const start = Number(at & BigInt(this.pageSize - 1));
      const page = this.#present(at);
      if (page === undefined) return undefined;
      const count = Math.min(length - done, this.pageSize - start);
      bytes.set(page.subarray(start, start + count), done);
      done += count;
    }
    return bytes;
  }

  readWords(address: bigint): WordSpan | undefined {
    const index = this.indexOf(address);
    if (index === undefined || this.#states[index] !== 0) return undefined;
    const slab = slabOf(index, this.firstSlabLog2);
    const length = this.pageSize / 4;
    return {
      words: this.slabWords[slab]!,
      start: (index - firstPageOf(slab, this.firstSlabLog2)) * length,
      length,
    };
  }

  ranges(): PhysicalRange[] {
    const size = BigInt(this.pageSize);
    const ranges: PhysicalRange[] = [];
    for (let first = 0; first < this.#next; ) {
      let end = first;
      while (end < this.#next && this.#states[end] === 0) end++;
      if (end > first) ranges.push({ start: this.address(first), end: this.address(end) });
      first = end + 1;
    }
    for (const number of this.#placed.keys())
      ranges.push({ start: number * size, end: (number + 1n) * size });
    return joinRanges(ranges);
  }

  #present(address: bigint): Uint8Array | undefined {
    const index = this.indexOf(address);
    if (index === undefined) return this.#placed.get(address >> BigInt(this.pageShift));
    return this.#states[index] === 0 ? this.page(index) : undefined;
  }

  #reserve(end: number): void {
    for (let next = this.#slabs.length; firstPageOf(next, this.firstSlabLog2) < end; next++) {
      const pages = 2 ** (this.firstSlabLog2 + Math.max(0, next - 1));
      const buffer = new ArrayBuffer(pages * this.pageSize);
      this.#slabs.push(new Uint8Array(buffer));
      this.slabWords.push(new Uint32Array(buffer));
    }
    if (end > this.#states.length) {
      const grown = new Uint8Array(Math.max(end, this.#states.length * 2));
      grown.set(this.#states);
      this.#states = grown;
    }
  }
}

/** Slab that holds an arena page. */
export function slabOf(page: number, firstSlabLog2: number): number {
  return 32 - Math.clz32(page >> firstSlabLog2);
}

/** First arena page of a slab. */
export function firstPageOf(slab: number, firstSlabLog2: number): number {
  return slab === 0 ? 0 : 2 ** (firstSlabLog2 + slab - 1);
}
