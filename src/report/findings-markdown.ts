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

/** Rows of a table at most, and findings with their bytes below it. */
const ROWS = 50;
const WINDOWS = 5;

/** Characters for the findings, and for each other table: a comment on GitHub ends at 65,536. */
export const ROOM = 30_000;
export const SMALL_ROOM = 8_000;

/** GitHub Flavored Markdown for a mail or a comment: verdict, findings, the bytes of the worst, what was run. */
export function findingsMarkdown(report: ValidationReport): string {
  const { inputs, suppressed, problems } = report;
  const lines = [
    '## KHO validation',
    '',
    `**${countsText(report)}**: ${markdownText(verdictText(report))}`,
    '',
    ...findingLines(report),
  ];
  const problemRows = problems.map(({ kind, message, place }) => [
    kind,
    place === undefined ? '' : markdownCode(place),
    markdownText(message),
  ]);
  lines.push(...table('problem', ['Problem', 'Place', 'Text'], problemRows, SMALL_ROOM));
  const suppressedRows = suppressed.map(({ finding, reason, expires }) => [
    finding.rule,
    placeCell(report, finding),
    markdownText(reason),
    markdownText(expires),
  ]);
  const head = ['Suppressed', 'Place', 'Reason', 'Until'];
  lines.push(...table('suppressed finding', head, suppressedRows, SMALL_ROOM));
  const inputRows = inputs.map(({ path, kind, bytes, sha256, noHash }) => [
    markdownCode(path),
    markdownText(kind),
    grouped(bytes),
    sha256 === null ? `none (${markdownText(noHash ?? 'not taken')})` : markdownCode(sha256),
  ]);
  lines.push(...table('input', ['Input', 'Kind', 'Bytes', 'SHA-256'], inputRows, SMALL_ROOM));
  lines.push(...runLines(report));
  return `${lines.join('\n')}\n`;
}

function findingLines(report: ValidationReport): string[] {
  const { findings, rules } = report;
  const rows = findings.map((finding) => findingRow(report, finding));
  const lines = table('finding', ['Severity', 'Rule', 'Place', 'Finding'], rows, ROOM);
  const capped = cappedLines(rules).map((line) => `- ${markdownText(line)}`);
  if (capped.length > 0) lines.push(...capped, '');
  for (const finding of findings.filter(({ window }) => (window?.length ?? 0) > 0).slice(0, WINDOWS)) {
    const place = markdownCode(placeText(finding));
    lines.push(`${finding.rule} at ${place}:`, '', ...fence(windowLines(finding)), '');
  }
  return lines;
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

/** A table with a blank line after it, as far as there is room, and how much it leaves out. Cells are Markdown already. */
export function table(noun: string, head: string[], rows: readonly string[][], room: number): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [line(head), line(head.map(() => '---'))];
  let left = room;
  let shown = 0;
  for (const text of rows.slice(0, ROWS).map(line)) {
    left -= text.length;
    if (left < 0) break;
    lines.push(text);
    shown++;
  }
  lines.push('');
  if (shown < rows.length)
    lines.push(`${plural(rows.length - shown, `more ${noun}`)} not in this table.`, '');
  return lines;
}

/** A fenced block. No line of ours can close it: hexdumps begin with a digit or blanks, layouts have no backtick. */
export function fence(lines: readonly string[]): string[] {
  return ['```text', ...lines.map((line) => oneLine(line)), '```'];
}
