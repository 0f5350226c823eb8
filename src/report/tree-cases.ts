/** A tree report as tests, for JUnit and KTAP: one for each component and target, one for each rule of headers. */
import { componentVerdictText, type TreeFinding, treeRules } from '../kernel/index.js';
import { oneLine } from './findings-safe.js';
import { layoutLines } from './tree-layout.js';
import { type TreeView, treeFindingLines } from './tree-parts.js';

/** One test. */
export interface TreeCase {
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'skip';
  /** Verdict, or why it was skipped; one line. */
  readonly message: string;
  /** Findings, line by line; empty when there are none. */
  readonly lines: readonly string[];
}

/** Tests of one component, or of the rules. */
export interface TreeSuite {
  /** `core`, or `rules`. */
  readonly id: string;
  readonly title: string;
  readonly cases: readonly TreeCase[];
}

/** Rules that are tests of their own: they hold for a tree without a comparison. */
const FIRST_RULE = 'KHO608';

/** All tests of a report. */
export function treeSuites(view: TreeView): TreeSuite[] {
  return [...componentSuites(view), ruleSuite(view)];
}

function componentSuites(view: TreeView): TreeSuite[] {
  const { comparison, print, targets } = view.report;
  const skipped = (target: string, message: string): TreeCase => ({
    name: target,
    result: 'skip',
    message,
    lines: [],
  });
  if (comparison === null)
    return Object.entries(print.components).map(([id, { title }]) => ({
      id: oneLine(id),
      title: oneLine(title),
      cases: targets.map((target) => skipped(target, 'nothing to compare with')),
    }));
  return comparison.components.map((part) => ({
    id: oneLine(part.id),
    title: oneLine(part.title),
    cases: [
      ...part.targets.map((at): TreeCase => {
        const here = view.findings.filter(
          ({ component, targets: held, rule }) =>
            component === part.id && rule < FIRST_RULE && (held.length === 0 || held.includes(at.target)),
        );
        return {
          name: at.target,
          result: at.verdict === 'changed-without-bump' ? 'fail' : 'pass',
          message: oneLine(componentVerdictText(part, at)),
          lines: here.flatMap((finding) => linesOf(view, finding)),
        };
      }),
      ...(view.report.against?.kind === 'abi' ? [] : comparison.onlyBefore).map((target) =>
        skipped(target, 'only in what the tree was compared with'),
      ),
      ...comparison.onlyAfter.map((target) => skipped(target, 'only in this tree')),
    ],
  }));
}

function ruleSuite(view: TreeView): TreeSuite {
  const cases = treeRules()
    .filter(({ id }) => id >= FIRST_RULE)
    .map(({ id, name, title }): TreeCase => {
      const here = view.findings.filter(({ rule }) => rule === id);
      return {
        name: `${id} ${name}`,
        result: here.some(({ severity }) => severity === 'error') ? 'fail' : 'pass',
        message: here.length === 0 ? 'no finding' : title,
        lines: here.flatMap((finding) => linesOf(view, finding)),
      };
    });
  return { id: 'rules', title: 'Rules for headers', cases };
}

function linesOf(view: TreeView, finding: TreeFinding): string[] {
  const pair = view.layouts.get(finding);
  return [
    ...treeFindingLines(finding),
    ...(pair === undefined ? [] : layoutLines(pair).map((line) => `  ${line}`)),
  ];
}
