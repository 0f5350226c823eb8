import { RULE_AREAS, type RuleResult, type ValidationReport } from '../validate/index.js';
import {
  findingLines,
  findingsOf,
  plural,
  ruleFails,
  ruleName,
  rulesByArea,
  subjectRows,
  toolText,
  verdictText,
} from './findings-parts.js';
import { fileName, oneLine, xmlEscape } from './findings-safe.js';

/** One element `testsuite`: its cases are lines already. */
interface Suite {
  readonly name: string;
  readonly cases: readonly (readonly string[])[];
  readonly failures: number;
  readonly skipped: number;
}

/**
 * JUnit XML for CI: one suite for each area, one case for each rule. Errors fail a case; warnings and notes are its
 * output. Problems of a profile or of suppressions are a suite of their own, when there are any.
 */
export function findingsJunit(report: ValidationReport): string {
  const suites: Suite[] = rulesByArea(report).map(({ area, rules }) => ({
    name: RULE_AREAS[area].title,
    cases: rules.map((rule) => ruleCase(report, area, rule)),
    failures: rules.filter(ruleFails).length,
    skipped: rules.filter(({ run }) => !run).length,
  }));
  if (report.problems.length > 0) {
    suites.push({
      name: 'Profile and suppressions',
      cases: problemCases(report),
      failures: report.problems.length,
      skipped: 0,
    });
  }
  const sum = (pick: (suite: Suite) => number): number =>
    suites.reduce((total, suite) => total + pick(suite), 0);
  const counts = (tests: number, failures: number, skipped: number): string =>
    attributes({ tests, failures, errors: 0, skipped });
  const time =
    report.started === null ? '' : attributes({ timestamp: report.started.replace(/\.\d+Z$|Z$/, '') });
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'kho-abi validate' })}${counts(
      sum(({ cases }) => cases.length),
      sum(({ failures }) => failures),
      sum(({ skipped }) => skipped),
    )}>`,
  ];
  for (const { name, cases, failures, skipped } of suites) {
    lines.push(
      `  <testsuite${attributes({ name })}${counts(cases.length, failures, skipped)}${time}>`,
      ...properties(report),
      ...cases.flat(),
      '  </testsuite>',
    );
  }
  return `${[...lines, '</testsuites>'].join('\n')}\n`;
}

function ruleCase(report: ValidationReport, area: string, result: RuleResult): string[] {
  const open = `    <testcase${attributes({ classname: `kho.${area}`, name: ruleName(result.rule) })}`;
  if (!result.run) {
    return [
      `${open}>`,
      `      <skipped${attributes({ message: oneLine(result.skipped ?? 'not reached') })}/>`,
      '    </testcase>',
    ];
  }
  if (result.total === 0) return [`${open}/>`];
  const findings = findingsOf(report, result);
  const text = findings.map((finding) => findingLines(report, finding).join('\n'));
  if (result.shown < result.total) text.push(`${plural(result.total - result.shown, 'more finding')}`);
  const body = xmlEscape(text.join('\n\n'));
  if (!ruleFails(result)) return [`${open}>`, `      <system-out>${body}</system-out>`, '    </testcase>'];
  const message = `${plural(result.counts.error, 'error')}: ${result.rule.title}`;
  return [
    `${open}>`,
    `      <failure${attributes({ message, type: result.rule.severity })}>${body}</failure>`,
    '    </testcase>',
  ];
}

function problemCases({ problems }: ValidationReport): string[][] {
  return problems.map(({ kind, message, place }, index) => [
    `    <testcase${attributes({ classname: `kho.${kind}`, name: `${kind} problem ${index + 1}` })}>`,
    `      <failure${attributes({ message: oneLine(message), type: 'error' })}>${xmlEscape(
      place === undefined ? oneLine(message) : `${fileName(place)}: ${oneLine(message)}`,
    )}</failure>`,
    '    </testcase>',
  ]);
}

/** What a reader of the CI page needs to know of the run. */
function properties(report: ValidationReport): string[] {
  const rows: [string, string][] = [
    ['tool', toolText(report)],
    ...subjectRows(report),
    ['verdict', verdictText(report)],
    ...report.inputs.flatMap(({ path, kind, sha256, noHash }, index): [string, string][] => [
      [`input ${index}`, `${fileName(path)} (${oneLine(kind)})`],
      [`input ${index} sha256`, sha256 ?? `none (${oneLine(noHash ?? 'not taken')})`],
    ]),
  ];
  return [
    '    <properties>',
    ...rows.map(([name, value]) => `      <property${attributes({ name, value })}/>`),
    '    </properties>',
  ];
}

/** Attributes with a leading blank; values are one line each. */
export function attributes(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${xmlEscape(fileName(`${value}`))}"`)
    .join('');
}
