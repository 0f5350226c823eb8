import {
  type AbiChange,
  CANNOT_SEE,
  type ComponentComparison,
  type MarkerPrint,
  type TreeFinding,
  treeVerdict,
} from '../kernel/index.js';
import { asciiJson } from './findings-safe.js';
import type { TreeView } from './tree-parts.js';
import type { TreeJson } from './tree-schema.js';

/** A tree report as JSON text; `abi/schema/tree.schema.json` describes it. */
export function treeJson(view: TreeView): string {
  return asciiJson(treeData(view));
}

/** A tree report as plain data: every member is there, null where it is not known. */
export function treeData({ report, findings }: TreeView): TreeJson {
  const { tool, tree, against, comparison, print } = report;
  return {
    tool: { name: tool.name, version: tool.version },
    tree: { path: tree.path, revision: tree.revision, release: tree.release },
    against:
      against === null ? null : { kind: against.kind, name: against.name, detail: against.detail ?? null },
    verdict: treeVerdict(report, [...findings]),
    compilers: report.compilers.map(({ arch, command, version }) => ({ arch, command, version })),
    targets: [...report.targets],
    compared:
      comparison === null
        ? null
        : {
            targets: [...comparison.targets],
            onlyBefore: [...comparison.onlyBefore],
            onlyAfter: [...comparison.onlyAfter],
          },
    headers: report.headers.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    components:
      comparison === null
        ? Object.entries(print.components).map(([id, { title, markers }]) => ({
            id,
            title,
            presence: null,
            before: [],
            after: markers.map(markerData),
            own: null,
            guarded: null,
            targets: [],
          }))
        : comparison.components.map(componentData),
    changes: (comparison?.changes ?? []).map(changeData),
    findings: findings.map(findingData),
    registry: report.registry.map((match) => ({
      component: match.component,
      parts: [...match.parts],
      versions: [...match.versions],
      exact: [...match.exact],
      nearest: match.nearest ?? null,
      sameVersion: match.sameVersion,
      departures: match.departures.map(changeData),
      readiness: match.readiness,
    })),
    notes: report.notes.map(({ place, text }) => ({ place: { ...place }, text })),
    cannotSee: [...CANNOT_SEE],
  };
}

function markerData({ component, scheme, value, macro }: MarkerPrint): TreeJson['components'][0]['after'][0] {
  return { component, scheme, value, macro };
}

function componentData(part: ComponentComparison): TreeJson['components'][0] {
  return {
    id: part.id,
    title: part.title,
    presence: part.presence,
    before: part.before.map(markerData),
    after: part.after.map(markerData),
    own: part.own === undefined ? null : { ...part.own },
    guarded: part.guarded === undefined ? null : { ...part.guarded },
    targets: part.targets.map(({ target, verdict, worst }) => ({ target, verdict, worst })),
  };
}

function changeData(change: AbiChange): TreeJson['changes'][0] {
  return {
    class: change.class,
    component: change.component,
    targets: [...change.targets],
    item: change.item,
    message: change.message,
    affects: [...change.affects],
    cause: change.cause ?? null,
  };
}

function findingData(finding: TreeFinding): TreeJson['findings'][0] {
  const { rule, name, severity, component, item, targets, pages, place, message } = finding;
  return {
    rule,
    name,
    severity,
    component,
    item,
    targets: [...targets],
    pages,
    place: place === null ? null : { file: place.file, line: place.line },
    message,
    affects: [...finding.affects],
    raise: finding.raise.map((version) => ({
      component: version.component,
      macro: version.macro,
      value: version.value,
      next: version.next,
      place: version.place === null ? null : { file: version.place.file, line: version.place.line },
    })),
    from: finding.from ?? null,
    to: finding.to ?? null,
    found: finding.found ?? null,
    expected: finding.expected ?? null,
    hint: finding.hint ?? null,
  };
}
