import { hex } from '../bytes/index.js';
import type { FindingFacts, ReportProblem } from './finding.js';

/** One entry of a suppression file: a finding that somebody has looked at and accepts for a time. */
export interface Suppression {
  /** Id of the rule: `KHO101`. */
  readonly rule: string;
  /** Where: a path or an address, and whether it is only the beginning of one (written with `*` at the end). */
  readonly at: { readonly kind: 'path' | 'address'; readonly text: string; readonly prefix: boolean };
  readonly reason: string;
  /** Last day on which the entry holds, `YYYY-MM-DD`. */
  readonly expires: string;
  /** Where the entry stands: `accepted.yaml:3:5`. */
  readonly place: string;
}

/** The entries of a suppression file, and which of them have matched a finding. */
export class Suppressions {
  readonly #byRule = new Map<string, Suppression[]>();
  readonly #unused: Set<Suppression>;

  constructor(entries: readonly Suppression[]) {
    this.#unused = new Set(entries);
    for (const entry of entries)
      this.#byRule.set(entry.rule, [...(this.#byRule.get(entry.rule) ?? []), entry]);
  }

  /** Whether any entry names the rule. */
  concerns(rule: string): boolean {
    return this.#byRule.has(rule);
  }

  /** The first entry that covers a finding of a rule; every entry that covers it counts as used. */
  match(rule: string, { path, address }: Pick<FindingFacts, 'path' | 'address'>): Suppression | undefined {
    let first: Suppression | undefined;
    for (const entry of this.#byRule.get(rule) ?? []) {
      const { kind, text, prefix } = entry.at;
      const place = kind === 'path' ? path : address === undefined ? undefined : hex(address);
      if (place === undefined || !(prefix ? place.startsWith(text) : place === text)) continue;
      this.#unused.delete(entry);
      first ??= entry;
    }
    return first;
  }

  /** Problems for the entries that matched nothing, in file order. An entry nobody needs hides the next defect. */
  unused(): ReportProblem[] {
    return [...this.#unused].map(({ rule, at, place }) => ({
      kind: 'suppression',
      place,
      message: `nothing matched the suppression of ${rule} at ${at.text}${at.prefix ? '*' : ''}`,
    }));
  }
}
