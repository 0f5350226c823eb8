import {
  align4,
  FDT_BARE_NAMES_VERSION,
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_NOP,
  FDT_PROP,
} from './constants.js';
import { be32, type FdtHeader } from './header.js';

/** Structure blocks above this are not searched: the table takes a byte for each byte. Real trees have some hundred KiB. */
const SEARCH_LIMIT = 16 * 1024 * 1024;

/** Marks a word from which no run of tags leads to the end. */
const NO_WAY = -0x8000_0000;

/** Nodes and properties that must follow one another to be believed where another damaged tag hides the end. */
const RUN = 3;

/** Where the structure can be followed again. */
export interface ResumePoint {
  readonly at: number;
  /** Nodes that are open there; undefined when another damaged tag comes later, and the number cannot be known. */
  readonly depth: number | undefined;
}

/**
 * Finds the tags again after a damaged one, so that a check can list what is wrong behind it. A word counts as a tag if whole
 * tags lead from it to the last FDT_END of the block and close exactly the nodes that are open; or, failing that, if it
 * starts a run of several nodes and properties. All words are judged once, from the end of the block to its start, so the work is
 * linear however often a blob is damaged.
 */
export class Resumer {
  readonly #base: number;
  /** Nodes that must be open at each word for the rest to close them all, or NO_WAY. */
  readonly #depths: Int32Array;
  /** Nodes and properties with sound names that follow one another from each word, up to RUN. */
  readonly #runs: Uint8Array;
  #depthKnown = true;

  constructor(bytes: Uint8Array, header: FdtHeader) {
    this.#base = header.offStruct;
    const words = Math.max(0, Math.floor((header.structEnd - header.offStruct) / 4));
    this.#depths = new Int32Array(words * 4 > SEARCH_LIMIT ? 0 : words).fill(NO_WAY);
    this.#runs = new Uint8Array(this.#depths.length);
    this.#judge(bytes, header);
  }

  /**
   * @param from offset of the first word to try
   * @param depths numbers of open nodes to accept
   */
  find(from: number, depths: readonly number[]): ResumePoint | undefined {
    const first = Math.max(0, Math.ceil((from - this.#base) / 4));
    for (let index = first; this.#depthKnown && index < this.#depths.length; index++) {
      const at = this.#base + index * 4;
      const depth = this.#depths[index]!;
      if (depths.includes(depth)) return { at, depth };
      if (depth === NO_WAY && this.#runs[index]! >= RUN) break;
    }
    // Another damaged tag comes later, or nodes do not pair. From now on no number of open nodes is right or wrong.
    this.#depthKnown = false;
    for (let index = first; index < this.#depths.length; index++) {
      if (this.#depths[index] !== NO_WAY || this.#runs[index]! >= RUN)
        return { at: this.#base + index * 4, depth: undefined };
    }
    return undefined;
  }

  #judge(bytes: Uint8Array, header: FdtHeader): void {
    const depths = this.#depths;
    const base = this.#base;
    const { structEnd, offStrings, stringsEnd } = header;
    const oldStyle = header.version < FDT_BARE_NAMES_VERSION;
    let ended = false;
    /** First NUL at or after the word behind the one that is judged. */
    let nul = structEnd;
    for (let index = depths.length - 1; index >= 0; index--) {
      const at = base + index * 4;
      const tag = be32(bytes, at);
      let next = at + 4;
      let change = 0;
      let possible = true;
      if (tag === FDT_END) {
        // The last one, or one of several in a row there: a word behind the end must not hide the end.
        if (!ended || (depths[index + 1] === 0 && be32(bytes, next) === FDT_END)) depths[index] = 0;
        ended = true;
        possible = false;
      } else if (tag === FDT_BEGIN_NODE) {
        possible = nul < structEnd;
        next = align4(nul + 1 - base) + base;
        change = -1;
      } else if (tag === FDT_END_NODE) change = 1;
      else if (tag === FDT_PROP && at + 12 <= structEnd) {
        const length = be32(bytes, at + 4);
        const start = oldStyle && length >= 8 ? ((at + 12 - base + 7) & ~7) + base : at + 12;
        possible = start + length <= structEnd;
        next = possible ? align4(start + length - base) + base : structEnd;
      } else possible = tag === FDT_NOP;
      const following = (next - base) / 4;
      if (possible) {
        const named = tag === FDT_PROP && offStrings + be32(bytes, at + 8) < stringsEnd;
        const counted = named || tag === FDT_BEGIN_NODE ? 1 : 0;
        this.#runs[index] = Math.min(RUN, (this.#runs[following] ?? 0) + counted);
      }
      const depth = possible ? (depths[following] ?? NO_WAY) + change : NO_WAY;
      // Below zero: a node would begin where none may be open any more.
      if (depth >= 0) depths[index] = depth;
      for (let byte = at + 3; byte >= at; byte--) if (bytes[byte] === 0) nul = byte;
    }
  }
}
