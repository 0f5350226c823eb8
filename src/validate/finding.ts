/**
 * The one model of a validation: findings, and the report that holds them. Every output format is made from it.
 * Texts may hold bytes of untrusted blobs; the renderers escape them, nobody else does.
 */
import type { ByteOrder } from '../bytes/index.js';
import type { Severity } from '../fdt/index.js';
import type { Rule, RuleId } from './rule.js';

export type { Severity } from '../fdt/index.js';

/** Severities, worst first. */
export const SEVERITIES = ['error', 'warning', 'note'] as const satisfies readonly Severity[];

/** One line of a hex window, as `hexdumpLine` writes it, and which of its bytes are meant. */
export interface WindowLine {
  readonly text: string;
  /** First marked byte of the line (0 to 15) and the one after the last; absent: none is marked. */
  readonly mark?: { readonly from: number; readonly to: number };
}

/** Where a finding stands and what was seen there; the rule adds the rest. */
export interface FindingFacts {
  /** What is wrong here: one sentence without line breaks. */
  readonly message: string;
  /** Index into the inputs of the report. */
  readonly input: number;
  /** Path inside a blob: `/LUO/preserved-data`, or `luo-v5/sessions[2]/files[0].data`. */
  readonly path?: string;
  /** Byte offset in the file or blob. */
  readonly offset?: number;
  /** Physical address. */
  readonly address?: bigint;
  /** Bytes that are meant, from the offset or address on. */
  readonly length?: number;
  /** Hexdump lines around the place; `markedWindow` makes them. */
  readonly window?: readonly WindowLine[];
  readonly found?: string;
  readonly expected?: string;
  /** Likely cause, or what to do. */
  readonly hint?: string;
  /** Erratum of an ABI file that explains the finding: `B3`. */
  readonly erratum?: string;
}

/** One broken rule at one place. */
export interface Finding extends FindingFacts {
  readonly rule: RuleId;
  readonly severity: Severity;
}

/** One file that was read. */
export interface ReportInput {
  /** As the user named it. */
  readonly path: string;
  /** What it was found to be: `root FDT`, `ELF core`. */
  readonly kind: string;
  readonly bytes: number;
  /** Lower-case hex; null when the file was not hashed. */
  readonly sha256: string | null;
  /** Why there is no hash: `dump larger than 1 GiB`. */
  readonly noHash?: string;
}

/** What was validated, as far as it is known. */
export interface ReportSubject {
  readonly abi: string | null;
  readonly byteOrder: ByteOrder | null;
  /** Bytes. */
  readonly pageSize: number | null;
  /** Physical address of the root FDT. */
  readonly fdtAddress: bigint | null;
}

/** What became of one rule. */
export interface RuleResult {
  readonly rule: Rule;
  /** Whether it looked at anything. */
  readonly run: boolean;
  /** Why it did not run. */
  readonly skipped?: string;
  /** Findings that count, listed or not. */
  readonly counts: Readonly<Record<Severity, number>>;
  /** Sum of the counts. */
  readonly total: number;
  /** Those of them that are listed; fewer when the cap was reached. */
  readonly shown: number;
  /** Findings that a suppression took away; they do not count. */
  readonly suppressed: number;
}

/** A finding that an entry of the suppression file accepts. */
export interface SuppressedFinding {
  readonly finding: Finding;
  /** From the entry. */
  readonly reason: string;
  /** Last day on which the entry holds, `YYYY-MM-DD`. */
  readonly expires: string;
}

/** Something that is wrong with the run and not with the bytes: it makes the report fail. */
export interface ReportProblem {
  /** `profile`: the fleet does not accept what was found. `suppression`: an entry matched nothing. */
  readonly kind: 'profile' | 'suppression';
  /** One sentence without line breaks. */
  readonly message: string;
  /** Where in the profile or suppression file: `fleet.yaml:3:5`. */
  readonly place?: string;
}

/** What the receiver does with the handover. */
export type Verdict = 'accepted' | 'accepted with warnings' | 'refused';

/** Everything that one run of `validate` has to say. */
export interface ValidationReport {
  readonly tool: { readonly name: string; readonly version: string };
  /** Version of dtc; null when it was not used. */
  readonly dtc: string | null;
  /** When the run began, ISO 8601 in UTC; null leaves reports of equal runs equal. */
  readonly started: string | null;
  readonly inputs: readonly ReportInput[];
  readonly subject: ReportSubject;
  /** Every rule, by id. */
  readonly rules: readonly RuleResult[];
  /** By severity, input, offset, address. */
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  readonly problems: readonly ReportProblem[];
  /** Findings that count, listed or not. */
  readonly counts: Readonly<Record<Severity, number>>;
  readonly verdict: Verdict;
  /** For whom the verdict holds: `Linux 7.2 and 7.3 (kho-v4)`. */
  readonly receiver: string;
}

/** When a report makes the command fail. */
export type FailOn = 'error' | 'warning' | 'never';

/** Whether a run counts as failed. Problems fail it unless nothing may. */
export function reportFails({ counts, problems }: ValidationReport, failOn: FailOn): boolean {
  if (failOn === 'never') return false;
  return problems.length > 0 || counts.error > 0 || (failOn === 'warning' && counts.warning > 0);
}
