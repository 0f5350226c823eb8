import type { Severity, ValidationReport } from '../validate/index.js';
import {
  cappedLines,
  countsText,
  detailRows,
  placeText,
  ruleName,
  toolText,
  verdictText,
  windowLines,
} from './findings-parts.js';
import { fileName, githubData, githubProperty, oneLine } from './findings-safe.js';

/** GitHub has no level `note`; its third is `notice`. */
export const COMMANDS: Record<Severity, string> = { error: 'error', warning: 'warning', note: 'notice' };

/** Workflow commands of GitHub Actions: an annotation for each finding and problem, and one with the verdict. */
export function findingsGithub(report: ValidationReport): string {
  const lines = report.findings.map((finding) => {
    const rule = report.rules.find((result) => result.rule.id === finding.rule)?.rule;
    const file = report.inputs[finding.input]?.path;
    const place = placeText(finding);
    const message = [
      oneLine(finding.message),
      ...(place === '' ? [] : [`at ${place}`]),
      ...detailRows(finding).map(([name, text]) => `${name}: ${text}`),
      ...windowLines(finding),
    ].join('\n');
    const title = rule === undefined ? finding.rule : ruleName(rule);
    return command(COMMANDS[finding.severity], { file: file && fileName(file), title }, message);
  });
  for (const { kind, message, place } of report.problems) {
    const where = place === undefined ? '' : `${fileName(place)}: `;
    lines.push(command('error', { title: `kho-abi ${kind}` }, `${where}${oneLine(message)}`));
  }
  const summary = [
    `${countsText(report)}: ${verdictText(report)}`,
    ...cappedLines(report.rules),
    toolText(report),
  ];
  const level = { refused: 'error', 'accepted with warnings': 'warning', accepted: 'notice' }[report.verdict];
  lines.push(command(level, { title: 'kho-abi validate' }, summary.join('\n')));
  return `${lines.join('\n')}\n`;
}

/** `::error file=…,title=…::message`, escaped as the runner takes it apart. */
export function command(
  name: string,
  properties: Record<string, string | undefined>,
  message: string,
): string {
  const list = Object.entries(properties)
    .flatMap(([key, value]) =>
      value === undefined || value === '' ? [] : [`${key}=${githubProperty(value)}`],
    )
    .join(',');
  return `::${name} ${list}::${githubData(message)}`;
}
