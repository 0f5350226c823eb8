/**
 * Downloads Debian packages of another suite by name without changing the machine: apt-get gets a state folder and a list of
 * sources of its own. The mirror and the keys are the machine's. Needs apt-get and dpkg-deb; no root.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { $, within } from 'zx';
import { AptError } from './apt-foreign.mjs';

const LIMIT = { quiet: true, nothrow: true };

/**
 * @param {string} folder where apt's state and the packages go
 * @param {string} suite Debian name, for example trixie-backports
 * @param {(apt: (...args: string[]) => Promise<string>) => Promise<string[]>} choose gives the package names once the lists are
 *   there; `apt` runs apt-cache on them
 * @returns paths of the .deb files, in the order of the names
 */
export async function downloadFromSuite(folder, suite, choose) {
  const state = resolve(folder, 'apt');
  for (const part of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(state, part), { recursive: true });
  const sources = join(state, 'sources.list');
  writeFileSync(sources, `deb ${await mirror()} ${suite} main\n`);
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${state}/lists`,
    `Dir::Cache=${state}/cache`,
    'APT::Sandbox::User=root',
    'Acquire::Check-Valid-Until=false',
  ].flatMap((option) => ['-o', option]);
  await must($(LIMIT)`apt-get ${options} update -qq`, 'apt-get update');
  const names = await choose(async (...args) => {
    return (await must($(LIMIT)`apt-cache ${options} ${args}`, 'apt-cache')).stdout;
  });
  const missing = names.filter((name) => debOf(folder, name) === undefined);
  if (missing.length > 0) {
    await within(async () => {
      $.cwd = resolve(folder);
      await must($(LIMIT)`apt-get ${options} download ${missing}`, `download of ${missing}`);
    });
  }
  return names.map((name) => {
    const file = debOf(folder, name);
    if (file === undefined) throw new AptError(`${name} was not downloaded`);
    return join(resolve(folder), file);
  });
}

/** The Debian mirror that the machine itself uses. */
async function mirror() {
  const format = '$(ORIGIN) $(LABEL) $(REPO_URI)';
  const shown = await $(LIMIT)`apt-get indextargets --format ${format} ${'Created-By: Packages'}`.catch(
    () => ({
      stdout: '',
    }),
  );
  const uri = /^Debian Debian (\S+)$/m.exec(shown.stdout)?.[1];
  if (uri === undefined) throw new AptError('this machine has no Debian mirror in its apt sources');
  return uri;
}

function debOf(folder, name) {
  if (!existsSync(folder)) return undefined;
  // The colon of an epoch becomes %3a in a file name.
  return readdirSync(folder).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
}

async function must(command, what) {
  const result = await command.catch((error) => ({ exitCode: 127, stderr: error.message }));
  if (result.exitCode !== 0) throw new AptError(`${what} failed: ${result.stderr.trim().split('\n').at(-1)}`);
  return result;
}
