import { CANNOT_SEE, type TreeReport, targetsText } from '../kernel/index.js';
import { plural } from './findings-parts.js';
import { oneLine } from './findings-safe.js';
import { PAINT } from './findings-text.js';
import { columns, style } from './style.js';
import { layoutLines } from './tree-layout.js';
import {
  componentRows,
  headline,
  knownText,
  messageText,
  subjectRows,
  type TreeView,
  treeCounts,
  treeDetails,
  treePlace,
  treeRuleName,
  treeTitle,
} from './tree-parts.js';

/** Departures from the nearest known format that are listed for one component. */
const DEPARTURES = 10;

/** A tree report for a terminal: verdict, components, what changed and where, known formats, what cannot be seen. */
export function treeText(view: TreeView): string {
  const { report, findings } = view;
  const bad = componentRows(report).some(({ worst }) => worst === 'bad');
  const paint = bad ? style.bad : report.comparison === null ? style.note : style.good;
  const lines = [
    `${style.title(`KHO ABI of ${treeTitle(report)}:`)} ${paint(headline(view))}`,
    ...columns(subjectRows(report), '  '),
    '',
    style.title('Components'),
    ...componentTable(report),
  ];
  if (findings.length > 0) lines.push('', style.title(`Findings: ${treeCounts(findings)}`));
  for (const finding of findings) {
    const place = treePlace(finding.place);
    const pair = view.layouts.get(finding);
    lines.push(
      `${PAINT[finding.severity](`${finding.severity}[${treeRuleName(finding)}]`)}: ${messageText(finding)}`,
      ...columns([...(place === '' ? [] : [['at', place]]), ...treeDetails(finding)], '  '),
      ...(pair === undefined ? [] : layoutLines(pair).map((line) => style.dim(`    ${line}`))),
    );
  }
  lines.push('', style.title('Known formats'), `  ${knownText(report)}`, ...registryLines(report));
  if (report.notes.length > 0) {
    lines.push('', style.title('Notes'));
    for (const { place, text } of report.notes) lines.push(`  ${treePlace(place)}: ${oneLine(text)}`);
  }
  if (report.comparison !== null)
    lines.push('', style.title('What headers cannot show'), ...CANNOT_SEE.map((text) => `  ${text}`));
  return `${lines.join('\n')}\n`;
}

function componentTable(report: TreeReport): string[] {
  const rows = componentRows(report);
  const colour = { bad: style.bad, note: style.note, good: (text: string) => text };
  // The verdict is the last cell, so that its colour does not count as width.
  return columns(
    rows.map(({ id, title, version, verdict, worst }) => [id, title, version, colour[worst](verdict)]),
    '  ',
  ).map((line) => line.trimEnd());
}

function registryLines(report: TreeReport): string[] {
  return report.registry.flatMap(({ component, versions, exact, nearest, departures, readiness }) => {
    const own = versions.length === 0 ? 'no version' : versions.map(oneLine).join(', ');
    const lines = [`  ${oneLine(component)} (${own}): ${oneLine(readiness)}`];
    if (exact.length > 0 || nearest === undefined) return lines;
    for (const { message, targets } of departures.slice(0, DEPARTURES)) {
      const pages = targetsText(targets, report.targets);
      lines.push(`    ${oneLine(message)}${pages === '' ? '' : `, ${pages}`}`);
    }
    if (departures.length > DEPARTURES)
      lines.push(`    ${plural(departures.length - DEPARTURES, 'more difference')}`);
    return lines;
  });
}
