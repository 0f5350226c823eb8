/** What a comparison of two fingerprints says. */
import type { MarkerPrint } from './fingerprint-schema.js';

/**
 * Classes of changes, worst first. `wire`: other bytes. `names`: other names of nodes or properties. `source`: other names or text
 * in the header, same bytes. `docs`: comments only.
 */
export const CHANGE_CLASSES = ['wire', 'names', 'source', 'docs'] as const;

/** Class of a change. */
export type ChangeClass = (typeof CHANGE_CLASSES)[number];

/** One thing that two fingerprints say differently. */
export interface AbiChange {
  readonly class: ChangeClass;
  readonly component: string;
  /** Targets that it holds for (`le-16k`); empty: it does not depend on them. */
  readonly targets: readonly string[];
  /** `struct kho_vmalloc`, `macro KHO_SUB_TREE_PROP_NAME`, `constant KHO_BLOCK_SIZE`, `fact depth`, `file luo`. */
  readonly item: string;
  /** What happened: one clause that names the item's part: `field order moved from byte 14 to byte 16`. */
  readonly message: string;
  /** Structures that hold the changed one, nearest first; then components whose version guards nothing else. */
  readonly affects: readonly string[];
  /** The change follows from that of another structure: `struct kho_vmalloc`. */
  readonly cause?: string;
}

/** What became of a component for one target. */
export type AbiVerdict = 'unchanged' | 'changed-with-bump' | 'changed-without-bump' | 'bumped-without-change';

/** A version that changed. */
export interface Bump {
  /** Whose version. */
  readonly component: string;
  /** `kho-v3`; `none` where there was none. */
  readonly from: string;
  readonly to: string;
}

/** One component in both fingerprints. */
export interface ComponentComparison {
  readonly id: string;
  readonly title: string;
  readonly presence: 'both' | 'added' | 'removed';
  readonly before: readonly MarkerPrint[];
  readonly after: readonly MarkerPrint[];
  /** The component's own version changed. */
  readonly own?: Bump;
  /** The nearest version that changed and guards the component, if its own did not. */
  readonly guarded?: Bump;
  readonly targets: readonly {
    readonly target: string;
    readonly verdict: AbiVerdict;
    /** Worst class of change for this target; null: none. */
    readonly worst: ChangeClass | null;
  }[];
}

/** Two fingerprints side by side. */
export interface Comparison {
  /** Targets that both have; only these were compared. */
  readonly targets: readonly string[];
  /** Targets that only one has. */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  readonly components: readonly ComponentComparison[];
  /** By class, component and item. */
  readonly changes: readonly AbiChange[];
}

/** What a comparison leaves out: a registry has no texts, BTF no macros. */
export interface CompareScope {
  /** Texts of macros, declarations and comments. */
  readonly text?: boolean;
  /** Values of constants. */
  readonly constants?: boolean;
  /** String macros and versions. */
  readonly names?: boolean;
  /** Only components of this list. */
  readonly components?: readonly string[];
  /** Which structures and facts of one side only are told: all (the default), those that the second lacks, or none. */
  readonly missing?: 'all' | 'removed' | 'none';
}
