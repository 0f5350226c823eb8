import { bitfieldReader, type ClientAbi, fieldOf } from '../abi/index.js';
import { hex, joinHalves } from '../bytes/index.js';
import type { ReadContext } from './context.js';
import type { MemfdRun } from './model.js';

/** Runs that are kept for one memfd; folios scattered worse than this are counted, not listed. */
const MAX_RUNS = 1 << 16;

/** Indices above this are beyond any file: a page number of 53 bits. */
const MAX_INDEX_HIGH = 1 << 21;

/**
 * Reads folio entries page by page and joins those that follow one another in memory and in the file. A large memfd has millions
 * of them, so the loop makes no bigint.
 */
export class FolioEntries {
  readonly runs: MemfdRun[] = [];
  read = 0;
  omitted = 0;
  readonly #context: ReadContext;
  readonly #abi: ClientAbi;
  readonly #path: string;
  readonly #pages: bigint;
  readonly #pfnOf: (high: number, low: number) => number;
  readonly #flagsOf: (high: number, low: number) => number;
  readonly #size: number;
  readonly #bitsAt: number;
  readonly #indexAt: number;
  #run:
    | { address: bigint; pfn: number; index: number; count: number; stride: number; flags: number }
    | undefined;
  #lastIndex = -1;
  readonly #said = new Set<string>();

  /** @param fileSize size of the memfd in bytes */
  constructor(context: ReadContext, abi: ClientAbi, path: string, fileSize: bigint) {
    const struct = abi.struct('memfd_luo_folio_ser', context.target.pageShift);
    const bits = fieldOf(struct, 'bits');
    this.#context = context;
    this.#abi = abi;
    this.#path = path;
    this.#pages = (fileSize + BigInt(context.pageSize - 1)) >> BigInt(context.target.pageShift);
    this.#pfnOf = bitfieldReader(bits, 'pfn', context.target.byteOrder);
    this.#flagsOf = bitfieldReader(bits, 'flags', context.target.byteOrder);
    this.#size = struct.size;
    this.#bitsAt = bits.offset;
    this.#indexAt = fieldOf(struct, 'index').offset;
  }

  /** Entries that could not be read. */
  skip(count: number): void {
    this.omitted += count;
    this.#close();
  }

  /** Reads the first `count` entries of a page. */
  page(bytes: Uint8Array, count: number, address: bigint): void {
    const little = this.#context.target.byteOrder === 'little';
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const high = little ? 4 : 0;
    const pfnLimit = 2 ** (64 - this.#context.target.pageShift);
    for (let number = 0; number < count; number++) {
      const at = number * this.#size;
      const wordHigh = view.getUint32(at + this.#bitsAt + high, little);
      const wordLow = view.getUint32(at + this.#bitsAt + 4 - high, little);
      const indexHigh = view.getUint32(at + this.#indexAt + high, little);
      const pfn = this.#pfnOf(wordHigh, wordLow);
      this.read++;
      if (pfn === 0) {
        this.#say('entry-pfn-zero', 'an entry has PFN 0 and is skipped', address, at);
        this.omitted++;
      } else if (pfn >= pfnLimit || indexHigh >= MAX_INDEX_HIGH) {
        const what = pfn >= pfnLimit ? `PFN ${hex(pfn)}` : 'its index';
        this.#say('entry-range', `an entry cannot be: ${what} is out of range`, address, at);
        this.omitted++;
      } else {
        const index = joinHalves(indexHigh, view.getUint32(at + this.#indexAt + 4 - high, little));
        this.#add(pfn, index, this.#flagsOf(wordHigh, wordLow), address, at);
      }
    }
  }

  finish(): void {
    this.#close();
  }

  #add(pfn: number, index: number, flags: number, page: bigint, at: number): void {
    if (index <= this.#lastIndex)
      this.#say('index-order', `index ${index} does not follow ${this.#lastIndex}`, page, at);
    else if (BigInt(index) >= this.#pages)
      this.#say('index-beyond', `index ${index} is beyond the file's ${this.#pages} pages`, page, at);
    this.#lastIndex = index;
    const run = this.#run;
    if (run !== undefined && run.flags === flags) {
      if (run.count === 1 && pfn > run.pfn && pfn - run.pfn === index - run.index) {
        run.stride = pfn - run.pfn;
        run.count = 2;
        return;
      }
      const ahead = run.count * run.stride;
      if (run.count > 1 && pfn === run.pfn + ahead && index === run.index + ahead) {
        run.count++;
        return;
      }
    }
    this.#close();
    this.#run = { address: page + BigInt(at), pfn, index, count: 1, stride: 1, flags };
  }

  #close(): void {
    const run = this.#run;
    this.#run = undefined;
    if (run === undefined) return;
    if (this.runs.length >= MAX_RUNS || !this.#context.spendRun()) {
      this.omitted += run.count;
      this.#say('limit', 'more runs of folios than are kept; the rest is counted only', run.address, 0);
      return;
    }
    this.runs.push({ ...run, pfn: BigInt(run.pfn), index: BigInt(run.index) });
    const size = BigInt(this.#context.pageSize);
    const step = BigInt(run.stride) * size;
    this.#context.refer('memfd folio', this.#path, BigInt(run.pfn) * size, size, run.count, step);
  }

  /** Each kind of defect is told once, with the place of the first. */
  #say(
    fault: 'entry-pfn-zero' | 'entry-range' | 'index-order' | 'index-beyond' | 'limit',
    text: string,
    page: bigint,
    at: number,
  ): void {
    if (this.#said.has(fault)) return;
    this.#said.add(fault);
    this.#context.problem(fault, `${this.#path}/folios`, text, {
      address: page + BigInt(at),
      ...(fault === 'entry-pfn-zero' ? { receiver: [this.#abi, 'pfn-zero'] as const } : {}),
    });
  }
}
