import type { ByteOrder } from '../bytes/index.js';
import { highHalf, lowHalf } from '../bytes/index.js';
import { type PageStore, slabOf } from '../memory/index.js';
import { clearBits, setBits } from './bits.js';
import type { RadixGeometry } from './geometry.js';
import { setWord, type WordView, wordAt, wordView } from './words.js';

const TWO_32 = 2 ** 32;

/**
 * The first kernel's tree of preserved pages. All state is in the pages of the store, byte for byte as the next kernel finds
 * them; beside it there is only a cache of where leaves are.
 *
 * PFNs are plain numbers below 2^(64 - page shift), so at most 2^52, exact. A key is below 2^53 and is handled as a number, or as
 * 32-bit integers where it fits; `leaf` is the key without its low `bitmapBits` bits. Missing tables are taken from the store from the top down, the leaf
 * last, and are never given back: the kernel's order and the kernel's habit.
 */
export class RadixTree {
  readonly store: PageStore;
  readonly geometry: RadixGeometry;
  readonly byteOrder: ByteOrder;
  /** Arena page of the root. */
  readonly rootPage: number;
  readonly #view: WordView;
  readonly #base: number;
  readonly #pageSize: number;
  /** Order bit of each order, as a number. */
  readonly #orderBits: Float64Array;
  /** Highest order whose order bit lies above the leaf: blocks of one such order never share a leaf with another order. */
  readonly #lastWideOrder: number;
  readonly #bitmapBits: number;
  readonly #leafBits: number;
  readonly #leafMask: number;
  readonly #firstSlabLog2: number;
  /** log2 of the 32-bit words of a page. */
  readonly #wordsLog2: number;
  /**
   * Where the leaves of each order are, by block number / bits of a leaf: the first word in the first slab where slab and byte order
   * are the usual case, minus the arena page else; 0 is not known yet, for the root comes before all leaves. Only for PFNs below
   * 2^32; the system commits only what is touched.
   */
  readonly #leaves: Int32Array[] = [];
  /** The one of order 0. */
  readonly #pageLeaves: Int32Array;
  /** The store's slabs; the list grows in place. */
  readonly #slabs: Uint32Array[];
  readonly #firstSlab: Uint32Array;
  readonly #firstSlabPages: number;

  constructor(store: PageStore, geometry: RadixGeometry, byteOrder: ByteOrder, rootPage = store.allocate()) {
    this.store = store;
    this.geometry = geometry;
    this.byteOrder = byteOrder;
    this.rootPage = rootPage;
    this.#view = wordView(byteOrder);
    this.#base = Number(store.base);
    this.#pageSize = store.pageSize;
    this.#orderBits = Float64Array.from(
      { length: geometry.order0Bit + 1 },
      (_, order) => 2 ** (geometry.order0Bit - order),
    );
    this.#lastWideOrder = geometry.order0Bit - geometry.bitmapBits;
    this.#bitmapBits = geometry.bitmapBits;
    this.#leafBits = 2 ** geometry.bitmapBits;
    this.#leafMask = this.#leafBits - 1;
    this.#firstSlabLog2 = store.firstSlabLog2;
    this.#wordsLog2 = store.pageShift - 2;
    this.#slabs = store.slabWords;
    this.#firstSlab = store.slabWords[0]!;
    this.#firstSlabPages = 2 ** store.firstSlabLog2;
    this.#pageLeaves = this.#leavesOf(0);
  }

  /** Physical address of the root, which the FDT names. */
  get root(): bigint {
    return this.store.address(this.rootPage);
  }

  /** Preserves one block: 2^order pages at `pfn`, a multiple of 2^order. Preserving twice is the same as once. */
  add(pfn: number, order: number): void {
    const block = order === 0 ? pfn : Math.floor(pfn / 2 ** order);
    if (pfn < TWO_32 && order <= this.#lastWideOrder) this.#set(block, order, this.#leavesOf(order));
    else this.#setKey(this.#orderBits[order]! + block);
  }

  /** Preserves one page. The same as `add(pfn, 0)`, for loops over millions of pages. */
  addPage(pfn: number): void {
    if (pfn < TWO_32) this.#set(pfn, 0, this.#pageLeaves);
    else this.#setKey(this.#orderBits[0]! + pfn);
  }

  /**
   * The usual case: a leaf in the first slab, in the host's byte order. In 32-bit integers and with few loads, because nothing else
   * is left to save here: the processor then waits for the memory of several calls at once.
   */
  #set(block: number, order: number, leaves: Int32Array): void {
    const wordsLog2 = this.#wordsLog2;
    const start = leaves[block >>> (wordsLog2 + 5)]!;
    if (start > 0) this.#firstSlab[start | ((block >>> 5) & ((1 << wordsLog2) - 1))]! |= 1 << block;
    else this.#setElsewhere(block, order, leaves);
  }

  /** A leaf that is not known yet, or not the usual case. */
  #setElsewhere(block: number, order: number, leaves: Int32Array): void {
    let page = -leaves[block >>> this.#bitmapBits]!;
    if (page === 0) {
      page = this.#find(Math.floor((this.#orderBits[order]! + block) / this.#leafBits), true);
      const usual = page < this.#firstSlabPages && !this.#view.swap && this.#view.halfXor === 0;
      leaves[block >>> this.#bitmapBits] = usual ? page << this.#wordsLog2 : -page;
    }
    this.#setBit(page, block & this.#leafMask);
  }

  /** Any key. Bit operators take a number modulo 2^32, which keeps its low bits. */
  #setKey(key: number): void {
    const page = this.#find(Math.floor(key / this.#leafBits), true);
    this.#setBit(page, key & this.#leafMask);
  }

  #setBit(page: number, bit: number): void {
    const { halfXor, masks } = this.#view;
    this.#wordsOf(page)[this.#startOf(page) + ((bit >>> 5) ^ halfXor)]! |= masks[bit & 31]!;
  }

  /** Preserves `count` neighbouring blocks of one order, by whole words. */
  addRun(pfn: number, order: number, count: number): void {
    const first = this.#orderBits[order]! + Math.floor(pfn / 2 ** order);
    for (let key = first; key < first + count; ) {
      const leaf = Math.floor(key / this.#leafBits);
      const bit = key - leaf * this.#leafBits;
      const here = Math.min(first + count - key, this.#leafBits - bit);
      const page = this.#find(leaf, true);
      setBits(this.#wordsOf(page), this.#startOf(page), bit, here, this.#view);
      key += here;
    }
  }

  /** Unpreserves one block. False when a table on the way is missing, where the kernel warns and stops. */
  delete(pfn: number, order: number): boolean {
    const key = this.#orderBits[order]! + Math.floor(pfn / 2 ** order);
    const leaf = Math.floor(key / this.#leafBits);
    const page = this.#find(leaf, false);
    if (page < 0) return false;
    const bit = key - leaf * this.#leafBits;
    clearBits(this.#wordsOf(page), this.#startOf(page), bit, 1, this.#view);
    return true;
  }

  #leavesOf(order: number): Int32Array {
    let leaves = this.#leaves[order];
    if (leaves === undefined) {
      leaves = new Int32Array(Math.ceil(TWO_32 / 2 ** order / this.#leafBits));
      this.#leaves[order] = leaves;
    }
    return leaves;
  }

  /**
   * Arena page of a leaf, or -1; with `create` missing tables are made. Key bits above those that the levels look at are
   * dropped by the remainder, as a kernel whose tree is too shallow drops them.
   */
  #find(leaf: number, create: boolean): number {
    const { tableBits, depth } = this.geometry;
    const entries = 2 ** tableBits;
    let page = this.rootPage;
    for (let level = depth - 1; level >= 1; level--) {
      const index = Math.floor(leaf / 2 ** ((level - 1) * tableBits)) % entries;
      const words = this.#wordsOf(page);
      const at = this.#startOf(page) / 2 + index;
      const entry = wordAt(words, at, this.#view);
      if (entry !== 0) {
        page = (entry - this.#base) / this.#pageSize;
      } else if (create) {
        page = this.store.allocate();
        const address = this.#base + page * this.#pageSize;
        setWord(words, at, highHalf(address), lowHalf(address), this.#view);
      } else {
        return -1;
      }
    }
    return page;
  }

  #wordsOf(page: number): Uint32Array {
    return this.#slabs[slabOf(page, this.#firstSlabLog2)]!;
  }

  /** Index of a page's first 32-bit word in its slab. */
  #startOf(page: number): number {
    const slab = slabOf(page, this.#firstSlabLog2);
    return (page - (slab === 0 ? 0 : 1 << (this.#firstSlabLog2 + slab - 1))) * 2 ** this.#wordsLog2;
  }
}
