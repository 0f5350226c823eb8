/**
 * Kernel sources: a folder or tarball of the user's, or Debian's newest linux-source-7.* package. The package may be in a newer suite
 * than the machine's own; it is fetched from the mirror of the machine's own apt configuration into a state folder of its own, so
 * the machine's sources stay as they are. No root.
 */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { $ } from 'zx';
import { AptError } from '../../lib/apt-foreign.mjs';
import { cacheFolder } from './tools.mjs';

/** Suites that are asked for newer sources, besides the machine's own. */
const NEWER_SUITES = ['trixie-backports'];

const NAME = /^linux-source-7\.\d+$/;

/**
 * @param {string | undefined} given folder or tarball
 * @param {(text: string) => void} report is told what is being done
 * @returns folder of the tree, kernel version, and what the sources are (package and version, or the tarball's hash)
 */
export async function kernelSource(given, report) {
  const found = given === undefined ? await debianSource(report) : await ownSource(resolve(given), report);
  return { ...found, version: kernelVersion(found.tree) };
}

/** VERSION, PATCHLEVEL and SUBLEVEL of the top Makefile, as 7.3.4. Throws when the folder is no kernel tree. */
export function kernelVersion(tree) {
  const path = join(tree, 'Makefile');
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const [version, patch, sub, extra] = ['VERSION', 'PATCHLEVEL', 'SUBLEVEL', 'EXTRAVERSION'].map(
    (name) => new RegExp(`^${name} *= *(\\S*)`, 'm').exec(text)?.[1],
  );
  if (!version || !patch) throw new Error('the source folder has no kernel Makefile at its top');
  return `${version}.${patch}${sub ? `.${sub}` : ''}${extra ?? ''}`;
}

async function ownSource(path, report) {
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  if (statSync(path).isDirectory())
    return { tree: path, origin: `folder ${basename(path)}`, stamp: await treeStamp(path) };
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part);
  const sum = hash.digest('hex');
  const root = join(cacheFolder(), 'source', `tarball-${sum.slice(0, 16)}`);
  report(`unpacking ${basename(path)}`);
  return { tree: await unpackOnce(path, root), origin: `${basename(path)} sha256:${sum}`, stamp: sum };
}

/** A folder has no version of its own beyond the Makefile: the files that make the ABI stand for it. */
async function treeStamp(tree) {
  const hash = createHash('sha256');
  for (const folder of ['kernel/liveupdate', 'include/linux/kho/abi', 'include/uapi/linux', 'mm'])
    for (const name of existsSync(join(tree, folder)) ? readdirSync(join(tree, folder)).sort() : [])
      if (/\.[ch]$/.test(name)) hash.update(name).update(readFileSync(join(tree, folder, name)));
  return hash.update(readFileSync(join(tree, 'Makefile'))).digest('hex');
}

async function debianSource(report) {
  const folder = join(cacheFolder(), 'source');
  report("looking for Debian's newest linux-source-7.* package");
  const options = await aptState(join(folder, 'apt'));
  const { name, version } = await newestPackage(options);
  const root = join(folder, `${name}_${version}`);
  const origin = `Debian ${name} ${version}`;
  if (existsSync(join(root, 'whole'))) return { tree: treeIn(root), origin, stamp: `${name} ${version}` };
  report(`downloading ${name} ${version}`);
  await must(
    $({ quiet: true, nothrow: true, cwd: folder })`apt-get ${options} download ${name}`,
    `download of ${name}`,
  );
  const deb = readdirSync(folder).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
  if (deb === undefined) throw new AptError(`${name} was not downloaded`);
  report(`unpacking ${name}`);
  const parts = `${root}.parts`;
  await $({ quiet: true })`dpkg-deb -x ${join(folder, deb)} ${parts}`;
  const sources = join(parts, 'usr/src');
  const tarball = readdirSync(sources).find((file) => /^linux-source-.*\.tar\.xz$/.test(file));
  if (tarball === undefined) throw new Error(`there is no tarball in ${name}`);
  const tree = await unpackOnce(join(sources, tarball), root);
  rmSync(parts, { recursive: true });
  rmSync(join(folder, deb));
  return { tree, origin, stamp: `${name} ${version}` };
}

/** Lists of the machine's own suites and of the newer ones, from the mirror that the machine uses. */
async function aptState(state) {
  for (const part of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(state, part), { recursive: true });
  const targets = await $({
    quiet: true,
    nothrow: true,
  })`apt-get indextargets --format ${'$(REPO_URI) $(RELEASE)'} ${'Created-By: Packages'}`;
  const own = targets.stdout
    .split('\n')
    .map((line) => line.trim().split(' '))
    .filter(([uri, release]) => release !== undefined && /\/debian\/?$/.test(uri));
  if (targets.exitCode !== 0 || own.length === 0)
    throw new AptError("this machine's apt has no Debian mirror; give the kernel's sources with --source");
  const suites = [...new Set([...own.map(([, release]) => release), ...NEWER_SUITES])];
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
  const list = join(state, 'sources.list');
  writeFileSync(list, suites.map((suite) => `deb ${signed}${own[0][0]} ${suite} main\n`).join(''));
  const options = [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${state}/lists`,
    `Dir::Cache=${state}/cache`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    // Old timestamps of snapshots are no reason to stop.
    'Acquire::Check-Valid-Until=false',
  ].flatMap((option) => ['-o', option]);
  await must($({ quiet: true, nothrow: true })`apt-get ${options} update -qq`, 'apt-get update');
  return options;
}

async function newestPackage(options) {
  const names = (await $({ quiet: true, nothrow: true })`apt-cache ${options} pkgnames linux-source-7`).stdout
    .split('\n')
    .filter((name) => NAME.test(name))
    .sort((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1]));
  const name = names.at(-1);
  if (name === undefined) throw new AptError('apt knows no linux-source-7.*; give sources with --source');
  const shown = await $({ quiet: true })`apt-cache ${options} show --no-all-versions ${name}`;
  return { name, version: /^Version: (\S+)/m.exec(shown.stdout)[1] };
}

/** Unpacks beside the place and moves there, so that a run that was stopped half-way is not taken for a whole one. */
async function unpackOnce(tarball, root) {
  if (existsSync(join(root, 'whole'))) return treeIn(root);
  const parts = `${root}.unpacking`;
  rmSync(parts, { recursive: true, force: true });
  rmSync(root, { recursive: true, force: true });
  mkdirSync(parts, { recursive: true });
  await must(
    $({ quiet: true, nothrow: true })`tar -xf ${tarball} -C ${parts}`,
    `unpacking of ${basename(tarball)}`,
  );
  writeFileSync(join(parts, 'whole'), '');
  renameSync(parts, root);
  return treeIn(root);
}

/** The one folder in an unpacked tarball. */
function treeIn(root) {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (folders.length !== 1) throw new Error('the tarball must hold one folder, the kernel tree');
  return join(root, folders[0].name);
}

async function must(command, what) {
  const result = await command;
  if (result.exitCode !== 0) throw new AptError(`${what} failed: ${result.stderr.trim().split('\n').at(-1)}`);
}
