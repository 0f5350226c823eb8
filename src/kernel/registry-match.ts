/** Which known formats a tree has, and where it departs from them. */
import { allAbis, allClientAbis, type TreeMap } from '../abi/index.js';
import { compareFingerprints } from './compare.js';
import { breaks } from './compare-verdicts.js';
import type { AbiChange } from './comparison.js';
import type { Fingerprint } from './fingerprint-schema.js';
import { expandStructs, type RegistryFormats, registryPrint } from './registry-print.js';

/** What abi/ knows of one format of a tree. */
export interface RegistryMatch {
  /** Component of abi/: `kho`, `luo`. */
  readonly component: string;
  /** Components of the tree that it covers. */
  readonly parts: readonly string[];
  /** Versions that the tree gives them. */
  readonly versions: readonly string[];
  /** Formats that the tree has exactly; more than one where headers cannot tell them apart. */
  readonly exact: readonly string[];
  /** The nearest format when none fits exactly. */
  readonly nearest?: string;
  /** Whether the nearest one has the tree's version. */
  readonly sameVersion: boolean;
  /** What differs from the nearest one. */
  readonly departures: readonly AbiChange[];
  /** Whether this program can read what such a kernel hands over: one sentence. */
  readonly readiness: string;
}

/** Compares every part of a tree with the formats of abi/. Components without a file there are left out. */
export function matchRegistry(tree: Fingerprint, map: TreeMap): RegistryMatch[] {
  const groups = new Map<string, string[]>();
  for (const { id, registry } of map.components) {
    if (registry !== undefined && tree.components[id] !== undefined)
      groups.set(registry.component, [...(groups.get(registry.component) ?? []), id]);
  }
  return [...groups].map(([component, parts]) => matchGroup(component, parts, tree, map));
}

function matchGroup(
  component: string,
  parts: readonly string[],
  tree: Fingerprint,
  map: TreeMap,
): RegistryMatch {
  const versions = [
    ...new Set(parts.flatMap((id) => (tree.components[id]?.markers ?? []).map(({ value }) => value))),
  ];
  const results = candidates(component).map(({ id, formats }) => ({
    id,
    ...againstFormats(formats, parts, tree, map),
  }));
  const exact = results.filter(({ sameVersion, departures }) => sameVersion && departures.length === 0);
  const [nearest] = [...results].sort(
    (a, b) => Number(b.sameVersion) - Number(a.sameVersion) || a.departures.length - b.departures.length || 0,
  );
  const found = { component, parts, versions, exact: exact.map(({ id }) => id) };
  if (exact.length > 0)
    return {
      ...found,
      sameVersion: true,
      departures: [],
      readiness: `known: kho-abi reads and writes it${exact.length > 1 ? '; headers cannot tell these formats apart' : ''}`,
    };
  if (nearest === undefined)
    return { ...found, sameVersion: false, departures: [], readiness: 'unknown: kho-abi has no file for it' };
  const { id, sameVersion, departures } = nearest;
  const differences = `${departures.length} ${departures.length === 1 ? 'difference' : 'differences'}`;
  return {
    ...found,
    nearest: id,
    sameVersion,
    departures,
    readiness: sameVersion
      ? `kho-abi would take it for ${id} and misread it: ${differences}; it needs a file in abi/`
      : `new: kho-abi does not read it; the nearest is ${id}, ${differences}`,
  };
}

/** How a tree compares with given formats, for some of its components. */
export function againstFormats(
  formats: RegistryFormats,
  parts: readonly string[],
  tree: Fingerprint,
  map: TreeMap,
): { sameVersion: boolean; departures: AbiChange[] } {
  const { changes, components } = compareFingerprints(
    registryPrint(formats, tree, map),
    expandStructs(tree),
    map,
    {
      text: false,
      constants: false,
      missing: 'removed',
      components: parts,
    },
  );
  return {
    sameVersion: components.every(({ own }) => own === undefined),
    departures: changes.filter((change) => breaks(change.class)),
  };
}

function candidates(component: string): { id: string; formats: RegistryFormats }[] {
  // Newest first: of two that fit equally well the newer one is named.
  if (component === 'kho')
    return allAbis()
      .map((kho) => ({ id: kho.id, formats: { kho, clients: [] } }))
      .reverse();
  return allClientAbis()
    .filter((client) => client.component === component)
    .map((client) => ({ id: client.id, formats: { clients: [client] } }))
    .reverse();
}
