import type { ByteOrder } from '../bytes/index.js';
import { highHalf, lowHalf } from '../bytes/index.js';
import type { PageStore } from '../memory/index.js';
import { clearBits, setBits } from './bits.js';
import type { RadixGeometry } from './geometry.js';
import { setWord, type WordView, wordAt, wordView } from './words.js';

/** Entries of the leaf cache: covers 16384 leaves, at 4K pages 2 TiB of order-0 pages. */
const CACHE_SIZE = 1 << 14;

/**
 * The first kernel's tree of preserved pages. All state is in the pages of the store, byte for byte as the next kernel finds
 * them; beside it there is only a cache of where leaves are.
 *
 * PFNs are plain numbers below 2^(64 - page shift), so at most 2^52, exact. A key is below 2^53 and is handled as a number;
 * `leaf` is the key without its low `bitmapBits` bits. Missing tables are taken from the store from the top down, the leaf
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
  readonly #leafBits: number;
  readonly #leafScale: number;
  /** Leaf numbers that the tree can tell apart: smaller than all of them only where the order bit is lost. */
  readonly #leafModulus: number;
  readonly #cacheLeaf = new Float64Array(CACHE_SIZE).fill(-1);
  readonly #cachePage = new Int32Array(CACHE_SIZE);
  #lastLeaf = -1;
  #lastWords: Uint32Array = new Uint32Array(0);
  #lastStart = 0;

  constructor(store: PageStore, geometry: RadixGeometry, byteOrder: ByteOrder, rootPage = store.allocate()) {
    this.store = store;
    this.geometry = geometry;
    this.byteOrder = byteOrder;
    this.rootPage = rootPage;
    this.#view = wordView(byteOrder);
    this.#base = Number(store.base);
    this.#pageSize = store.pageSize;
    this.#leafBits = 2 ** geometry.bitmapBits;
    this.#leafScale = 2 ** -geometry.bitmapBits;
    this.#leafModulus = 2 ** (geometry.coveredBits - geometry.bitmapBits);
  }

  /** Physical address of the root, which the FDT names. */
  get root(): bigint {
    return this.store.address(this.rootPage);
  }

  /** Preserves one block: 2^order pages at `pfn`, a multiple of 2^order. Preserving twice is the same as once. */
  add(pfn: number, order: number): void {
    const key = 2 ** (this.geometry.order0Bit - order) + (order === 0 ? pfn : Math.floor(pfn / 2 ** order));
    const leaf = Math.floor(key * this.#leafScale);
    const bit = key - leaf * this.#leafBits;
    if (leaf !== this.#lastLeaf) this.#select(leaf);
    this.#lastWords[this.#lastStart + ((bit >>> 5) ^ this.#view.halfXor)]! |= this.#view.masks[bit & 31]!;
  }

  /** Preserves one page. The same as `add(pfn, 0)`, for loops over millions of pages. */
  addPage(pfn: number): void {
    const key = 2 ** this.geometry.order0Bit + pfn;
    const leaf = Math.floor(key * this.#leafScale);
    const bit = key - leaf * this.#leafBits;
    if (leaf !== this.#lastLeaf) this.#select(leaf);
    this.#lastWords[this.#lastStart + ((bit >>> 5) ^ this.#view.halfXor)]! |= this.#view.masks[bit & 31]!;
  }

  /** Preserves `count` neighbouring blocks of one order, by whole words. */
  addRun(pfn: number, order: number, count: number): void {
    const first = 2 ** (this.geometry.order0Bit - order) + Math.floor(pfn / 2 ** order);
    for (let key = first; key < first + count; ) {
      const leaf = Math.floor(key * this.#leafScale);
      const bit = key - leaf * this.#leafBits;
      const here = Math.min(first + count - key, this.#leafBits - bit);
      if (leaf !== this.#lastLeaf) this.#select(leaf);
      setBits(this.#lastWords, this.#lastStart, bit, here, this.#view);
      key += here;
    }
  }

  /** Unpreserves one block. False when a table on the way is missing, where the kernel warns and stops. */
  delete(pfn: number, order: number): boolean {
    const key = 2 ** (this.geometry.order0Bit - order) + Math.floor(pfn / 2 ** order);
    const leaf = Math.floor(key * this.#leafScale);
    const page = this.#find(leaf % this.#leafModulus, false);
    if (page < 0) return false;
    const bit = key - leaf * this.#leafBits;
    clearBits(this.#wordsOf(page), this.#startOf(page), bit, 1, this.#view);
    return true;
  }

  /** Makes the leaf the current one, taking tables as needed. */
  #select(leaf: number): void {
    const covered = leaf % this.#leafModulus;
    const slot = covered % CACHE_SIZE;
    let page = this.#cachePage[slot]!;
    if (this.#cacheLeaf[slot] !== covered) {
      page = this.#find(covered, true);
      this.#cacheLeaf[slot] = covered;
      this.#cachePage[slot] = page;
    }
    this.#lastLeaf = leaf;
    this.#lastWords = this.#wordsOf(page);
    this.#lastStart = this.#startOf(page);
  }

  /** Arena page of a leaf, or -1; with `create` missing tables are made. */
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
    return this.store.slabWords[page >> this.store.slabPageShift]!;
  }

  /** Index of a page's first 32-bit word in its slab. */
  #startOf(page: number): number {
    return (page & ((1 << this.store.slabPageShift) - 1)) * (this.#pageSize / 4);
  }
}
