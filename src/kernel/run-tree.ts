/** One run of `kho-abi tree`: from a folder to a report. */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  allAbis,
  allClientAbis,
  allReleases,
  findRelease,
  getClientAbi,
  loadTreeMap,
  type TreeMap,
  targetName,
} from '../abi/index.js';
import { KhoError } from '../bytes/index.js';
import { BASELINE_PATH, parseBaseline, readBaseline } from './baseline.js';
import { collectTree } from './collect.js';
import { compareFingerprints } from './compare.js';
import type { Comparison } from './comparison.js';
import { fingerprintTree, type TreePrint } from './fingerprint.js';
import type { Fingerprint } from './fingerprint-schema.js';
import { lintTree } from './lints.js';
import type { TreeAbi, TreeTarget } from './model.js';
import { matchRegistry } from './registry-match.js';
import { expandStructs, registryPrint } from './registry-print.js';
import { openTree, type SourceTree } from './source-tree.js';
import type { TreeAgainst, TreeReport } from './tree-report.js';

/** What a run is asked for. */
export interface TreeOptions {
  readonly tool: { readonly name: string; readonly version: string };
  readonly path: string;
  readonly targets: readonly TreeTarget[];
  readonly arches: readonly string[];
  /** Words of the compiler's command line, by architecture; what is missing is looked for. */
  readonly compilers?: ReadonlyMap<string, readonly string[]>;
  /** Baseline file. Without it and without `against` the tree's own baseline is taken if there is one. */
  readonly baseline?: string;
  /** A revision of the tree's repository, another tree, or an ABI or release of abi/. */
  readonly against?: string;
  /** Compare with nothing. */
  readonly alone?: boolean;
  readonly progress?: (text: string) => void;
}

/** Reads a tree, asks the compilers, compares. @throws KhoError `E_KERNEL_TREE`, `E_TOOL_MISSING`, `E_BASELINE`, `E_USAGE` */
export async function runTree(options: TreeOptions): Promise<TreeReport> {
  const map = loadTreeMap();
  const tree = await openTree(options.path);
  const { abi, made } = await read(tree, options, map);
  const { print, places } = made;
  const other = options.alone === true ? undefined : await otherSide(tree, print, options, map);
  return {
    tool: options.tool,
    tree: abi.tree,
    compilers: abi.compilers,
    targets: abi.targets.map(targetName),
    headers: await headerHashes(tree, abi),
    print,
    places,
    registry: matchRegistry(print, map),
    lints: lintTree(abi, made, map),
    disagreements: abi.disagreements,
    notes: abi.notes,
    against: other?.against ?? null,
    comparison: other?.comparison ?? null,
    ...(other === undefined ? {} : { before: other.before }),
  };
}

async function read(
  tree: SourceTree,
  options: TreeOptions,
  map: TreeMap,
): Promise<{ abi: TreeAbi; made: TreePrint }> {
  const { targets, arches, compilers, progress } = options;
  const abi = await collectTree(tree, {
    targets,
    arches,
    map,
    ...(compilers === undefined ? {} : { compilers }),
    ...(progress === undefined ? {} : { progress }),
  });
  return { abi, made: fingerprintTree(abi, map) };
}

/** Size and hash of every header, as the report names them. */
async function headerHashes(tree: SourceTree, abi: TreeAbi): Promise<TreeReport['headers']> {
  const texts = await tree.read(abi.headers.map(({ path }) => path));
  return [...texts].map(([path, text]) => {
    const bytes = Buffer.from(text);
    return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
}

interface OtherSide {
  readonly against: TreeAgainst;
  readonly comparison: Comparison;
  readonly before: Fingerprint;
}

/** What the tree is compared with; undefined: nothing was named, and the tree has no baseline. */
async function otherSide(
  tree: SourceTree,
  print: Fingerprint,
  options: TreeOptions,
  map: TreeMap,
): Promise<OtherSide | undefined> {
  const { baseline, against } = options;
  if (baseline !== undefined && against !== undefined)
    throw new KhoError('E_USAGE', 'both a baseline and something to compare against', { hint: 'run twice' });
  if (against !== undefined) return againstName(against, print, options, map);
  const own = baseline === undefined ? (await tree.read([BASELINE_PATH])).get(BASELINE_PATH) : undefined;
  if (baseline === undefined && own === undefined) return undefined;
  const before = own === undefined ? readBaseline(baseline!) : parseBaseline(own, BASELINE_PATH);
  return {
    against: { kind: 'baseline', name: baseline ?? BASELINE_PATH },
    comparison: compareFingerprints(before, print, map),
    before,
  };
}

/** A folder, then an ABI or release, then a revision: the first that the name means. */
async function againstName(
  name: string,
  print: Fingerprint,
  options: TreeOptions,
  map: TreeMap,
): Promise<OtherSide> {
  if (existsSync(name) && statSync(name).isDirectory()) {
    const other = await read(await openTree(name), options, map);
    return {
      against: { kind: 'tree', name, ...detail(other.abi.tree.release) },
      comparison: compareFingerprints(other.made.print, print, map),
      before: other.made.print,
    };
  }
  const known = knownFormats(name);
  if (known !== undefined) {
    const before = registryPrint(known, print, map);
    const scope = { text: false, constants: false, missing: 'removed' } as const;
    return {
      against: { kind: 'abi', name },
      comparison: compareFingerprints(before, expandStructs(print), map, scope),
      before,
    };
  }
  const other = await read(await openTree(options.path, { revision: name }), options, map);
  return {
    against: { kind: 'revision', name, ...detail(other.abi.tree.revision) },
    comparison: compareFingerprints(other.made.print, print, map),
    before: other.made.print,
  };
}

function detail(text: string | null): { detail?: string } {
  return text === null ? {} : { detail: text };
}

/** Formats that an id or a release means: `kho-v4` (with the clients of its newest release), `luo-v5`, `7.2`. */
function knownFormats(name: string) {
  if (allAbis().some(({ id }) => id === name) || allReleases().some((release) => release.name === name)) {
    const { kho, clients } = findRelease(name);
    return { kho, clients: Object.values(clients).map(getClientAbi) };
  }
  const client = allClientAbis().find(({ id }) => id === name);
  return client === undefined ? undefined : { clients: [client] };
}

/** Path of a tree's own baseline. */
export function baselinePath(tree: string): string {
  return join(tree, BASELINE_PATH);
}
