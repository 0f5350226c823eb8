import type { Target } from '../abi/index.js';
import { readU64 } from '../bytes/index.js';
import {
  asWords,
  type ChunkGeometry,
  floorLog2,
  forEachBit,
  forEachBitRun,
  isZero,
  mapGeometry,
  type RadixGeometry,
  type WordView,
  wordBigAt,
  wordView,
} from '../map/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { PreservedSet } from './preserved.js';

/** What can be wrong with the pages of a map. */
export type MapFaultKind =
  | 'root-misaligned'
  | 'misaligned'
  | 'not-in-dump'
  | 'above-52-bits'
  | 'own-page'
  | 'cycle'
  | 'shared'
  | 'key-none'
  | 'key-zero-order'
  | 'key-above'
  | 'chunk-count'
  | 'chunk-order'
  | 'bitmap-misaligned'
  | 'bitmap-twice'
  | 'phys-start';

/** One fault, and where it stands. */
export interface MapFault {
  readonly kind: MapFaultKind;
  /** Physical address of the entry, chunk or bitmap word that is wrong. */
  readonly address: bigint;
  /** The value there: an address, a key, a count. */
  readonly value: bigint;
  /** What it is part of: `table of level 3`, `leaf`, `chunk 2`. */
  readonly where: string;
}

/** A map as it stands in a dump, damage and all. */
export interface MapSurvey {
  readonly geometry: RadixGeometry | ChunkGeometry;
  readonly root: bigint;
  /** The first faults of each kind; `faultCounts` has all. */
  readonly faults: readonly MapFault[];
  readonly faultCounts: ReadonlyMap<MapFaultKind, number>;
  /** Blocks as the kernel reads them; in trees that lost their order bit as they were meant. */
  readonly preserved: PreservedSet;
  /** Pages that the map itself takes, ascending: tables and leaves, or chunks and bitmaps. */
  readonly trackers: Float64Array;
  /** Blocks whose order bit was lost and that were put right. */
  readonly recovered: number;
}

const FAULTS_PER_KIND = 100;
const MAX_ADDRESS = 1n << 52n;

/** Reads a map without stopping at what is wrong. Each page is visited once, so the work is bounded by the dump's pages. */
export function surveyMap(target: Target, memory: PhysicalMemory, root: bigint): MapSurvey {
  const geometry = mapGeometry(target.abi, target.pageShift);
  const survey = new Survey(memory, target, geometry);
  if (root !== 0n) {
    if (geometry.kind === 'radix') survey.radix(root, geometry);
    else survey.chunks(root, geometry);
  }
  return survey.finish(root);
}

class Survey {
  readonly #memory: PhysicalMemory;
  readonly #target: Target;
  readonly #geometry: RadixGeometry | ChunkGeometry;
  readonly #view: WordView;
  readonly #pageSize: number;
  readonly #faults: MapFault[] = [];
  readonly #counts = new Map<MapFaultKind, number>();
  readonly #preserved = new PreservedSet();
  /** Pages of the map that were visited, by page number. */
  readonly #seen = new Set<number>();
  #recovered = 0;

  constructor(memory: PhysicalMemory, target: Target, geometry: RadixGeometry | ChunkGeometry) {
    this.#memory = memory;
    this.#target = target;
    this.#geometry = geometry;
    this.#view = wordView(target.byteOrder);
    this.#pageSize = 2 ** target.pageShift;
  }

  finish(root: bigint): MapSurvey {
    this.#preserved.finish();
    return {
      geometry: this.#geometry,
      root,
      faults: this.#faults,
      faultCounts: this.#counts,
      preserved: this.#preserved,
      trackers: Float64Array.from(this.#seen).sort(),
      recovered: this.#recovered,
    };
  }

  radix(root: bigint, geometry: RadixGeometry): void {
    const words = this.#page(root, 0n, 'the root', 'root-misaligned');
    if (words === undefined) return;
    const entries = 2 ** geometry.tableBits;
    const path: { address: bigint; words: Uint32Array; index: number; prefix: number }[] = [
      { address: root, words, index: 0, prefix: 0 },
    ];
    while (path.length > 0) {
      const frame = path[path.length - 1]!;
      let { index } = frame;
      while (index < entries && (frame.words[2 * index]! | frame.words[2 * index + 1]!) === 0) index++;
      frame.index = index + 1;
      if (index >= entries) {
        path.pop();
        continue;
      }
      const value = wordBigAt(frame.words, index, this.#view);
      const entryAt = frame.address + BigInt(8 * index);
      const level = geometry.depth - 1 - path.length;
      const where = `table of level ${level + 1}`;
      if (this.#seen.has(this.#number(value)) && this.#aligned(value)) {
        const kind =
          value === frame.address
            ? 'own-page'
            : path.some(({ address }) => address === value)
              ? 'cycle'
              : 'shared';
        this.#fault(kind, entryAt, value, where);
        continue;
      }
      const next = this.#page(value, entryAt, where, 'misaligned');
      if (next === undefined) continue;
      const prefix = frame.prefix * entries + index;
      if (level > 0) path.push({ address: value, words: next, index: 0, prefix });
      else this.#leaf(geometry, prefix, next, value);
    }
  }

  #leaf(geometry: RadixGeometry, leaf: number, words: Uint32Array, address: bigint): void {
    const span = { words, start: 0, length: words.length };
    if (isZero(span)) return;
    const { bitmapBits, order0Bit, lostOrderBit } = geometry;
    const first = leaf * 2 ** bitmapBits;
    if (leaf !== 0) {
      const top = bitmapBits + Math.floor(Math.log2(leaf));
      const exactTop =
        2 ** (top - bitmapBits) > leaf ? top - 1 : 2 ** (top - bitmapBits + 1) <= leaf ? top + 1 : top;
      const order = order0Bit - exactTop;
      const lost = lostOrderBit !== undefined && order >= lostOrderBit.fromOrder;
      forEachBitRun(span, this.#view, (bit, count) => {
        if (order < 0) this.#key('key-above', address, bit, first + bit, count);
        else if (lost) this.#lost(first + bit, count);
        else this.#preserved.add((first - 2 ** top + bit) * 2 ** order, order, count);
      });
      return;
    }
    forEachBit(span, this.#view, (bit) => {
      if (lostOrderBit !== undefined && (bit < 2 || order0Bit - floorLog2(bit) >= lostOrderBit.fromOrder))
        this.#lost(bit, 1);
      else if (bit === 0) this.#key('key-none', address, bit, 0, 1);
      else if (bit === 1) this.#key('key-zero-order', address, bit, 1, 1);
      else {
        const top = floorLog2(bit);
        this.#preserved.add((bit - 2 ** top) * 2 ** (order0Bit - top), order0Bit - top, 1);
      }
    });
  }

  #lost(pfn: number, count: number): void {
    this.#recovered += count;
    this.#preserved.add(pfn, 0, count);
  }

  #key(kind: MapFaultKind, leaf: bigint, bit: number, key: number, count: number): void {
    const word = leaf + BigInt(8 * Math.floor(bit / 64));
    this.#fault(kind, word, BigInt(key), `bit ${bit} of the leaf`, count);
  }

  chunks(root: bigint, geometry: ChunkGeometry): void {
    const { fields, entriesPerChunk, pageShift, bits } = geometry;
    const little = this.#target.byteOrder === 'little';
    const named = new Set<bigint>();
    let at = root;
    let from = 0n;
    for (let number = 0; at !== 0n; number++) {
      const where = `chunk ${number}`;
      if (this.#seen.has(this.#number(at)) && this.#aligned(at)) {
        this.#fault('cycle', from, at, where);
        return;
      }
      const words = this.#page(at, from, where, number === 0 ? 'root-misaligned' : 'misaligned');
      if (words === undefined) return;
      const chunk = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const order = view.getUint32(fields.order, little);
      const used = view.getUint32(fields.count, little);
      if (used > entriesPerChunk) this.#fault('chunk-count', at + BigInt(fields.count), BigInt(used), where);
      if (order + pageShift >= 64)
        this.#fault('chunk-order', at + BigInt(fields.order), BigInt(order), where);
      else {
        const span = BigInt(bits) << BigInt(order + pageShift);
        for (let index = 0; index < Math.min(used, entriesPerChunk); index++) {
          const offset = fields.entries + index * fields.entrySize;
          const entry = at + BigInt(offset);
          const start = readU64(chunk, offset + fields.physStart, this.#target.byteOrder);
          const bitmap = readU64(chunk, offset + fields.bitmap, this.#target.byteOrder);
          if (start % span !== 0n) this.#fault('phys-start', entry, start, `entry ${index} of ${where}`);
          else
            this.#bitmap(
              geometry,
              bitmap,
              entry,
              `entry ${index} of ${where}`,
              Number(start >> BigInt(pageShift)),
              order,
              named,
            );
        }
      }
      from = at + BigInt(fields.next);
      at = readU64(chunk, fields.next, this.#target.byteOrder);
    }
  }

  #bitmap(
    { bitmapBytes }: ChunkGeometry,
    bitmap: bigint,
    entry: bigint,
    where: string,
    pfn: number,
    order: number,
    named: Set<bigint>,
  ): void {
    const fault = (kind: MapFaultKind): void => this.#fault(kind, entry, bitmap, where);
    if (bitmap % BigInt(bitmapBytes) !== 0n) {
      fault('bitmap-misaligned');
      return;
    }
    if (named.has(bitmap)) {
      fault('bitmap-twice');
      return;
    }
    named.add(bitmap);
    const bytes = bitmap < MAX_ADDRESS ? this.#memory.read(bitmap, bitmapBytes) : undefined;
    if (bytes === undefined) {
      fault('not-in-dump');
      return;
    }
    this.#seen.add(this.#number(bitmap));
    const words = asWords(bytes);
    forEachBitRun({ words, start: 0, length: words.length }, this.#view, (bit, count) =>
      this.#preserved.add(pfn + bit * 2 ** order, order, count),
    );
  }

  /** Words of a page of the map that is visited for the first time; faults are noted. */
  #page(address: bigint, entryAt: bigint, where: string, misaligned: MapFaultKind): Uint32Array | undefined {
    if (!this.#aligned(address)) {
      this.#fault(misaligned, entryAt, address, where);
      return undefined;
    }
    if (address >= MAX_ADDRESS) {
      this.#fault('above-52-bits', entryAt, address, where);
      return undefined;
    }
    const bytes = this.#memory.read(address, this.#pageSize);
    if (bytes === undefined) {
      this.#fault('not-in-dump', entryAt, address, where);
      return undefined;
    }
    this.#seen.add(this.#number(address));
    // A reader may reuse its buffer; frames of the path outlive the next read.
    return asWords(bytes.slice());
  }

  #aligned(address: bigint): boolean {
    return (address & BigInt(this.#pageSize - 1)) === 0n;
  }

  #number(address: bigint): number {
    return Number(address >> BigInt(this.#target.pageShift));
  }

  #fault(kind: MapFaultKind, address: bigint, value: bigint, where: string, count = 1): void {
    const before = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, before + count);
    if (before < FAULTS_PER_KIND) this.#faults.push({ kind, address, value, where });
  }
}
