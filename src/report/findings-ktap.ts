import { RULE_AREAS, type RuleResult, type ValidationReport } from '../validate/index.js';
import {
  cappedLines,
  countsText,
  findingLines,
  findingsOf,
  ruleFails,
  ruleName,
  rulesByArea,
  subjectRows,
  toolText,
  verdictText,
} from './findings-parts.js';
import { fileName, ktapText, oneLine } from './findings-safe.js';

/** One test with its subtests, as KTAP has them. */
interface Group {
  readonly name: string;
  readonly lines: readonly string[];
  readonly pass: number;
  readonly fail: number;
  readonly skip: number;
}

/**
 * KTAP version 1, as Documentation/dev-tools/ktap.rst of the kernel describes it: a test for each area, a subtest for
 * each rule, two blanks of indentation, diagnostics before the result they belong to.
 */
export function findingsKtap(report: ValidationReport): string {
  const groups = rulesByArea(report).map(({ area, rules }) => ruleGroup(report, area, rules));
  if (report.problems.length > 0) groups.push(problemGroup(report));
  const lines = ['KTAP version 1', `1..${groups.length}`, ...headLines(report).map((line) => `# ${line}`)];
  for (const [index, group] of groups.entries()) {
    lines.push('  KTAP version 1', ...group.lines.map((line) => `  ${line}`));
    const number = `${index + 1} ${group.name}`;
    const allSkipped = group.pass + group.fail === 0;
    lines.push(
      group.fail > 0
        ? `not ok ${number}`
        : `ok ${number}${allSkipped ? ' # SKIP every rule was skipped' : ''}`,
    );
  }
  const sum = (key: 'pass' | 'fail' | 'skip'): number =>
    groups.reduce((total, group) => total + group[key], 0);
  lines.push(`# ${countsText(report)}: ${verdictText(report)}`);
  lines.push(`# Totals: pass:${sum('pass')} fail:${sum('fail')} xfail:0 xpass:0 skip:${sum('skip')} error:0`);
  return `${lines.join('\n')}\n`;
}

function headLines(report: ValidationReport): string[] {
  return [
    toolText(report),
    ...report.inputs.map(
      ({ path, kind, bytes, sha256, noHash }) =>
        `input ${fileName(path)}: ${oneLine(kind)}, ${bytes} bytes, sha256 ${sha256 ?? `none (${oneLine(noHash ?? 'not taken')})`}`,
    ),
    ...subjectRows(report).map(([name, value]) => `${name}: ${value}`),
  ];
}

function ruleGroup(report: ValidationReport, area: keyof typeof RULE_AREAS, rules: RuleResult[]): Group {
  const lines = [`1..${rules.length}`, `# ${RULE_AREAS[area].title}`];
  for (const [index, result] of rules.entries()) {
    const number = `${index + 1} ${ktapText(ruleName(result.rule))}`;
    if (!result.run) {
      lines.push(`ok ${number} # SKIP ${ktapText(result.skipped ?? 'not reached')}`);
      continue;
    }
    for (const finding of findingsOf(report, result)) {
      lines.push(...findingLines(report, finding).map((line) => `# ${result.rule.id}: ${line}`));
    }
    lines.push(...cappedLines([result]).map((line) => `# ${line}`));
    lines.push(`${ruleFails(result) ? 'not ok' : 'ok'} ${number}`);
  }
  const skip = rules.filter(({ run }) => !run).length;
  const fail = rules.filter((result) => result.run && ruleFails(result)).length;
  return { name: area, lines, pass: rules.length - skip - fail, fail, skip };
}

function problemGroup({ problems }: ValidationReport): Group {
  const lines = [`1..${problems.length}`];
  for (const [index, { kind, message, place }] of problems.entries()) {
    const where = place === undefined ? '' : `${fileName(place)}: `;
    lines.push(`# ${where}${oneLine(message)}`, `not ok ${index + 1} ${kind}`);
  }
  return { name: 'profile-and-suppressions', lines, pass: 0, fail: problems.length, skip: 0 };
}
