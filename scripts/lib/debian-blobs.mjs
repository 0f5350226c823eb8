/** The device tree blobs of Debian's newest arm64 kernel package, unpacked once into build/dtbs. Needs apt, dpkg-deb and tar; no root. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { AptError, downloadForeign } from './apt-foreign.mjs';

const BUILD = 'build/dtbs';
const ARCHITECTURE = 'arm64';
/** An empty package that depends on the newest kernel. */
const NEWEST = `linux-image-${ARCHITECTURE}`;

/**
 * @param {(text: string) => void} report is told what is being done
 * @returns name and version of the package, and the paths of its blobs in order
 */
export async function debianBlobs(report) {
  let name = '';
  mkdirSync(BUILD, { recursive: true });
  const [deb] = await downloadForeign(BUILD, ARCHITECTURE, async (options) => {
    name = await newestImage(options);
    if (existsSync(stampOf(name))) return [];
    report(`downloading ${name}`);
    return [name];
  });
  const root = join(BUILD, name);
  if (deb !== undefined) {
    report(`unpacking ${name}`);
    await unpack(deb, root);
    // The stamp comes last, so that a run that was stopped half-way is not taken for a whole one.
    const field = await $({ quiet: true })`dpkg-deb -f ${deb} Version`;
    writeFileSync(stampOf(name), field.stdout.trim());
    rmSync(deb);
  }
  const paths = readdirSync(root, { recursive: true })
    .filter((path) => path.endsWith('.dtb'))
    .sort()
    .map((path) => join(root, path));
  if (paths.length === 0) throw new Error(`there are no .dtb files in ${name}`);
  return { name, version: readFileSync(stampOf(name), 'utf8'), paths };
}

function stampOf(name) {
  return join(BUILD, `${name}.stamp`);
}

/** Such as linux-image-6.1.0-50-arm64: the name changes with every kernel, so it is looked up. */
async function newestImage(options) {
  const shown = await $({
    quiet: true,
    nothrow: true,
  })`apt-cache ${options} depends --important ${`${NEWEST}:${ARCHITECTURE}`}`;
  const name = /Depends: (linux-image-[0-9][^:\s]*)/.exec(shown.stdout)?.[1];
  if (name === undefined)
    throw new AptError(`apt knows no ${NEWEST} for ${ARCHITECTURE}; Debian's package sources are needed`);
  return name;
}

/** Only the blobs: the rest of the package is hundreds of megabytes of modules. */
async function unpack(deb, root) {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  await $({ quiet: true })`dpkg-deb --fsys-tarfile ${deb} | tar -x -C ${root} --wildcards '*.dtb'`;
}
