import { CANNOT_SEE, type TreeFinding } from '../kernel/index.js';
import { fence, ROOM, SMALL_ROOM, table } from './findings-markdown.js';
import { markdownCode, markdownText } from './findings-safe.js';
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
} from './tree-parts.js';

/** Layouts that are shown side by side. */
const LAYOUTS = 5;

/** GitHub Flavored Markdown for a comment or a job summary: verdict, components, findings, layouts, known formats. */
export function treeMarkdown(view: TreeView): string {
  const { report, findings } = view;
  const components = componentRows(report).map(({ id, title, version, verdict }) => [
    markdownText(id),
    markdownText(title),
    version === '' ? '' : markdownCode(version),
    markdownText(verdict),
  ]);
  const lines = [
    '## KHO ABI of a kernel tree',
    '',
    `**${markdownText(headline(view))}**`,
    '',
    ...table('component', ['Component', 'Title', 'Version', 'Verdict'], components, SMALL_ROOM),
    ...table('finding', ['Severity', 'Rule', 'Place', 'Finding'], findings.map(findingRow), ROOM),
  ];
  for (const pair of [...view.layouts.values()].slice(0, LAYOUTS))
    lines.push(
      `${markdownCode(`struct ${pair.name}`)}, ${pair.target}:`,
      '',
      ...fence(layoutLines(pair)),
      '',
    );
  lines.push(`- ${treeCounts(findings)}`, `- ${markdownText(knownText(report))}`);
  for (const { component, exact, readiness } of report.registry)
    if (exact.length === 0) lines.push(`- format ${markdownText(component)}: ${markdownText(readiness)}`);
  for (const { place, text } of report.notes)
    lines.push(`- ${markdownCode(treePlace(place))}: ${markdownText(text)}`);
  for (const [name, value] of subjectRows(report)) lines.push(`- ${name}: ${markdownText(value)}`);
  if (report.comparison !== null)
    lines.push('', 'Headers cannot show:', '', ...CANNOT_SEE.map((text) => `- ${text}`));
  return `${lines.join('\n')}\n`;
}

function findingRow(finding: TreeFinding): string[] {
  const place = treePlace(finding.place);
  const details = treeDetails(finding).map(([name, text]) => `${name} ${markdownText(text)}`);
  return [
    finding.severity,
    treeRuleName(finding),
    place === '' ? '' : markdownCode(place),
    [markdownText(messageText(finding)), ...details].join('; '),
  ];
}
