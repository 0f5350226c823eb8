/** Compares two fingerprints: what changed, how badly, and whether a version says so. */
import type { TreeMap } from '../abi/index.js';
import { compareLayouts, sameLayout } from './compare-structs.js';
import { bumpsOf, verdicts } from './compare-verdicts.js';
import { type AbiChange, CHANGE_CLASSES, type CompareScope, type Comparison } from './comparison.js';
import type { ComponentPrint, Fingerprint, StructPrint, TargetPrint } from './fingerprint-schema.js';

const EMPTY: ComponentPrint = {
  title: '',
  guard: [],
  markers: [],
  names: {},
  source: {},
  docs: '0'.repeat(16),
  targets: {},
};
const NO_TARGET: TargetPrint = { structs: {}, constants: {}, facts: {} };

/** Compares two fingerprints. Only targets that both have are looked at; the others are named. */
export function compareFingerprints(
  before: Fingerprint,
  after: Fingerprint,
  map: TreeMap,
  scope: CompareScope = {},
): Comparison {
  const old = targetsOf(before);
  const now = targetsOf(after);
  const targets = now.filter((name) => old.includes(name));
  const ids = [...new Set([...Object.keys(before.components), ...Object.keys(after.components)])]
    .filter((id) => scope.components?.includes(id) ?? true)
    .sort((a, b) => rank(map, a) - rank(map, b) || (a < b ? -1 : 1));
  const changes = ids.flatMap((id) => {
    const from = before.components[id] ?? EMPTY;
    const to = after.components[id] ?? EMPTY;
    const wire = targets.flatMap((target) => targetChanges(id, target, before, after, map, scope));
    const names = scope.names === false ? [] : nameChanges(id, from, to);
    const found = [...merge(wire), ...names];
    const seen = new Set(found.map(({ item }) => item));
    // A registry names members in its own way; only their places count there.
    if (scope.text === false) return found.filter((change) => change.class !== 'source');
    return [...found, ...textChanges(id, from, to, seen, found)];
  });
  const order = (change: AbiChange): number => CHANGE_CLASSES.indexOf(change.class);
  changes.sort((a, b) => order(a) - order(b));
  const bumps = scope.names === false ? new Map() : bumpsOf(before, after, ids);
  return {
    targets,
    onlyBefore: old.filter((name) => !now.includes(name)),
    onlyAfter: now.filter((name) => !old.includes(name)),
    components: verdicts(before, after, ids, targets, changes, bumps),
    changes,
  };
}

/** Place of a component in reports: as in abi/tree.yaml, unknown ones last. */
function rank(map: TreeMap, id: string): number {
  const index = map.components.findIndex((component) => component.id === id);
  return index < 0 ? map.components.length : index;
}

function targetsOf(print: Fingerprint): string[] {
  return [...new Set(Object.values(print.components).flatMap(({ targets }) => Object.keys(targets)))].sort();
}

/** What changed in a component for one target. */
function targetChanges(
  id: string,
  target: string,
  before: Fingerprint,
  after: Fingerprint,
  map: TreeMap,
  scope: CompareScope,
): AbiChange[] {
  const from = before.components[id]?.targets[target] ?? NO_TARGET;
  const to = after.components[id]?.targets[target] ?? NO_TARGET;
  const at = { component: id, targets: [target] };
  const all = (print: Fingerprint): Record<string, StructPrint> =>
    Object.assign(
      {},
      ...Object.values(print.components).map(({ targets }) => targets[target]?.structs ?? {}),
    );
  const [oldAll, nowAll] = [all(before), all(after)];
  const changed = (tag: string): boolean =>
    oldAll[tag] !== undefined && nowAll[tag] !== undefined && !sameLayout(oldAll[tag], nowAll[tag]);
  const affects = (name: string): string[] => holders(name, nowAll);
  const out: AbiChange[] = [];

  const gone = Object.keys(from.structs).filter((name) => !Object.hasOwn(to.structs, name));
  const come = Object.keys(to.structs).filter((name) => !Object.hasOwn(from.structs, name));
  for (const name of [...come]) {
    // A structure that is in another component now has only moved.
    if (oldAll[name] !== undefined && sameLayout(oldAll[name], to.structs[name]!)) {
      come.splice(come.indexOf(name), 1);
      continue;
    }
    const twin = gone.find((other) => sameLayout(from.structs[other]!, to.structs[name]!));
    if (twin === undefined) continue;
    gone.splice(gone.indexOf(twin), 1);
    come.splice(come.indexOf(name), 1);
    out.push({
      ...at,
      class: 'source',
      item: `struct ${name}`,
      message: `struct ${twin} is called struct ${name} now, same layout`,
      affects: [],
    });
  }
  const missing = scope.missing ?? 'all';
  for (const name of missing === 'none' ? [] : gone) {
    if (nowAll[name] !== undefined && sameLayout(nowAll[name], from.structs[name]!)) continue;
    out.push({
      ...at,
      class: 'wire',
      item: `struct ${name}`,
      message: `struct ${name} removed (${from.structs[name]!.size} bytes)`,
      affects: [],
    });
  }
  for (const name of missing === 'all' ? come : [])
    out.push({
      ...at,
      class: 'wire',
      item: `struct ${name}`,
      message: `struct ${name} added (${to.structs[name]!.size} bytes)`,
      affects: affects(name),
    });
  for (const [name, struct] of Object.entries(to.structs)) {
    const was = from.structs[name];
    if (was === undefined) continue;
    for (const { cause, ...change } of compareLayouts(was, struct, changed)) {
      out.push({
        ...at,
        class: change.class,
        item: `struct ${name}`,
        message: `struct ${name}: ${change.message}`,
        affects: change.class === 'wire' ? affects(name) : [],
        ...(cause === undefined ? {} : { cause: `struct ${cause}` }),
      });
    }
  }
  out.push(...numberChanges(id, target, from, to, map, scope));
  return out;
}

/** Facts, and constants that kept their name. What only came or went is a matter of the source. */
function numberChanges(
  id: string,
  target: string,
  from: TargetPrint,
  to: TargetPrint,
  map: TreeMap,
  scope: CompareScope,
): AbiChange[] {
  const at = { component: id, targets: [target], affects: [] };
  const out: AbiChange[] = [];
  const missing = scope.missing ?? 'all';
  for (const name of [...new Set([...Object.keys(from.facts), ...Object.keys(to.facts)])]) {
    const [was, is] = [from.facts[name], to.facts[name]];
    if (was === is || (was === undefined && missing !== 'all') || (is === undefined && missing === 'none'))
      continue;
    out.push({
      ...at,
      class: 'wire',
      item: `fact ${name}`,
      message: `${name} was ${was ?? 'not there'}, is ${is ?? 'not there'}`,
    });
  }
  if (scope.constants === false) return out;
  const facts = map.components.find((component) => component.id === id)?.facts ?? {};
  const behind = new Set(Object.values(facts).flatMap((sources) => sources.map(({ constant }) => constant)));
  for (const [name, was] of Object.entries(from.constants)) {
    const is = to.constants[name];
    if (is === undefined || is === was || behind.has(name)) continue;
    out.push({ ...at, class: 'wire', item: `constant ${name}`, message: `${name} was ${was}, is ${is}` });
  }
  return out;
}

/** Names of nodes and properties, as they are on the wire. */
function nameChanges(id: string, from: ComponentPrint, to: ComponentPrint): AbiChange[] {
  const at = { class: 'names', component: id, targets: [], affects: [] } as const;
  const out: AbiChange[] = [];
  const lost = Object.entries(from.names).filter(([, value]) => !Object.values(to.names).includes(value));
  const fresh = Object.entries(to.names).filter(([, value]) => !Object.values(from.names).includes(value));
  for (const [macro, value] of lost) {
    const now = fresh.find(([name]) => name === macro);
    if (now === undefined)
      out.push({ ...at, item: `macro ${macro}`, message: `name "${value}" (${macro}) removed` });
    else out.push({ ...at, item: `macro ${macro}`, message: `${macro} was "${value}", is "${now[1]}"` });
  }
  for (const [macro, value] of fresh) {
    if (!lost.some(([name]) => name === macro))
      out.push({ ...at, item: `macro ${macro}`, message: `name "${value}" (${macro}) added` });
  }
  return out;
}

/** Texts that differ although the bytes do not. */
function textChanges(
  id: string,
  from: ComponentPrint,
  to: ComponentPrint,
  seen: ReadonlySet<string>,
  found: readonly AbiChange[],
): AbiChange[] {
  const at = { component: id, targets: [], affects: [] };
  const markers = new Set([...from.markers, ...to.markers].map(({ macro }) => `macro ${macro}`));
  const out: AbiChange[] = [];
  const items = [...new Set([...Object.keys(from.source), ...Object.keys(to.source)])].sort();
  for (const item of items) {
    const [was, is] = [from.source[item], to.source[item]];
    if (was === is || seen.has(item) || markers.has(item)) continue;
    const constants = item.startsWith('enum ') ? constantNames(from, to) : '';
    const what = was === undefined ? 'added' : is === undefined ? 'removed' : `text changed${constants}`;
    out.push({
      ...at,
      class: 'source',
      item,
      message: `${item}: ${what}${found.length === 0 ? ', bytes unchanged' : ''}`,
    });
  }
  const both = Object.keys(from.source).length > 0 && Object.keys(to.source).length > 0;
  if (both && from.docs !== to.docs)
    out.push({ ...at, class: 'docs', item: `file ${id}`, message: 'comment text changed' });
  return out;
}

/** Constants that came and went: `; KHO_ORDER_0_LOG2 removed, KHO_RADIX_KEY_WIDTH added`. */
function constantNames(from: ComponentPrint, to: ComponentPrint): string {
  const names = ({ targets }: ComponentPrint): string[] =>
    Object.keys(Object.values(targets)[0]?.constants ?? {});
  const removed = names(from).filter((name) => !names(to).includes(name));
  const added = names(to).filter((name) => !names(from).includes(name));
  const parts = [...removed.map((name) => `${name} removed`), ...added.map((name) => `${name} added`)];
  return parts.length === 0 ? '' : `; ${parts.join(', ')}`;
}

/** Structures that hold another one, directly or through others. */
function holders(name: string, all: Readonly<Record<string, StructPrint>>): string[] {
  const out: string[] = [];
  for (let queue = [name]; queue.length > 0; ) {
    const tag = queue.shift()!;
    for (const [holder, { fields }] of Object.entries(all)) {
      const holds = fields.some(
        (field) => field.tag === tag && (field.kind === 'struct' || field.kind === 'union'),
      );
      if (!holds || out.includes(holder) || holder === name) continue;
      out.push(holder);
      queue = [...queue, holder];
    }
  }
  return out.map((holder) => `struct ${holder}`);
}

/** The same change for several targets is one change. */
function merge(changes: readonly AbiChange[]): AbiChange[] {
  const out = new Map<string, AbiChange>();
  for (const change of changes) {
    const key = `${change.class}\0${change.item}\0${change.message}`;
    const known = out.get(key);
    out.set(key, known === undefined ? change : { ...known, targets: [...known.targets, ...change.targets] });
  }
  return [...out.values()];
}
