import { type ClientAbi, decodeStruct, fieldOf, type Target } from '../abi/index.js';
import { hex, KhoError } from '../bytes/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { CLIENT_FAULTS, type ClientFault } from './faults.js';
import type { ClientProblem, ClientReference, Located } from './model.js';

/** Entries of all kinds that are kept for one subtree at most; no kernel has a thousandth of it. */
const MAX_ENTRIES = 1 << 20;

/** Pages of vmalloc areas that are read for one subtree: the folio entries of a memfd of a TiB. */
const MAX_AREA_PAGES = 1 << 20;

/** Runs of folios that are kept for one subtree, whatever the number of its files. */
const MAX_RUNS = 1 << 18;

/** Problems that are kept for one subtree; a hostile dump could have one for each of its bytes. */
const MAX_PROBLEMS = 1000;

/** Fields of a structure, each with its place. */
export type LocatedFields<Values> = {
  readonly [Name in keyof Values]: Located<Exclude<Values[Name], undefined>>;
};

/** What a problem tells besides its text. */
export interface ProblemFacts {
  readonly address?: bigint | undefined;
  readonly erratum?: string;
  /** Format and row of its receiver table. */
  readonly receiver?: readonly [ClientAbi, string];
}

/** State of reading one subtree: what went wrong, what is pointed to, which containers were visited. */
export class ReadContext {
  readonly memory: PhysicalMemory;
  readonly target: Target;
  readonly problems: ClientProblem[] = [];
  readonly references: ClientReference[] = [];
  readonly #visited = new Set<bigint>();
  #entries = 0;
  #areaPages = 0;
  #runs = 0;
  /** Pages of vmalloc areas and their chunks that were read, by number. */
  readonly #areaRead = new Set<bigint>();

  constructor(memory: PhysicalMemory, target: Target) {
    this.memory = memory;
    this.target = target;
  }

  get pageSize(): number {
    return 2 ** this.target.pageShift;
  }

  problem(fault: ClientFault, path: string, text: string, facts: ProblemFacts = {}): void {
    if (this.problems.length >= MAX_PROBLEMS) return;
    const { address, erratum, receiver } = facts;
    const row = receiver === undefined ? undefined : receiver[0].receiver(receiver[1]);
    this.problems.push({
      kind: CLIENT_FAULTS[fault],
      fault,
      path,
      address,
      text,
      erratum,
      receiver:
        row === undefined
          ? undefined
          : { id: row.id, outcome: row.outcome, ...(row.log === undefined ? {} : { log: row.log }) },
    });
  }

  /** Runs something that may throw; its KhoError becomes a problem: `fault`, unless the error says that the dump or a limit is the cause. */
  attempt<Result>(
    fault: ClientFault,
    path: string,
    work: () => Result,
    facts: ProblemFacts = {},
  ): Result | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof KhoError)) throw error;
      const { address, found, expected, path: inner } = error.details;
      const what = inner === undefined ? '' : `${inner}: `;
      const numbers = [found && `found ${found}`, expected && `expected ${expected}`].filter(Boolean);
      const text = `${what}${error.summary}${numbers.length === 0 ? '' : `; ${numbers.join('; ')}`}`;
      this.problem(FAULTS[error.code] ?? fault, path, text, { ...facts, address: address ?? facts.address });
      return undefined;
    }
  }

  refer(what: string, path: string, address: bigint, bytes: bigint, count = 1, step = bytes): void {
    this.references.push({ what, path, address, bytes, count, step });
  }

  /** Bytes that must be there; undefined and a problem when they are not. */
  read(address: bigint, length: number, what: string, path: string): Uint8Array | undefined {
    if (address + BigInt(length) > 1n << 64n) {
      this.problem('address-range', path, `${what} would pass the end of 64-bit addresses`, { address });
      return undefined;
    }
    const bytes = this.memory.read(address, length);
    if (bytes === undefined) this.problem('not-in-dump', path, `${what} is not in the dump`, { address });
    return bytes;
  }

  /** Whether a container's address can be one: page aligned, not 0, and never visited before. Says what is wrong. */
  visit(address: bigint, what: string, path: string, facts: ProblemFacts = {}): boolean {
    const wrong: readonly [ClientFault, string] | undefined =
      address === 0n
        ? ['address-zero', `${what} has address 0`]
        : address % BigInt(this.pageSize) !== 0n
          ? ['address-misaligned', `${what} at ${hex(address)} is not page aligned`]
          : this.#visited.has(address)
            ? ['reached-twice', `${what} at ${hex(address)} is reached twice`]
            : undefined;
    if (wrong !== undefined) {
      this.problem(wrong[0], path, wrong[1], { ...facts, address });
      return false;
    }
    this.#visited.add(address);
    return true;
  }

  /** Counts an entry; false, and once a problem, when there are too many. */
  spend(path: string): boolean {
    if (this.#entries > MAX_ENTRIES) return false;
    this.#entries++;
    if (this.#entries <= MAX_ENTRIES) return true;
    this.problem('limit', path, `more than ${MAX_ENTRIES} entries; the rest is not read`);
    return false;
  }

  /** Counts the pages of a vmalloc area; false and a problem when there are too many. */
  spendPages(path: string, pages: number): boolean {
    this.#areaPages += pages;
    if (this.#areaPages <= MAX_AREA_PAGES) return true;
    this.problem('limit', path, `vmalloc areas of more than ${MAX_AREA_PAGES} pages; this one is not read`);
    this.#areaPages -= pages;
    return false;
  }

  /** Whether a page of a vmalloc area, or a chunk of one, is met for the first time: what no two areas share bounds the work by the dump. */
  firstOfArea(address: bigint): boolean {
    const before = this.#areaRead.size;
    this.#areaRead.add(address >> BigInt(this.target.pageShift));
    return this.#areaRead.size > before;
  }

  /** Counts a run of folios; false when there are too many to keep. */
  spendRun(): boolean {
    return ++this.#runs <= MAX_RUNS;
  }

  /** A structure in memory; undefined and a problem when the dump lacks it. */
  struct<Values extends object>(
    abi: ClientAbi,
    name: string,
    address: bigint,
    path: string,
  ): LocatedFields<Values> | undefined {
    const layout = abi.struct(name, this.target.pageShift);
    const bytes = this.read(address, layout.size, name, path);
    if (bytes === undefined) return undefined;
    const values = decodeStruct<Values>(layout, bytes, this.target.byteOrder);
    const located: Record<string, Located<unknown>> = {};
    for (const [field, value] of Object.entries(values)) {
      const { offset, type, elements } = fieldOf(layout, field);
      located[field] = { value, address: address + BigInt(offset) };
      if (type === 'char' && bytes[offset + elements - 1] !== 0) {
        const text = `${name}.${field} is not terminated; the kernel reads on into the next field`;
        this.problem('unterminated', path, text, { address: address + BigInt(offset) });
      }
    }
    return located as LocatedFields<Values>;
  }
}

const FAULTS: Partial<Record<KhoError['code'], ClientFault>> = {
  E_NOT_IN_DUMP: 'not-in-dump',
  E_LIMIT: 'limit',
};
