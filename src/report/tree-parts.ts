/** Sentences and rows that several formats of a tree report share. */
import { isAbsolute, posix } from 'node:path';
import {
  type ComponentComparison,
  componentVerdictText,
  isUnbumped,
  type SourcePlace,
  TREE_VERDICTS,
  type TreeFinding,
  type TreeReport,
  treeFindings,
  treeVerdict,
  versionText,
} from '../kernel/index.js';
import { plural } from './findings-parts.js';
import { fileName, oneLine } from './findings-safe.js';
import { type LayoutPair, layoutPair } from './tree-layout.js';
import { pageList } from './tree-pages.js';

/** A report with what every format asks for, computed once. */
export interface TreeView {
  readonly report: TreeReport;
  readonly findings: readonly TreeFinding[];
  /** Layouts side by side, at the first finding about each structure. */
  readonly layouts: ReadonlyMap<TreeFinding, LayoutPair>;
}

/** Makes the view of a report. */
export function treeView(report: TreeReport): TreeView {
  const findings = treeFindings(report);
  const seen = new Set<string>();
  const layouts = new Map<TreeFinding, LayoutPair>();
  for (const finding of findings) {
    const key = `${finding.item} ${finding.targets.join(' ')}`;
    const pair = isUnbumped(finding) && !seen.has(key) ? layoutPair(report, finding) : undefined;
    if (pair === undefined) continue;
    seen.add(key);
    layouts.set(finding, pair);
  }
  return { report, findings, layouts };
}

/** `Linux 7.3.4`, or the path of a tree that does not say its release. */
export function treeTitle({ tree }: TreeReport): string {
  return tree.release === null ? fileName(tree.path) : `Linux ${oneLine(tree.release)}`;
}

/** `CHANGED WITHOUT BUMP: radix, with 16K pages only`; one line. */
export function headline({ report, findings }: TreeView): string {
  const verdict = treeVerdict(report, [...findings]);
  const { comparison } = report;
  const text = TREE_VERDICTS[verdict];
  if (comparison === null) return `${text}: no baseline and no --against`;
  // What is unchanged is no news, and what changed in the source only has the verdict "unchanged" on the wire.
  const wanted = verdict === 'source-only' || verdict === 'docs-only' ? 'unchanged' : verdict;
  const parts = comparison.components.flatMap(({ id, targets }) => {
    const hit = targets
      .filter((target) => target.verdict === wanted && (target.worst !== null || wanted !== 'unchanged'))
      .map(({ target }) => target);
    return hit.length === 0 ? [] : [`${oneLine(id)}${pageList(hit, comparison.targets)}`];
  });
  return parts.length === 0 ? text : `${text}: ${parts.join(', ')}`;
}

/** `baseline include/linux/kho/abi/kho-abi.baseline.json`. */
export function againstText({ against }: TreeReport): string {
  if (against === null) return 'nothing';
  const kind = { baseline: 'baseline', revision: 'revision', tree: 'tree', abi: 'format' }[against.kind];
  return `${kind} ${fileName(against.name)}${against.detail === undefined ? '' : ` (${oneLine(against.detail)})`}`;
}

/** What was looked at and by what, as rows of name and value. */
export function subjectRows(report: TreeReport): [string, string][] {
  const { tree, targets, compilers, headers, tool } = report;
  const revision = tree.revision === null ? '' : `, revision ${oneLine(tree.revision)}`;
  return [
    ['tree', `${fileName(tree.path)}${revision}`],
    ['release', tree.release === null ? 'unknown' : oneLine(tree.release)],
    ['compared with', againstText(report)],
    ['targets', targets.length === 0 ? 'none' : targets.join(', ')],
    ...compilers.map(({ arch, command, version }): [string, string] => [
      'compiler',
      `${oneLine(arch)}: ${oneLine(command)}, ${oneLine(version)}`,
    ]),
    ['headers', plural(headers.length, 'file')],
    ['tool', `${tool.name} ${tool.version}`],
  ];
}

/** `kho-v3 + luo-v1`, the versions of a component; empty without one. */
function versions(markers: ComponentComparison['after']): string {
  return [...new Set(markers.map(({ value }) => oneLine(value)))].join(' + ');
}

/** A line of the table of components. */
export interface ComponentRow {
  readonly id: string;
  readonly title: string;
  /** `kho-v4`; empty without a version of its own. */
  readonly version: string;
  /** `unchanged`, `CHANGED WITHOUT BUMP (16K), unchanged (4K, 64K)`. */
  readonly verdict: string;
  readonly worst: 'bad' | 'note' | 'good';
}

/** The components of a comparison with their verdicts; page sizes are told where they differ. Without one, those of the tree. */
export function componentRows({ comparison, print }: TreeReport): ComponentRow[] {
  if (comparison === null)
    return Object.entries(print.components).map(([id, { title, markers }]) => ({
      id: oneLine(id),
      title: oneLine(title),
      version: versions(markers),
      verdict: 'not compared',
      worst: 'note',
    }));
  return comparison.components.map((part) => {
    const groups = new Map<string, string[]>();
    for (const target of part.targets) {
      const text = oneLine(componentVerdictText(part, target));
      groups.set(text, [...(groups.get(text) ?? []), target.target]);
    }
    const all = part.targets.map(({ target }) => target);
    const verdict = [...groups].map(([text, hit]) => `${text}${pageList(hit, all)}`).join('; ');
    const has = (wanted: string): boolean => part.targets.some((target) => target.verdict === wanted);
    return {
      id: oneLine(part.id),
      title: oneLine(part.title),
      version: versions(part.presence === 'removed' ? part.before : part.after),
      verdict: verdict === '' ? 'not compared' : verdict,
      worst: has('changed-without-bump') ? 'bad' : part.targets.every(isQuiet) ? 'good' : 'note',
    };
  });
}

function isQuiet({ verdict }: ComponentComparison['targets'][number]): boolean {
  return verdict === 'unchanged';
}

/** `file:line`; empty when it is not known. */
export function treePlace(place: SourcePlace | null): string {
  return place === null ? '' : `${fileName(place.file)}:${place.line}`;
}

/** The same file from the folder that the command ran in, as annotations need it. */
export function fromHere({ tree }: TreeReport, file: string): string {
  // Of a revision or a tree elsewhere only the path inside the tree means something.
  if (isAbsolute(tree.path) || tree.path.startsWith('..')) return file;
  return posix.normalize(posix.join(tree.path, file));
}

/** The message with the page sizes: `depth was 4, is 5, with 16K pages only`. */
export function messageText({ message, pages }: TreeFinding): string {
  return `${oneLine(message)}${pages === '' ? '' : `, ${pages}`}`;
}

/** `KHO601 wire-without-bump`. */
export function treeRuleName({ rule, name }: TreeFinding): string {
  return `${rule} ${name}`;
}

/** What is known besides message and place, as rows of name and value. */
export function treeDetails(finding: TreeFinding): [string, string][] {
  const { affects, raise, from, to, found, expected, hint } = finding;
  const rows: [string, string | undefined][] = [
    ['affects', affects.length === 0 ? undefined : affects.map(oneLine).join(', ')],
    ['version', from === undefined ? undefined : `${from} -> ${to ?? 'none'}`],
    ['found', found],
    ['expected', expected],
    ...raise.map((version): [string, string] => {
      const next = version.next === null ? '' : ` -> ${version.quoted ? `"${version.next}"` : version.next}`;
      const place = treePlace(version.place);
      return ['raise', `${versionText(version)}${next}${place === '' ? '' : ` at ${place}`}`];
    }),
    ['hint', raise.length > 0 ? undefined : hint],
  ];
  return rows.flatMap(([name, text]) =>
    text === undefined ? [] : [[name, oneLine(text)] satisfies [string, string]],
  );
}

/** Everything that is known of a finding as plain lines; the first is the message. */
export function treeFindingLines(finding: TreeFinding): string[] {
  const place = treePlace(finding.place);
  return [
    `${finding.severity}: ${messageText(finding)}`,
    ...(place === '' ? [] : [`at ${place}`]),
    ...treeDetails(finding).map(([name, text]) => `${name}: ${text}`),
  ];
}

/** `1 error, 2 warnings, 0 notes`. */
export function treeCounts(findings: readonly TreeFinding[]): string {
  return (['error', 'warning', 'note'] as const)
    .map((severity) => plural(findings.filter((finding) => finding.severity === severity).length, severity))
    .join(', ');
}

/** `this tree is kho-v4, luo-v5, memfd-v2`, from formats that fit exactly. */
export function knownText({ registry }: TreeReport): string {
  const known = registry.flatMap(({ exact }) =>
    exact.length === 0 ? [] : [exact.map(oneLine).join(' or ')],
  );
  return known.length === 0 ? 'this tree has no format of abi/ exactly' : `this tree is ${known.join(', ')}`;
}
