import {
  type Finding,
  type ReportInput,
  RULE_AREAS,
  type Severity,
  type ValidationReport,
} from '../validate/index.js';
import {
  cappedLines,
  countsText,
  detailRows,
  fullPlaceText,
  inputName,
  placeText,
  plural,
  ruleName,
  rulesByArea,
  subjectRows,
  toolText,
  verdictText,
  windowLines,
} from './findings-parts.js';
import { fileName, oneLine } from './findings-safe.js';
import { columns, grouped, style } from './style.js';

/** Colour of a finding. */
export const PAINT: Record<Severity, (text: string) => string> = {
  error: style.bad,
  warning: style.note,
  note: style.dim,
};

/** A validation report for a terminal: findings by file with the bytes they mean, then what was run. */
export function findingsText(report: ValidationReport): string {
  const lines = [`${style.title('KHO validation')}  ${style.dim(toolText(report))}`];
  if (report.started !== null) lines.push(style.dim(`started ${oneLine(report.started)}`));
  lines.push('', style.title('Inputs'), ...columns(report.inputs.map(inputRow), '  '));
  lines.push('', style.title('Subject'), ...columns(subjectRows(report), '  '));
  const inputs = [...new Set(report.findings.map(({ input }) => input))].sort((a, b) => a - b);
  for (const index of inputs) {
    const findings = report.findings.filter(({ input }) => input === index);
    lines.push('', style.title(`${inputName(report, findings[0]!)}: ${plural(findings.length, 'finding')}`));
    for (const finding of findings) lines.push('', ...findingText(report, finding));
  }
  lines.push('', ...rulesText(report), ...suppressedText(report));
  if (report.problems.length > 0) {
    lines.push('', style.title('Problems'));
    for (const { kind, message, place } of report.problems) {
      const where = place === undefined ? '' : `${fileName(place)}: `;
      lines.push(`  ${where}${style.bad(kind)}: ${oneLine(message)}`);
    }
  }
  const paint =
    report.verdict === 'refused' ? style.bad : report.verdict === 'accepted' ? style.good : style.note;
  lines.push('', `${countsText(report)}: ${paint(verdictText(report))}`);
  return `${lines.join('\n')}\n`;
}

function inputRow({ path, kind, bytes, sha256, noHash }: ReportInput): string[] {
  const hash = sha256 === null ? `no hash (${oneLine(noHash ?? 'not taken')})` : `sha256 ${oneLine(sha256)}`;
  return [fileName(path), oneLine(kind), `${grouped(bytes)} bytes`, hash];
}

function findingText(report: ValidationReport, finding: Finding): string[] {
  const rule = report.rules.find((result) => result.rule.id === finding.rule)?.rule;
  const name = rule === undefined ? finding.rule : ruleName(rule);
  const place = placeText(finding);
  return [
    `${PAINT[finding.severity](`${finding.severity}[${name}]`)}: ${oneLine(finding.message)}`,
    ...(place === '' ? [] : [`  at ${place}`]),
    ...windowLines(finding).map((line) => `    ${/^ *\^+$/.test(line) ? style.bad(line) : style.dim(line)}`),
    ...columns(detailRows(finding), '  '),
  ];
}

/** Rules by area: how many ran, which did not and why, which have more findings than are listed. */
function rulesText(report: ValidationReport): string[] {
  const ran = report.rules.filter(({ run }) => run).length;
  const lines = [style.title(`Rules: ${grouped(ran)} run, ${grouped(report.rules.length - ran)} skipped`)];
  const rows = rulesByArea(report).map(({ area, rules }) => {
    const found = rules.reduce((sum, { total }) => sum + total, 0);
    return [
      RULE_AREAS[area].title,
      `${grouped(rules.filter(({ run }) => run).length)} of ${grouped(rules.length)}`,
      found === 0 ? 'no findings' : plural(found, 'finding'),
    ];
  });
  lines.push(...columns(rows, '  '));
  // Rules that need the same thing are skipped together.
  const reasons = new Map<string, string[]>();
  for (const { rule, run, skipped } of report.rules) {
    if (run) continue;
    const reason = oneLine(skipped ?? 'not reached');
    reasons.set(reason, [...(reasons.get(reason) ?? []), ruleName(rule)]);
  }
  for (const [reason, names] of reasons) {
    const list = names.length > 3 ? `${names[0]} and ${names.length - 1} more` : names.join(', ');
    lines.push(style.dim(`  skipped ${list}: ${reason}`));
  }
  lines.push(...cappedLines(report.rules).map((line) => `  ${style.note(line)}`));
  return lines;
}

function suppressedText(report: ValidationReport): string[] {
  if (report.suppressed.length === 0) return [];
  const lines = ['', style.title('Suppressed')];
  for (const { finding, reason, expires } of report.suppressed) {
    lines.push(
      `  ${finding.rule} at ${fullPlaceText(report, finding)}: ${oneLine(reason)} ${style.dim(`(until ${oneLine(expires)})`)}`,
    );
  }
  return lines;
}
