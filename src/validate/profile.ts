import { z } from 'zod';
import { allAbis, allClientAbis } from '../abi/index.js';
import type { ReportProblem } from './finding.js';
import { readPolicy } from './policy-yaml.js';

/** What a fleet accepts: for each component the versions that every kernel in it understands. */
export interface Profile {
  /** Name for messages. */
  readonly name: string;
  /** By component, `kho` or the name of a client: ids of ABI files, and where the entry stands. */
  readonly accepts: ReadonlyMap<string, { readonly versions: readonly string[]; readonly place: string }>;
}

/** A component that was found in a handover. */
export interface FoundComponent {
  /** `kho`, the component of a client, or the name of a subtree that no ABI file describes. */
  readonly component: string;
  /** Id of the ABI file that fits; null when none does. */
  readonly version: string | null;
  /** What the bytes call themselves, for a version without an ABI file. */
  readonly wire?: string;
}

/** Versions that the ABI files describe, by component. */
export type KnownVersions = ReadonlyMap<string, readonly string[]>;

const schema = z.strictObject({
  name: z.string().min(1, 'a profile needs a name'),
  accepts: z.record(z.string(), z.array(z.string().min(1)).min(1, 'a component needs at least one version')),
});

/**
 * Parses a profile:
 *
 * ```yaml
 * name: spring fleet
 * accepts:
 *   kho: [kho-v4]
 *   luo: [luo-v4, luo-v5]
 * ```
 *
 * A component that no ABI file describes may be named, with any versions; those of the others must be known.
 *
 * @param source file name for messages
 * @throws KhoError `E_USAGE` with file, line and column
 */
export function parseProfile(text: string, source: string, known: KnownVersions = knownVersions()): Profile {
  const file = readPolicy(text, source, schema);
  const accepts = new Map<string, { versions: readonly string[]; place: string }>();
  for (const [component, versions] of Object.entries(file.data.accepts)) {
    const possible = known.get(component);
    for (const [index, version] of versions.entries()) {
      const path = ['accepts', component, index];
      if (versions.indexOf(version) < index)
        throw file.error(path, 'the version is named twice', { found: version });
      if (possible !== undefined && !possible.includes(version)) {
        throw file.error(path, `${component} has no such version`, {
          found: version,
          expected: possible.join(', '),
        });
      }
    }
    accepts.set(component, { versions, place: file.place(['accepts', component]) });
  }
  return { name: file.data.name, accepts };
}

/** What the profile does not accept of the components found, in their order; each thing once. */
export function checkProfile({ name, accepts }: Profile, found: readonly FoundComponent[]): ReportProblem[] {
  const problems = new Map<string, ReportProblem>();
  for (const { component, version, wire } of found) {
    const entry = accepts.get(component);
    const seen = version ?? wire;
    if (entry !== undefined && seen !== undefined && entry.versions.includes(seen)) continue;
    const what =
      seen === undefined ? `a version of ${component} that cannot be told` : `${component} ${seen}`;
    const why =
      entry === undefined ? `does not name ${component}` : `accepts only ${entry.versions.join(', ')}`;
    const message = `the handover has ${what}; profile ${name} ${why}`;
    problems.set(message, {
      kind: 'profile',
      message,
      ...(entry === undefined ? {} : { place: entry.place }),
    });
  }
  return [...problems.values()];
}

/** The versions of the ABI files of this package. */
export function knownVersions(): KnownVersions {
  const known = new Map<string, string[]>([['kho', allAbis().map(({ id }) => id)]]);
  for (const { component, id } of allClientAbis())
    known.set(component, [...(known.get(component) ?? []), id]);
  return known;
}
