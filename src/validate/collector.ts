import type { Severity } from '../fdt/index.js';
import {
  type Finding,
  type FindingFacts,
  type ReportProblem,
  type RuleResult,
  SEVERITIES,
  type SuppressedFinding,
  type ValidationReport,
  type Verdict,
} from './finding.js';
import type { Rule } from './rule.js';
import type { Suppressions } from './suppress.js';

/** Findings of one rule that a report lists; all are counted. A hostile blob can break one rule a million times. */
export const FINDINGS_PER_RULE = 20;

/** Longest text of a finding; longer ones are cut, so that a hostile name cannot fill the report. */
const TEXT_LIMIT = 1000;

/** How a collector works. */
export interface CollectorOptions {
  /** Findings listed for each rule; 20 unless told. */
  readonly cap?: number;
  readonly suppressions?: Suppressions;
}

/** What a report holds besides the findings. */
export type ReportFrame = Pick<
  ValidationReport,
  'tool' | 'dtc' | 'started' | 'inputs' | 'subject' | 'receiver'
> & {
  /** Problems of the profile; those of the suppressions are added. */
  readonly problems?: readonly ReportProblem[];
};

/** What is known of one rule so far. */
interface Tally {
  readonly rule: Rule;
  run: boolean;
  skipped: string | undefined;
  readonly counts: Record<Severity, number>;
  shown: number;
  suppressed: number;
}

/** Takes what the rules find, keeps some of it, counts all of it, and makes the report. */
export class FindingCollector {
  readonly #cap: number;
  readonly #suppressions: Suppressions | undefined;
  readonly #tallies = new Map<string, Tally>();
  readonly #findings: Finding[] = [];
  readonly #suppressed: SuppressedFinding[] = [];

  constructor({ cap = FINDINGS_PER_RULE, suppressions }: CollectorOptions = {}) {
    this.#cap = cap;
    this.#suppressions = suppressions;
  }

  /** Notes that a rule has looked at something, whether or not it found anything. */
  ran(rule: Rule): void {
    this.#tally(rule).run = true;
  }

  /** Notes why a rule could not run. What ran on one input stays run when it is skipped on another. */
  skip(rule: Rule, reason: string): void {
    this.#tally(rule).skipped ??= clip(reason);
  }

  /**
   * Whether one more finding of a rule would only be counted. A rule that has much to say may then stop making
   * texts and windows and call `count`. Never true while an entry of the suppressions could match it.
   */
  full(rule: Rule): boolean {
    return this.#tally(rule).shown >= this.#cap && !(this.#suppressions?.concerns(rule.id) ?? false);
  }

  /** Counts findings that are not listed. */
  count(rule: Rule, more: number, severity: Severity = rule.severity): void {
    const tally = this.#tally(rule);
    tally.run = true;
    tally.counts[severity] += more;
  }

  /** Takes one finding. `severity` is that of the rule unless the place makes it better or worse. */
  add(rule: Rule, facts: FindingFacts, severity: Severity = rule.severity): void {
    const tally = this.#tally(rule);
    tally.run = true;
    const entry = this.#suppressions?.match(rule.id, facts);
    if (entry !== undefined) {
      tally.suppressed++;
      if (tally.suppressed > this.#cap) return;
      const finding = bounded({ rule: rule.id, severity, ...facts });
      this.#suppressed.push({ finding, reason: entry.reason, expires: entry.expires });
      return;
    }
    tally.counts[severity]++;
    if (tally.shown >= this.#cap) return;
    tally.shown++;
    this.#findings.push(bounded({ rule: rule.id, severity, ...facts }));
  }

  /** Makes the report. Entries of the suppressions that matched nothing become problems. */
  report({ problems = [], ...frame }: ReportFrame): ValidationReport {
    const tallies = [...this.#tallies.values()].sort((a, b) => compare(a.rule.id, b.rule.id));
    const counts = { error: 0, warning: 0, note: 0 };
    for (const severity of SEVERITIES)
      for (const tally of tallies) counts[severity] += tally.counts[severity];
    const allProblems = [...problems, ...(this.#suppressions?.unused() ?? [])];
    return {
      ...frame,
      rules: tallies.map(ruleResult),
      findings: [...this.#findings].sort(compareFindings),
      suppressed: [...this.#suppressed].sort((a, b) => compareFindings(a.finding, b.finding)),
      problems: allProblems,
      counts,
      verdict: verdictOf(counts, allProblems),
    };
  }

  #tally(rule: Rule): Tally {
    let tally = this.#tallies.get(rule.id);
    if (tally === undefined) {
      const counts = { error: 0, warning: 0, note: 0 };
      tally = { rule, run: false, skipped: undefined, counts, shown: 0, suppressed: 0 };
      this.#tallies.set(rule.id, tally);
    }
    return tally;
  }
}

function ruleResult({ rule, run, skipped, counts, shown, suppressed }: Tally): RuleResult {
  const total = counts.error + counts.warning + counts.note;
  return {
    rule,
    run,
    ...(run || skipped === undefined ? {} : { skipped }),
    counts: { ...counts },
    total,
    shown,
    suppressed,
  };
}

/** An error refuses, and so does a fleet whose profile does not name what was found. */
function verdictOf(counts: Readonly<Record<Severity, number>>, problems: readonly ReportProblem[]): Verdict {
  if (counts.error > 0 || problems.some(({ kind }) => kind === 'profile')) return 'refused';
  return counts.warning > 0 ? 'accepted with warnings' : 'accepted';
}

/** Order of findings in a report: severity, input, offset, address; the rest only makes it the same in each run. */
function compareFindings(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    a.input - b.input ||
    (a.offset ?? -1) - (b.offset ?? -1) ||
    compare(a.address ?? -1n, b.address ?? -1n) ||
    compare(a.rule, b.rule) ||
    compare(a.path ?? '', b.path ?? '') ||
    compare(a.message, b.message)
  );
}

/** Texts by code unit: the same on every machine, whatever its locale. */
function compare<T extends string | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The finding with every text cut to the limit. */
function bounded(finding: Finding): Finding {
  const { message, path, found, expected, hint } = finding;
  const cut = Object.entries({ message, path, found, expected, hint }).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, clip(text)]],
  );
  return { ...finding, ...Object.fromEntries(cut) };
}

function clip(text: string): string {
  return text.length <= TEXT_LIMIT ? text : `${text.slice(0, TEXT_LIMIT)}... (${text.length} characters)`;
}
