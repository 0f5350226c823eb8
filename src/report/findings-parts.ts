/** Sentences and rows that several formats of a validation report share. */
import { hex, renderPlace } from '../bytes/index.js';
import {
  caretLine,
  type Finding,
  RULE_AREAS,
  type Rule,
  type RuleArea,
  type RuleResult,
  type ValidationReport,
} from '../validate/index.js';
import { fileName, oneLine } from './findings-safe.js';
import { grouped } from './style.js';

/** `2 errors, 1 warning, 0 notes`, and how many were suppressed. */
export function countsText({ counts, rules }: Pick<ValidationReport, 'counts' | 'rules'>): string {
  const suppressed = rules.reduce((sum, rule) => sum + rule.suppressed, 0);
  const parts = [
    plural(counts.error, 'error'),
    plural(counts.warning, 'warning'),
    plural(counts.note, 'note'),
  ];
  if (suppressed > 0) parts.push(`${grouped(suppressed)} suppressed`);
  return parts.join(', ');
}

/** `1 rule`, `1,234 rules`. */
export function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `refused by Linux 7.2 (kho-v4)`. */
export function verdictText({ verdict, receiver }: ValidationReport): string {
  return `${verdict} by ${oneLine(receiver)}`;
}

/** `kho-abi 0.1.0, dtc 1.7.2`. */
export function toolText({ tool, dtc }: ValidationReport): string {
  return `${tool.name} ${tool.version}, ${dtc === null ? 'dtc not used' : `dtc ${oneLine(dtc)}`}`;
}

/** What was validated, as rows of name and value. */
export function subjectRows({ subject }: ValidationReport): [string, string][] {
  const { abi, byteOrder, pageSize, fdtAddress } = subject;
  return [
    ['ABI', abi === null ? 'unknown' : oneLine(abi)],
    ['byte order', byteOrder ?? 'unknown'],
    ['page size', pageSize === null ? 'unknown' : `${grouped(pageSize)} bytes`],
    ['root FDT at', fdtAddress === null ? 'unknown' : hex(fdtAddress)],
  ];
}

/** Where a finding stands: `/LUO, offset 0x40, physical address 0x1000`; empty when only the input is known. */
export function placeText({ path, offset, address }: Finding): string {
  return renderPlace({
    ...(path === undefined ? {} : { path: oneLine(path) }),
    ...(offset === undefined ? {} : { offset }),
    ...(address === undefined ? {} : { address }),
  });
}

/** The same with the file in front. */
export function fullPlaceText(report: ValidationReport, finding: Finding): string {
  const place = placeText(finding);
  const file = inputName(report, finding);
  return place === '' ? file : `${file}, ${place}`;
}

/** Name of the file that a finding is about. */
export function inputName({ inputs }: ValidationReport, { input }: Finding): string {
  const entry = inputs[input];
  return entry === undefined ? `input ${input}` : fileName(entry.path);
}

/** Found, expected, erratum and hint of a finding, as far as it has them. */
export function detailRows({ found, expected, erratum, hint }: Finding): [string, string][] {
  return Object.entries({ found, expected, erratum, hint }).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, oneLine(text)] satisfies [string, string]],
  );
}

/** Hex window of a finding, with carets under the marked bytes. */
export function windowLines({ window = [] }: Finding): string[] {
  return window.flatMap((line) => {
    const carets = caretLine(line);
    return carets === undefined ? [oneLine(line.text)] : [oneLine(line.text), carets];
  });
}

/** Everything that is known of a finding as plain lines; the first is the message. */
export function findingLines(report: ValidationReport, finding: Finding): string[] {
  return [
    `${finding.severity}: ${oneLine(finding.message)}`,
    `at ${fullPlaceText(report, finding)}`,
    ...detailRows(finding).map(([name, text]) => `${name}: ${text}`),
    ...windowLines(finding),
  ];
}

/** Rules whose findings are not all listed, as `KHO201: 20 of 1,234 findings shown`. */
export function cappedLines(rules: readonly RuleResult[]): string[] {
  return rules
    .filter(({ shown, total }) => shown < total)
    .map(
      ({ rule, shown, total }) => `${ruleName(rule)}: ${grouped(shown)} of ${plural(total, 'finding')} shown`,
    );
}

/** `KHO101 fdt-cut-off`. */
export function ruleName({ id, name }: Rule): string {
  return `${id} ${name}`;
}

/** Rules by area, in the order of the areas; areas without a rule are left out. */
export function rulesByArea({ rules }: ValidationReport): { area: RuleArea; rules: RuleResult[] }[] {
  const areas = Object.keys(RULE_AREAS) as RuleArea[];
  return areas
    .map((area) => ({ area, rules: rules.filter(({ rule }) => rule.area === area) }))
    .filter((group) => group.rules.length > 0);
}

/** Findings of one rule, in report order. */
export function findingsOf({ findings }: ValidationReport, { rule }: RuleResult): Finding[] {
  return findings.filter((finding) => finding.rule === rule.id);
}

/** Whether a rule fails a test report. Warnings and notes are told, but a handover with them is accepted. */
export function ruleFails({ counts }: RuleResult): boolean {
  return counts.error > 0;
}

/** A physical address as JSON carries it: exact, in hex. */
export function addressText(address: bigint | null | undefined): string | null {
  return address === null || address === undefined ? null : hex(address);
}
