import type { Finding, ValidationReport } from '../validate/index.js';
import {
  cappedLines,
  countsText,
  detailRows,
  placeText,
  plural,
  rulesByArea,
  subjectRows,
  toolText,
  verdictText,
  windowLines,
} from './findings-parts.js';
import { markdownCode, markdownText, oneLine } from './findings-safe.js';
import { grouped } from './style.js';

/** Findings in the table, and findings with their bytes below it: a comment on GitHub ends at 65,536 characters. */
const ROWS = 50;
const WINDOWS = 5;

/** GitHub Flavored Markdown for a mail or a comment: verdict, findings, the bytes of the worst, what was run. */
export function findingsMarkdown(report: ValidationReport): string {
  const { findings, inputs, suppressed, problems } = report;
  const lines = [
    '## KHO validation',
    '',
    `**${countsText(report)}**: ${markdownText(verdictText(report))}`,
    '',
  ];
  if (findings.length > 0) {
    lines.push(
      ...table(
        ['Severity', 'Rule', 'Place', 'Finding'],
        findings.slice(0, ROWS).map((finding) => findingRow(report, finding)),
      ),
      '',
    );
    if (findings.length > ROWS)
      lines.push(`${plural(findings.length - ROWS, 'more finding')} not in this table.`, '');
    for (const line of cappedLines(report.rules)) lines.push(`- ${markdownText(line)}`);
    if (cappedLines(report.rules).length > 0) lines.push('');
    for (const finding of findings.filter(({ window }) => (window?.length ?? 0) > 0).slice(0, WINDOWS)) {
      lines.push(
        `${finding.rule} at ${markdownCode(placeText(finding))}:`,
        '',
        ...fence(windowLines(finding)),
        '',
      );
    }
  }
  if (problems.length > 0) {
    const rows = problems.map(({ kind, message, place }) => [
      kind,
      place === undefined ? '' : markdownCode(place),
      markdownText(message),
    ]);
    lines.push(...table(['Problem', 'Place', 'Text'], rows), '');
  }
  if (suppressed.length > 0) {
    const rows = suppressed
      .slice(0, ROWS)
      .map(({ finding, reason, expires }) => [
        finding.rule,
        placeCell(report, finding),
        markdownText(reason),
        markdownText(expires),
      ]);
    lines.push(...table(['Suppressed', 'Place', 'Reason', 'Until'], rows), '');
  }
  const inputRows = inputs.map(({ path, kind, bytes, sha256, noHash }) => [
    markdownCode(path),
    markdownText(kind),
    grouped(bytes),
    sha256 === null ? `none (${markdownText(noHash ?? 'not taken')})` : markdownCode(sha256),
  ]);
  lines.push(...table(['Input', 'Kind', 'Bytes', 'SHA-256'], inputRows), '');
  lines.push(...runLines(report));
  return `${lines.join('\n')}\n`;
}

function findingRow(report: ValidationReport, finding: Finding): string[] {
  const name = report.rules.find(({ rule }) => rule.id === finding.rule)?.rule.name;
  const details = detailRows(finding).map(([key, text]) => `${key} ${markdownText(text)}`);
  return [
    finding.severity,
    name === undefined ? finding.rule : `${finding.rule} ${markdownText(name)}`,
    placeCell(report, finding),
    [markdownText(finding.message), ...details].join('; '),
  ];
}

/** The file is named only where there are several. */
function placeCell({ inputs }: ValidationReport, finding: Finding): string {
  const place = placeText(finding);
  const file = inputs[finding.input]?.path;
  const parts = [
    ...(inputs.length > 1 && file !== undefined ? [markdownCode(file)] : []),
    ...(place === '' ? [] : [markdownCode(place)]),
  ];
  return parts.join(' ');
}

/** Tool, subject and rules: the small print that makes a report worth keeping. */
function runLines(report: ValidationReport): string[] {
  const ran = report.rules.filter(({ run }) => run).length;
  const subject = subjectRows(report).map(([name, value]) => `${name} ${markdownText(value)}`);
  const lines = [
    `- ${markdownText(toolText(report))}${report.started === null ? '' : `, started ${markdownText(report.started)}`}`,
    `- ${subject.join(', ')}`,
    `- ${plural(ran, 'rule')} run, ${grouped(report.rules.length - ran)} skipped`,
  ];
  for (const { rules } of rulesByArea(report)) {
    for (const { rule, run, skipped } of rules) {
      if (!run) lines.push(`- ${rule.id} skipped: ${markdownText(skipped ?? 'not reached')}`);
    }
  }
  return lines;
}

/** A table; cells are Markdown already. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...rows.map(row)];
}

/** A fenced block. No line of a hexdump can close it: they begin with a digit or with blanks before a caret. */
function fence(lines: readonly string[]): string[] {
  return ['```text', ...lines.map((line) => oneLine(line)), '```'];
}
