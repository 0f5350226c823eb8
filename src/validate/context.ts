import type { Target } from '../abi/index.js';
import type { DecodedClient } from '../clients/index.js';
import type { FdtCheck } from '../fdt/index.js';
import type { RootModel, ScratchArea } from '../handover/index.js';
import type { PhysicalMemory, PhysicalRange } from '../memory/index.js';
import type { FindingFacts, Severity, WindowLine } from './finding.js';
import type { MapSurvey } from './map-survey.js';
import type { Rule } from './rule.js';

/** How much of a stretch of memory is preserved. `unknown`: there is no readable map. */
export type Coverage = 'all' | 'part' | 'none' | 'unknown';

/** What a rule says of one place; the input's index is added. */
export type Report = (rule: Rule, facts: Omit<FindingFacts, 'input'>, severity?: Severity) => void;

/** Everything that rules may look at. What could not be read is undefined; rules that need it are skipped with a reason. */
export interface ValidationContext {
  /** Bytes of the root FDT as they came, and every defect of their format. */
  readonly fdt: Uint8Array | undefined;
  readonly fdtCheck: FdtCheck | undefined;
  readonly fdtAddress: bigint | undefined;
  /** The root FDT as a KHO root; undefined when it is too damaged. */
  readonly root: RootModel | undefined;
  readonly target: Target | undefined;
  readonly memory: PhysicalMemory | undefined;
  /** The map, read without stopping at damage. */
  readonly map: MapSurvey | undefined;
  /** Decoded subtrees that have an address, in the order of the root FDT. */
  readonly clients: readonly DecodedClient[];
  /** Scratch areas, where they are known. */
  readonly scratch: readonly ScratchArea[] | undefined;
  /** Length of the scratch array as it came. */
  readonly scratchBytes: number | undefined;
  /** Address of the scratch array, where it is known. */
  readonly scratchArray: bigint | undefined;
  /** Memory that the machine has, where the user said so. */
  readonly ram: readonly PhysicalRange[] | undefined;
  /** How much of `bytes` bytes at `address` lies in preserved blocks, whatever their orders. */
  coverage(address: bigint, bytes: bigint): Coverage;
  /** Whether there is a block of exactly this order at `address`. */
  hasBlock(address: bigint, order: number): boolean;
  /** Whether a page belongs to the map itself. */
  isTracker(address: bigint): boolean;
  /** Hexdump lines around an address; empty when the dump lacks them. */
  window(address: bigint, length?: number): readonly WindowLine[];
  /** Takes a finding about the dump. */
  readonly reportMemory: Report;
  /** Takes a finding about the root FDT. */
  readonly reportFdt: Report;
  /** Takes a finding about the scratch array. */
  readonly reportScratch: Report;
  /** Notes that a rule ran, or why it could not. */
  ran(rule: Rule): void;
  skip(rule: Rule, reason: string): void;
  /** Whether further findings of a rule would only be counted: then no texts need to be made. */
  full(rule: Rule): boolean;
  count(rule: Rule, more: number, severity?: Severity): void;
}

/** A table of rules that are checked together. */
export interface RuleTable {
  readonly rules: readonly Rule[];
  check(context: ValidationContext): void;
}
