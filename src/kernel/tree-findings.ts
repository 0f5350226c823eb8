/** Everything that a report of a tree has to say as findings: rule, severity, file and line, message. Every format lists these. */
import { loadTreeMap, type TreeMap } from '../abi/index.js';
import type { Severity } from '../fdt/index.js';
import type { RuleId } from '../validate/index.js';
import { collapse } from './collapse.js';
import { breaks } from './compare-verdicts.js';
import type { AbiChange, Comparison, ComponentComparison } from './comparison.js';
import type { SourcePlace } from './model.js';
import { changePlace, componentPlace } from './tree-places.js';
import type { TreeReport } from './tree-report.js';
import { type TreeRuleName, treeRule } from './tree-rules.js';
import { targetsText } from './tree-targets.js';
import { type VersionMacro, versionMacros, versionText } from './tree-versions.js';

/** One finding about a tree. */
export interface TreeFinding {
  readonly rule: RuleId;
  readonly name: TreeRuleName;
  readonly severity: Severity;
  /** Null when it is about the whole tree. */
  readonly component: string | null;
  /** `struct kho_vmalloc`; null when it is about no single item. */
  readonly item: string | null;
  /** Targets that it holds for; empty: it does not depend on them. */
  readonly targets: readonly string[];
  /** `with 16K pages only`; empty when it does not depend on the target. */
  readonly pages: string;
  readonly place: SourcePlace | null;
  /** One sentence without line breaks and without the target. */
  readonly message: string;
  /** What else has other bytes because of it. */
  readonly affects: readonly string[];
  /** Versions of which one must be raised; empty when none must, or none covers the component. */
  readonly raise: readonly VersionMacro[];
  /** The version that was raised. */
  readonly from?: string;
  readonly to?: string;
  readonly found?: string;
  readonly expected?: string;
  readonly hint?: string;
}

const WITHOUT_BUMP: readonly TreeRuleName[] = ['wire-without-bump', 'names-without-bump'];

/** Whether a finding says that bytes or names changed and no version does. */
export function isUnbumped({ name }: Pick<TreeFinding, 'name'>): boolean {
  return WITHOUT_BUMP.includes(name);
}

/**
 * Findings of a report: changes by class, then versions, targets, disagreements of compilers, lints.
 *
 * @param map tells which constants are behind a fact
 */
export function treeFindings(report: TreeReport, map: TreeMap = loadTreeMap()): TreeFinding[] {
  const { comparison } = report;
  return [
    ...(comparison === null
      ? []
      : [
          ...changeFindings(report, comparison, map),
          ...comparison.components.flatMap((part) => idleBump(report, part)),
          ...onlyOneSide(comparison, report.against?.kind === 'abi'),
        ]),
    ...report.disagreements.map(({ item, arches, first, second, byteOrder, pageShift }): TreeFinding => {
      const target = `${byteOrder === 'little' ? 'le' : 'be'}-${2 ** (pageShift - 10)}k`;
      return {
        ...draft('arches-disagree', componentOf(report, item)),
        item,
        targets: [target],
        pages: targetsText([target], report.targets),
        place: report.places.get(item) ?? report.places.get(`macro ${item}`) ?? null,
        message: `${item} is laid out differently by ${arches[0]} and ${arches[1]}`,
        found: `${arches[1]}: ${second}`,
        expected: `${arches[0]}: ${first}`,
      };
    }),
    ...report.lints.map(
      ({ rule, component, place, message, ...details }): TreeFinding => ({
        ...draft(rule, component),
        place,
        message,
        ...details,
      }),
    ),
  ];
}

/** A finding with what its rule says; it names no item and holds for every target. */
function draft(name: TreeRuleName, component: string | null): Omit<TreeFinding, 'message'> {
  const { id, severity } = treeRule(name);
  const none = { item: null, targets: [], pages: '', place: null, affects: [], raise: [] };
  return { rule: id, name, severity, component, ...none };
}

function changeFindings(report: TreeReport, comparison: Comparison, map: TreeMap): TreeFinding[] {
  const part = (id: string): ComponentComparison | undefined =>
    comparison.components.find((component) => component.id === id);
  const rated = comparison.changes.map((change) => ({
    change,
    rule: ruleOf(change, part(change.component)),
  }));
  return collapse(rated).map(({ change, rule, affects }) => {
    const component = part(change.component);
    const bump = component?.own ?? component?.guarded;
    const unbumped = isUnbumped({ name: rule });
    const raise = unbumped ? versionMacros(report, change.component) : [];
    return {
      ...draft(rule, change.component),
      item: change.item,
      targets: change.targets,
      pages: targetsText(change.targets, comparison.targets),
      place: changePlace(report, change, map),
      // A structure or a macro says in its name where it belongs; a fact and a header do not.
      message: /^(fact|file) /.test(change.item) ? `${change.component}: ${change.message}` : change.message,
      affects,
      raise,
      ...(breaks(change.class) && bump !== undefined ? { from: bump.from, to: bump.to } : {}),
      ...(unbumped ? { hint: raiseText(raise) } : {}),
    };
  });
}

function ruleOf(change: AbiChange, component: ComponentComparison | undefined): TreeRuleName {
  if (change.class === 'source') return 'source-changed';
  if (change.class === 'docs') return 'docs-changed';
  if (component?.own !== undefined) return 'changed-with-bump';
  if (component?.guarded !== undefined) {
    // Where there is no version of its own, the one above is the version.
    return component.after.length > 0 ? 'guarded-by-other' : 'changed-with-bump';
  }
  return change.class === 'wire' ? 'wire-without-bump' : 'names-without-bump';
}

/** `raise KHO_FDT_COMPATIBLE "kho-v3" to "kho-v4" (file:90) in the same change`. */
export function raiseText(raise: readonly VersionMacro[]): string {
  if (raise.length === 0) return 'no version covers it: give the header one in the same change';
  const each = raise.map((version) => {
    const { next, quoted, place } = version;
    const to = next === null ? '' : ` to ${quoted ? `"${next}"` : next}`;
    return `${versionText(version)}${to}${place === null ? '' : ` (${place.file}:${place.line})`}`;
  });
  return `raise ${each.join(' or ')} in the same change`;
}

function idleBump(report: TreeReport, part: ComponentComparison): TreeFinding[] {
  const { own } = part;
  if (own === undefined || !part.targets.some(({ verdict }) => verdict === 'bumped-without-change'))
    return [];
  return [
    {
      ...draft('bumped-without-change', part.id),
      place: componentPlace(report, part.id),
      message: `the version of ${part.id} was ${own.from}, is ${own.to}, and nothing that headers show changed`,
      from: own.from,
      to: own.to,
    },
  ];
}

/** @param registry the other side is of abi/, which has every target and need not be compared whole */
function onlyOneSide({ targets, onlyBefore, onlyAfter }: Comparison, registry: boolean): TreeFinding[] {
  // With no target in common nothing was compared, and that must not pass for "unchanged".
  const severity = targets.length === 0 ? { severity: 'error' as const } : {};
  const one = (names: readonly string[], side: string): TreeFinding[] =>
    names.length === 0
      ? []
      : [
          {
            ...draft('targets-differ', null),
            ...severity,
            targets: names,
            message: `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} only ${side} and ${names.length === 1 ? 'was' : 'were'} not compared`,
          },
        ];
  return [
    ...(registry ? [] : one(onlyBefore, 'in what the tree was compared with')),
    ...one(onlyAfter, 'in this tree'),
  ];
}

/** Component that a structure or constant belongs to. */
function componentOf({ print }: TreeReport, item: string): string | null {
  const name = item.replace(/^(struct|union) /, '');
  for (const [id, { targets }] of Object.entries(print.components)) {
    for (const { structs, constants } of Object.values(targets))
      if (Object.hasOwn(structs, name) || Object.hasOwn(constants, name)) return id;
  }
  return null;
}
