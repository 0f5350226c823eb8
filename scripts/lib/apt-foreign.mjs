/**
 * Downloads Debian packages of another architecture by name without changing the machine: apt-get gets a state folder of its
 * own, with the machine's own sources and keys. Needs apt-get and dpkg-deb; no root.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { $, within } from 'zx';

/** Thrown when this is not a Debian-like system or the package cannot be had. */
export class AptError extends Error {}

/**
 * @param {string} folder where apt's state and the packages go
 * @param {string} architecture Debian name, for example s390x
 * @param {(aptOptions: string[]) => Promise<string[]>} choose gives the package names once the lists are there
 * @returns paths of the downloaded .deb files
 */
export async function downloadForeign(folder, architecture, choose) {
  const state = resolve(folder, 'apt');
  for (const part of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(state, part), { recursive: true });
  const native = (await $({ quiet: true, nothrow: true })`dpkg --print-architecture`).stdout.trim();
  if (native === '')
    throw new AptError('dpkg and apt-get are needed to fetch packages of another architecture');
  const options = [
    `Dir::State::lists=${state}/lists`,
    `Dir::Cache=${state}/cache`,
    `APT::Architectures::=${native}`,
    `APT::Architectures::=${architecture}`,
    'APT::Sandbox::User=root',
    // Old timestamps of snapshots are no reason to stop.
    'Acquire::Check-Valid-Until=false',
  ].flatMap((option) => ['-o', option]);
  await must($({ quiet: true, nothrow: true })`apt-get ${options} update -qq`, 'apt-get update');
  const names = await choose(options);
  return await within(async () => {
    $.cwd = resolve(folder);
    const before = new Set(debs(folder));
    const wanted = names.map((name) => `${name}:${architecture}`);
    const have = names.filter((name) =>
      [...before].some((file) => file.startsWith(`${name}_`) && file.endsWith(`_${architecture}.deb`)),
    );
    if (have.length < names.length)
      await must(
        $({ quiet: true, nothrow: true })`apt-get ${options} download ${wanted}`,
        `download of ${wanted}`,
      );
    return names.map((name) => {
      const file = debs(folder).find(
        (candidate) => candidate.startsWith(`${name}_`) && candidate.endsWith(`_${architecture}.deb`),
      );
      if (file === undefined) throw new AptError(`${name} was not downloaded`);
      return join(resolve(folder), file);
    });
  });
}

function debs(folder) {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.deb')) : [];
}

async function must(command, what) {
  const result = await command;
  if (result.exitCode !== 0) throw new AptError(`${what} failed: ${result.stderr.trim().split('\n').at(-1)}`);
}
