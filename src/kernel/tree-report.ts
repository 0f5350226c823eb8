/** Everything that one run of `kho-abi tree` has to say. Every output format is made from it. */
import type { Comparison } from './comparison.js';
import type { Fingerprint } from './fingerprint-schema.js';
import type { ArchDisagreement, CompilerUse, SourcePlace } from './model.js';
import type { RegistryMatch } from './registry-match.js';
import type { TreeRuleName } from './tree-rules.js';

/** Something in the headers that asks for trouble. */
export interface TreeLint {
  readonly rule: TreeRuleName;
  readonly component: string;
  readonly place: SourcePlace;
  /** One sentence without line breaks. */
  readonly message: string;
  readonly found?: string;
  readonly expected?: string;
  readonly hint?: string;
}

/** What a tree was compared with. */
export interface TreeAgainst {
  readonly kind: 'baseline' | 'revision' | 'tree' | 'abi';
  /** As the user named it; a baseline's path relative to the tree when it was found there. */
  readonly name: string;
  /** Commit of a revision, release of a tree. */
  readonly detail?: string;
}

/** One run. */
export interface TreeReport {
  readonly tool: { readonly name: string; readonly version: string };
  readonly tree: { readonly path: string; readonly revision: string | null; readonly release: string | null };
  readonly compilers: readonly CompilerUse[];
  /** Targets that were compiled: `le-4k`. */
  readonly targets: readonly string[];
  /** Headers that hold the ABI. */
  readonly headers: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
  readonly print: Fingerprint;
  /** Items to lines: `struct kho_vmalloc`, `macro KHO_FDT_COMPATIBLE`, `constant KHO_BLOCK_SIZE`, `file luo`. */
  readonly places: ReadonlyMap<string, SourcePlace>;
  readonly registry: readonly RegistryMatch[];
  readonly lints: readonly TreeLint[];
  readonly disagreements: readonly ArchDisagreement[];
  /** What could not be taken as it is. */
  readonly notes: readonly { readonly place: SourcePlace; readonly text: string }[];
  /** Null when there was nothing to compare with. */
  readonly against: TreeAgainst | null;
  readonly comparison: Comparison | null;
  /** The other side of the comparison; with it, reports show layouts side by side. */
  readonly before?: Fingerprint;
}

/** What headers cannot show, whatever changed behind them. Reports say it, so that "unchanged" is not read as more than it is. */
export const CANNOT_SEE: readonly string[] = [
  'names that are written as literals in C code and not as macros in the headers',
  'whether a node, property or structure is written, required or ignored, and in which order',
  'algorithms: how a key is made, what a flag means, when a count is trusted',
];
