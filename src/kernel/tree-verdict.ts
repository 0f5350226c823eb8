/** The one word for a whole comparison, and the exit status that follows from it. */
import { CHANGE_CLASSES, type ComponentComparison } from './comparison.js';
import { isUnbumped, type TreeFinding, treeFindings } from './tree-findings.js';
import type { TreeReport } from './tree-report.js';

/** Verdicts on a tree, worst first, in the words of a headline. */
export const TREE_VERDICTS = {
  'changed-without-bump': 'CHANGED WITHOUT BUMP',
  'changed-with-bump': 'changed with bump',
  'bumped-without-change': 'bumped without change',
  'source-only': 'source only, bytes unchanged',
  'docs-only': 'docs only, bytes unchanged',
  unchanged: 'unchanged',
  'not-compared': 'not compared',
} as const;

/** Verdict on a tree. */
export type TreeVerdict = keyof typeof TREE_VERDICTS;

/** What makes the exit status other than 0, strictest last. */
export const TREE_FAIL_ON = ['never', 'unbumped', 'change', 'warning'] as const;

/** One of `TREE_FAIL_ON`. */
export type TreeFailOn = (typeof TREE_FAIL_ON)[number];

/** Exit status for findings. */
const FINDINGS = 4;
/** Exit status for bytes that changed under an unchanged version. */
const UNBUMPED = 12;

/** The worst verdict on any component and target. `not-compared`: there was nothing to compare with, or no target in common. */
export function treeVerdict(report: TreeReport, findings = treeFindings(report)): TreeVerdict {
  const { comparison } = report;
  if (comparison === null) return 'not-compared';
  const has = (verdict: string): boolean =>
    comparison.components.some(({ targets }) => targets.some((target) => target.verdict === verdict));
  if (has('changed-without-bump') || findings.some(isUnbumped)) return 'changed-without-bump';
  if (has('changed-with-bump')) return 'changed-with-bump';
  if (has('bumped-without-change')) return 'bumped-without-change';
  if (comparison.targets.length === 0) return 'not-compared';
  const worst = CHANGE_CLASSES.find((kind) => comparison.changes.some((change) => change.class === kind));
  return worst === undefined ? 'unchanged' : worst === 'docs' ? 'docs-only' : 'source-only';
}

/**
 * Exit status of a run: 12 for bytes or names that changed under an unchanged version, 4 for findings, 0.
 *
 * @param failOn `change`: also a change with a bump and a bump without a change give 4. `unbumped`: only errors do.
 *   `warning`: warnings as well. `never`: always 0. An error, such as compilers that disagree, gives 4 unless it is `never`.
 */
export function treeExitStatus(
  report: TreeReport,
  failOn: TreeFailOn,
  findings: readonly TreeFinding[] = treeFindings(report),
): number {
  if (failOn === 'never') return 0;
  const verdict = treeVerdict(report, [...findings]);
  if (verdict === 'changed-without-bump') return UNBUMPED;
  const changed = verdict === 'changed-with-bump' || verdict === 'bumped-without-change';
  const bad = findings.some(
    ({ severity }) => severity === 'error' || (severity === 'warning' && failOn === 'warning'),
  );
  return bad || (changed && failOn !== 'unbumped') ? FINDINGS : 0;
}

/** Verdict on one component: `unchanged`, `changed, kho-v3 -> kho-v4`, `CHANGED WITHOUT BUMP`; without the target. */
export function componentVerdictText(
  part: ComponentComparison,
  { verdict, worst }: ComponentComparison['targets'][number],
): string {
  const bump = part.own ?? part.guarded;
  const versions = bump === undefined ? '' : `, ${bump.from} -> ${bump.to}`;
  if (verdict === 'changed-without-bump') return TREE_VERDICTS[verdict];
  if (verdict === 'changed-with-bump')
    return part.presence === 'both' ? `changed${versions}` : `${part.presence}${versions}`;
  if (verdict === 'bumped-without-change') return `bumped without change${versions}`;
  // Its version may have been raised for what it guards.
  if (part.own !== undefined) return `version raised${versions}`;
  if (worst === 'source') return TREE_VERDICTS['source-only'];
  return worst === 'docs' ? TREE_VERDICTS['docs-only'] : 'unchanged';
}
