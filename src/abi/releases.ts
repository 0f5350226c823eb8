import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KhoError } from '../bytes/index.js';
import { type Abi, allAbis, getAbi } from './registry.js';
import type { ReleaseEntry } from './release-schema.js';

const COMPILED = fileURLToPath(new URL('../../dist/abi/releases.json', import.meta.url));

/** A Linux release, or several that write and read the same formats. */
export interface Release {
  /** Name as a user gives it: `7.1`, `6.17.9`, `7.1-rc1`. */
  readonly name: string;
  /** Which versions it stands for. */
  readonly covers: string;
  readonly kho: Abi;
  /** Id of the format of each client that it has, by component: `luo` to `luo-v5`. */
  readonly clients: Readonly<Record<string, string>>;
}

let loaded: readonly Release[] | undefined;

/** All releases, oldest first. */
export function allReleases(): readonly Release[] {
  loaded ??= (JSON.parse(readFileSync(COMPILED, 'utf8')) as ReleaseEntry[]).map((entry) => {
    const { kho, ...clients } = entry.components;
    return { name: entry.release, covers: entry.covers, kho: getAbi(kho!), clients };
  });
  return loaded;
}

/**
 * The release that a name means. Stable versions and release candidates are found by their series: `6.17.3`, `7.1.2`, `7.1-rc6`.
 * An ABI id (`kho-v3`) means the newest release that writes it.
 *
 * @throws KhoError `E_USAGE` that lists what is known
 */
export function findRelease(name: string): Release {
  const releases = allReleases();
  const exact = releases.find((release) => release.name === name);
  if (exact !== undefined) return exact;
  if (allAbis().some(({ id }) => id === name)) {
    const writer = releases.findLast(({ kho }) => kho.id === name);
    return writer ?? { name, covers: 'no tagged release', kho: getAbi(name), clients: {} };
  }
  const found = inSeries(name, releases);
  if (found !== undefined) return found;
  throw new KhoError('E_USAGE', 'unknown release', {
    found: name,
    expected: `${releases.map((release) => release.name).join(', ')}, a stable version of these, or an ABI id`,
  });
}

/** A stable version or candidate belongs to the last entry of its series that is not newer than it. */
function inSeries(name: string, releases: readonly Release[]): Release | undefined {
  const wanted = rank(name);
  if (wanted === undefined) return undefined;
  const series = releases.filter((release) => {
    const at = rank(release.name)!;
    return at.series === wanted.series && at.step <= wanted.step;
  });
  return series.at(-1);
}

/** Place of a version in its series: candidates before the release, stable versions after it. The fix of 7.1-rc6 makes it 7.1. */
function rank(name: string): { series: string; step: number } | undefined {
  const [, series, stable, candidate] = /^(\d+\.\d+)(?:\.(\d+))?(?:-rc(\d+))?$/.exec(name) ?? [];
  if (series === undefined) return undefined;
  if (candidate !== undefined) return { series, step: Number(candidate) - LAST_OLD_CANDIDATE - 1 };
  return { series, step: Number(stable ?? 0) };
}

/** The last candidate that belongs to an entry of its own; later ones are like the release. */
const LAST_OLD_CANDIDATE = 5;
