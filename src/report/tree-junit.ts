import { attributes } from './findings-junit.js';
import { xmlEscape } from './findings-safe.js';
import { type TreeCase, type TreeSuite, treeSuites } from './tree-cases.js';
import { headline, subjectRows, type TreeView } from './tree-parts.js';

/** JUnit XML: a suite for each component with a case for each target, and one with a case for each rule of headers. */
export function treeJunit(view: TreeView): string {
  const suites = treeSuites(view);
  const rows: [string, string][] = [...subjectRows(view.report), ['verdict', headline(view)]];
  const properties = [
    '    <properties>',
    ...rows.map(([name, value]) => `      <property${attributes({ name, value })}/>`),
    '    </properties>',
  ];
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  lines.push(
    `<testsuites${attributes({ name: 'kho-abi tree' })}${counts(suites.flatMap(({ cases }) => cases))}>`,
  );
  for (const suite of suites) {
    lines.push(
      `  <testsuite${attributes({ name: suite.title })}${counts(suite.cases)}>`,
      ...properties,
      ...suite.cases.flatMap((one) => caseLines(suite, one)),
      '  </testsuite>',
    );
  }
  return `${[...lines, '</testsuites>'].join('\n')}\n`;
}

function counts(cases: readonly TreeCase[]): string {
  const count = (wanted: TreeCase['result']): number =>
    cases.filter(({ result }) => result === wanted).length;
  return attributes({ tests: cases.length, failures: count('fail'), errors: 0, skipped: count('skip') });
}

function caseLines({ id }: TreeSuite, { name, result, message, lines }: TreeCase): string[] {
  const open = `    <testcase${attributes({ classname: `kho.tree.${id}`, name })}`;
  const body = xmlEscape(lines.join('\n'));
  const inner =
    result === 'skip'
      ? `<skipped${attributes({ message })}/>`
      : result === 'fail'
        ? `<failure${attributes({ message, type: 'error' })}>${body}</failure>`
        : `<system-out>${body}</system-out>`;
  return result === 'pass' && lines.length === 0
    ? [`${open}/>`]
    : [`${open}>`, `      ${inner}`, '    </testcase>'];
}
