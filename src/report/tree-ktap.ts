import { ktapText } from './findings-safe.js';
import { type TreeCase, treeSuites } from './tree-cases.js';
import { headline, subjectRows, type TreeView, treeCounts } from './tree-parts.js';

/**
 * KTAP version 1 (Documentation/dev-tools/ktap.rst of the kernel): a test for each component with a subtest for each target, and
 * one with a subtest for each rule of headers.
 */
export function treeKtap(view: TreeView): string {
  const suites = treeSuites(view);
  const lines = [
    'KTAP version 1',
    `1..${suites.length}`,
    ...subjectRows(view.report).map(([name, value]) => `# ${name}: ${value}`),
  ];
  for (const [index, { id, title, cases }] of suites.entries()) {
    lines.push('  KTAP version 1', `  1..${cases.length}`, `  # ${title}`);
    for (const [number, one] of cases.entries())
      lines.push(...caseLines(number + 1, one).map((line) => `  ${line}`));
    const name = `${index + 1} ${ktapText(id)}`;
    const failed = cases.some(({ result }) => result === 'fail');
    const skipped = cases.every(({ result }) => result === 'skip');
    lines.push(failed ? `not ok ${name}` : `ok ${name}${skipped ? ' # SKIP nothing was compared' : ''}`);
  }
  const all = suites.flatMap(({ cases }) => cases);
  const count = (wanted: TreeCase['result']): number => all.filter(({ result }) => result === wanted).length;
  lines.push(
    `# ${treeCounts(view.findings)}: ${headline(view)}`,
    `# Totals: pass:${count('pass')} fail:${count('fail')} xfail:0 xpass:0 skip:${count('skip')} error:0`,
  );
  return `${lines.join('\n')}\n`;
}

function caseLines(number: number, { name, result, message, lines }: TreeCase): string[] {
  const about = `${number} ${ktapText(name)}`;
  if (result === 'skip') return [`ok ${about} # SKIP ${ktapText(message)}`];
  return [
    ...(lines.length === 0 ? [] : [`# ${message}`, ...lines.map((line) => `# ${line}`)]),
    `${result === 'fail' ? 'not ok' : 'ok'} ${about}`,
  ];
}
