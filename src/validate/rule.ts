/**
 * What a rule is. The rules themselves stand elsewhere; this file has only their shape, so that renderers and
 * profiles need not know a single rule.
 */
import type { Severity } from '../fdt/index.js';

/** Parts of a handover that rules look at. The first digit of a rule's number says which. */
export const RULE_AREAS = {
  fdt: { hundred: 1, title: 'Flattened device tree' },
  map: { hundred: 2, title: 'Map of preserved memory' },
  vmalloc: { hundred: 3, title: 'Preserved vmalloc areas' },
  clients: { hundred: 4, title: 'Subtrees and clients' },
  environment: { hundred: 5, title: 'Scratch areas and the machine' },
  tree: { hundred: 6, title: 'ABI of a kernel tree' },
} as const satisfies Record<string, { hundred: number; title: string }>;

/** Name of an area. */
export type RuleArea = keyof typeof RULE_AREAS;

/** Number of a rule: `KHO101`. Numbers are never used again for something else. */
export type RuleId = `KHO${number}`;

/** One rule as data: what must hold, who says so, and for which inputs. */
export interface Rule {
  readonly id: RuleId;
  /** Kebab-case name, stable like the id: `fdt-cut-off`. */
  readonly name: string;
  readonly area: RuleArea;
  /** What is wrong when the rule is broken: a short clause without a full stop. */
  readonly title: string;
  /** Severity of a finding unless the finding says otherwise. */
  readonly severity: Severity;
  /** Where the rule comes from: kernel commit subject and release, section of the devicetree specification, or erratum. */
  readonly reference: string;
  /** A paragraph: what the receiving kernel does with such input, and why it matters. */
  readonly explanation: string;
  /** Inputs for which the rule can run, in words: `radix maps; needs memory`. */
  readonly appliesTo: string;
}
