import { type ByteOrder, writeU64 } from '../bytes/index.js';
import { firstPageOf, type PageStore, slabOf } from '../memory/index.js';
import { clearBits, setBits } from './bits.js';
import type { ChunkGeometry } from './chunk-geometry.js';
import { type WordView, wordView } from './words.js';

/** A bitmap: where its first 32-bit word is. */
interface Bitmap {
  readonly page: number;
  /** Byte offset in the page; not 0 only for bitmaps smaller than a page. */
  readonly offset: number;
}

/**
 * The first kernel's tracker of preserved pages in kho-v1: for each order, bitmaps by ascending index. Bits live in pages of
 * the store; `serialize` writes the list of chunks that the next kernel reads.
 *
 * Block `pfn` of order o is bit `(pfn >> o) mod bits` of bitmap `(pfn >> o) / bits`. A bitmap is taken at first use and stays.
 * Bitmaps smaller than a page are consecutive slots of an arena page; the kernel takes them from a slab, whose places are no
 * part of the ABI. Slots are never used again.
 * Source: kernel/kexec_handover.c, Linux 6.16 to 7.0.
 */
export class ChunkTracker {
  readonly store: PageStore;
  readonly geometry: ChunkGeometry;
  readonly byteOrder: ByteOrder;
  readonly #view: WordView;
  /** Bitmaps by order, then by index. */
  #orders = new Map<number, Map<number, Bitmap>>();
  #slotPage = -1;
  #slotsUsed = 0;
  #chunks: number[] = [];

  constructor(store: PageStore, geometry: ChunkGeometry, byteOrder: ByteOrder) {
    this.store = store;
    this.geometry = geometry;
    this.byteOrder = byteOrder;
    this.#view = wordView(byteOrder);
  }

  /** Preserves one block: 2^order pages at `pfn`, a multiple of 2^order. */
  add(pfn: number, order: number): void {
    this.addRun(pfn, order, 1);
  }

  /** Preserves `count` neighbouring blocks of one order. */
  addRun(pfn: number, order: number, count: number): void {
    this.#forBitmaps(pfn, order, count, (index, bit, bits) => {
      const { words, start } = this.#words(this.#bitmap(order, index));
      setBits(words, start, bit, bits, this.#view);
    });
  }

  /** Unpreserves one block. False when its bitmap was never made. */
  delete(pfn: number, order: number): boolean {
    let found = true;
    this.#forBitmaps(pfn, order, 1, (index, bit, bits) => {
      const bitmap = this.#orders.get(order)?.get(index);
      if (bitmap === undefined) {
        found = false;
        return;
      }
      const { words, start } = this.#words(bitmap);
      clearBits(words, start, bit, bits, this.#view);
    });
    return found;
  }

  /** Writes a new list of chunks and frees the one before. Gives the address of the first chunk, 0 when there is none. */
  serialize(): bigint {
    const { fields, entriesPerChunk, bits, pageShift } = this.geometry;
    const old = this.#chunks;
    this.#chunks = [];
    for (const order of [...this.#orders.keys()].sort((a, b) => a - b)) {
      const bitmaps = [...this.#orders.get(order)!].sort(([a], [b]) => a - b);
      for (let first = 0; first < bitmaps.length; first += entriesPerChunk) {
        const part = bitmaps.slice(first, first + entriesPerChunk);
        const page = this.#newChunk(order, part.length);
        for (const [slot, [index, bitmap]] of part.entries()) {
          const at = fields.entries + slot * fields.entrySize;
          const start = BigInt(index) * BigInt(bits) * 2n ** BigInt(order + pageShift);
          writeU64(page, at + fields.physStart, start, this.byteOrder);
          writeU64(page, at + fields.bitmap, this.#address(bitmap), this.byteOrder);
        }
      }
    }
    for (const page of old) this.store.free(page);
    return this.#chunks.length === 0 ? 0n : this.store.address(this.#chunks[0]!);
  }

  /** Forgets everything: what abort does. Pages of chunks and whole-page bitmaps are freed; pages of slots stay. */
  drop(): void {
    for (const page of this.#chunks) this.store.free(page);
    this.#chunks = [];
    if (this.geometry.bitmapBytes === this.store.pageSize) {
      for (const bitmaps of this.#orders.values())
        for (const { page } of bitmaps.values()) this.store.free(page);
    }
    this.#orders = new Map();
  }

  #newChunk(order: number, count: number): Uint8Array {
    const { fields } = this.geometry;
    const index = this.store.allocate();
    const last = this.#chunks.at(-1);
    if (last !== undefined)
      writeU64(this.store.page(last), fields.next, this.store.address(index), this.byteOrder);
    this.#chunks.push(index);
    const page = this.store.page(index);
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
    view.setUint32(fields.order, order, this.byteOrder === 'little');
    view.setUint32(fields.count, count, this.byteOrder === 'little');
    return page;
  }

  #bitmap(order: number, index: number): Bitmap {
    let bitmaps = this.#orders.get(order);
    if (bitmaps === undefined) {
      bitmaps = new Map();
      this.#orders.set(order, bitmaps);
    }
    let bitmap = bitmaps.get(index);
    if (bitmap === undefined) {
      bitmap = this.#newBitmap();
      bitmaps.set(index, bitmap);
    }
    return bitmap;
  }

  #newBitmap(): Bitmap {
    const slots = this.store.pageSize / this.geometry.bitmapBytes;
    if (this.#slotPage < 0 || this.#slotsUsed === slots) {
      this.#slotPage = this.store.allocate();
      this.#slotsUsed = 0;
    }
    return { page: this.#slotPage, offset: this.#slotsUsed++ * this.geometry.bitmapBytes };
  }

  #address({ page, offset }: Bitmap): bigint {
    return this.store.address(page) + BigInt(offset);
  }

  #words({ page, offset }: Bitmap): { words: Uint32Array; start: number } {
    const slab = slabOf(page, this.store.firstSlabLog2);
    const inSlab = page - firstPageOf(slab, this.store.firstSlabLog2);
    return {
      words: this.store.slabWords[slab]!,
      start: (inSlab * this.store.pageSize + offset) / 4,
    };
  }

  #forBitmaps(
    pfn: number,
    order: number,
    count: number,
    visit: (index: number, bit: number, bits: number) => void,
  ): void {
    const { bits } = this.geometry;
    const first = Math.floor(pfn / 2 ** order);
    for (let block = first; block < first + count; ) {
      const index = Math.floor(block / bits);
      const bit = block - index * bits;
      const here = Math.min(first + count - block, bits - bit);
      visit(index, bit, here);
      block += here;
    }
  }
}
