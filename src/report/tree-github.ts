import { CANNOT_SEE } from '../kernel/index.js';
import { COMMANDS, command } from './findings-github.js';
import { fileName } from './findings-safe.js';
import { layoutLines } from './tree-layout.js';
import {
  againstText,
  componentRows,
  fromHere,
  headline,
  messageText,
  type TreeView,
  treeCounts,
  treeDetails,
  treeRuleName,
} from './tree-parts.js';

/** Workflow commands of GitHub Actions: an annotation in its line for each finding, and one with the verdict. */
export function treeGithub(view: TreeView): string {
  const { report, findings } = view;
  const lines = findings.map((finding) => {
    const { place, severity } = finding;
    const pair = view.layouts.get(finding);
    const message = [
      messageText(finding),
      ...treeDetails(finding).map(([name, text]) => `${name}: ${text}`),
      ...(pair === undefined ? [] : layoutLines(pair)),
    ].join('\n');
    return command(
      COMMANDS[severity],
      {
        file: place === null ? undefined : fileName(fromHere(report, place.file)),
        line: place === null ? undefined : `${place.line}`,
        title: treeRuleName(finding),
      },
      message,
    );
  });
  const rows = componentRows(report);
  const bad =
    rows.some(({ worst }) => worst === 'bad') || findings.some(({ severity }) => severity === 'error');
  const quiet = report.comparison !== null && rows.every(({ worst }) => worst === 'good');
  const summary = [
    headline(view),
    `compared with ${againstText(report)}; ${treeCounts(findings)}`,
    ...rows.map(({ id, version, verdict }) => `${id}${version === '' ? '' : ` (${version})`}: ${verdict}`),
    ...(report.comparison === null ? [] : ['headers cannot show:', ...CANNOT_SEE]),
  ];
  const level = bad ? 'error' : quiet ? 'notice' : 'warning';
  lines.push(command(level, { title: 'kho-abi tree' }, summary.join('\n')));
  return `${lines.join('\n')}\n`;
}
