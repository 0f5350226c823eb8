/** Where in the tree a change or a component can be pointed at. */
import type { TreeMap } from '../abi/index.js';
import type { AbiChange } from './comparison.js';
import type { SourcePlace } from './model.js';
import type { TreeReport } from './tree-report.js';
import { versionMacros } from './tree-versions.js';

/**
 * Line of the changed item; of the constant behind a fact; of an item that is gone, the version of its component or its header.
 * Null when the tree has nothing left of the component.
 */
export function changePlace(
  report: TreeReport,
  { item, component }: Pick<AbiChange, 'item' | 'component'>,
  map: TreeMap,
): SourcePlace | null {
  const [kind, name] = split(item);
  const known = (asked: string): SourcePlace | undefined => report.places.get(asked);
  const own = known(item);
  if (own !== undefined) return own;
  // A constant is a macro or a member of an enum; a structure may be a union.
  const others = kind === 'fact' ? constantsOf(map, component, name) : [name];
  for (const other of others) {
    const found = known(`constant ${other}`) ?? known(`macro ${other}`);
    if (found !== undefined) return found;
  }
  return componentPlace(report, component);
}

/** Line of the version of a component, or else its header, or else the version that guards it. */
export function componentPlace(report: TreeReport, component: string): SourcePlace | null {
  const versions = versionMacros(report, component);
  const own = versions.find((version) => version.component === component && version.place !== null);
  return (
    own?.place ??
    report.places.get(`file ${component}`) ??
    versions.find(({ place }) => place !== null)?.place ??
    null
  );
}

function constantsOf(map: TreeMap, component: string, fact: string): string[] {
  const facts = map.components.find(({ id }) => id === component)?.facts ?? {};
  return (facts[fact] ?? []).map(({ constant }) => constant);
}

/** `struct kho_vmalloc` as kind and name. */
function split(item: string): [string, string] {
  const blank = item.indexOf(' ');
  return blank < 0 ? ['', item] : [item.slice(0, blank), item.slice(blank + 1)];
}
