/** Checks the structures of KHO in a kernel's BTF against what is known of them. */
import { loadTreeMap, type PageShift, targetName } from '../abi/index.js';
import { KhoError } from '../bytes/index.js';
import { readBaseline } from './baseline.js';
import { type BtfKho, fingerprintBtf, khoOfBtf } from './btf-kho.js';
import { openBtf } from './btf-open.js';
import { matchStructs, type StructMatch } from './btf-registry.js';
import { compareFingerprints } from './compare.js';
import type { AbiChange } from './comparison.js';
import type { Fingerprint } from './fingerprint-schema.js';

/** What of KHO is in a kernel, and where it departs from what is known. */
export interface BtfCheck {
  readonly kho: BtfKho;
  /** Page size that everything was compared for: given, found, or 4K as most kernels have. */
  readonly pageShift: PageShift;
  /** By structure; empty for a kernel without KHO. */
  readonly registry: readonly StructMatch[];
  readonly baseline?: {
    readonly path: string;
    readonly changes: readonly AbiChange[];
    /** Structures of the baseline that the kernel's BTF lacks: a compiler leaves out what nothing uses. */
    readonly missing: readonly string[];
  };
  /** Structures and constants that have other bytes than the registry or the baseline says. */
  readonly departures: number;
}

/** What is compared, and how. */
export interface BtfCheckOptions {
  /** File that `kho-abi tree --write-baseline` wrote. */
  readonly baseline?: string;
  readonly pageShift?: PageShift;
}

/**
 * Reads the BTF of a file and compares the structures of KHO with the registry, and with a baseline if one is given.
 *
 * @throws KhoError as `openBtf` and `readBaseline` do; `E_USAGE` for a baseline that lacks the kernel's page size and byte order
 */
export function checkBtf(path: string, options: BtfCheckOptions = {}): BtfCheck {
  const map = loadTreeMap();
  const kho = khoOfBtf(openBtf(path).layouts, map);
  const pageShift = options.pageShift ?? kho.pageShift ?? 12;
  if (kho.structs.size === 0) return { kho, pageShift, registry: [], departures: 0 };
  const registry = matchStructs(kho, map, pageShift);
  const apart = registry.filter(({ same }) => same.length === 0).length;
  if (options.baseline === undefined) return { kho, pageShift, registry, departures: apart };

  const before = readBaseline(options.baseline);
  const target = targetName({ byteOrder: kho.byteOrder, pageShift });
  const known = structsOf(before, target);
  if (known === undefined) {
    const targets = new Set(Object.values(before.components).flatMap((part) => Object.keys(part.targets)));
    throw new KhoError('E_USAGE', 'the baseline has not this page size and byte order', {
      source: options.baseline,
      found: [...targets].join(', '),
      expected: target,
    });
  }
  const after = fingerprintBtf(kho, map, pageShift);
  const { changes } = compareFingerprints(before, after, map, { text: false, names: false, missing: 'none' });
  const missing = known.filter((name) => !kho.structs.has(name)).sort();
  const wire = new Set(changes.filter((change) => change.class === 'wire').map(({ item }) => item));
  const departures = apart + wire.size;
  return { kho, pageShift, registry, baseline: { path: options.baseline, changes, missing }, departures };
}

/** Names of all structures of a target; undefined when no component has it. */
function structsOf({ components }: Fingerprint, target: string): string[] | undefined {
  const found = Object.values(components).flatMap(({ targets }) => targets[target] ?? []);
  return found.length === 0 ? undefined : found.flatMap(({ structs }) => Object.keys(structs));
}
