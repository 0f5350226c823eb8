#!/usr/bin/env node
/**
 * Reads all type information of Debian's newest kernel for amd64 and compares it with the real tools: every type with bpftool,
 * every structure's size with pahole. The package is found by name through apt and its kernel unpacked once into build/; nothing
 * is installed. KHO is switched off in Debian's kernels, so this proves the reader and not the structures.
 *
 * Usage: kernel-btf.mjs [FILE...]   files instead of the package, such as /sys/kernel/btf/vmlinux
 *
 * Exit status: 0 all the same, 1 the script failed, 3 a tool or the package is missing, 4 differences.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { checkBtf, idsNamed, openBtf } from '../dist/kernel/index.js';
import { AptError } from './lib/apt-foreign.mjs';
import { downloadFromSuite } from './lib/apt-suite.mjs';
import { bpftoolTypes, differencesFromBpftool, MissingOracle, paholeSizes } from './lib/btf-oracle.mjs';
import { MissingUnpacker, unpackVmlinuz } from './lib/vmlinuz.mjs';

const BUILD = 'build/kernel-btf';
/** The suite with the newest kernels for the machine's users. */
const SUITE = 'trixie-backports';
/** Such as linux-image-7.3.4+deb13-amd64; an almost empty package that depends on the one with the kernel. */
const IMAGE = /^linux-image-([0-9][^-\s]*)-amd64$/;
const BINARY = /^\s*Depends: (linux-(?:binary|image)-[0-9][^:\s]*-amd64(?:-unsigned)?)$/m;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`btf: ${error.message}`);
  const missing = [AptError, MissingOracle, MissingUnpacker].some((kind) => error instanceof kind);
  process.exitCode = missing ? 3 : 1;
}

async function main() {
  const given = process.argv.slice(2);
  const paths = given.length > 0 ? given : [await debianKernel()];
  let different = 0;
  for (const path of paths) different += await compare(path);
  return different === 0 ? 0 : 4;
}

async function compare(path) {
  const begin = performance.now();
  const { layouts } = openBtf(path);
  const { types } = layouts;
  const loaded = performance.now();
  const structs = idsNamed(types, 'structure', () => true).map((id) => layouts.struct(id));
  const members = structs.reduce((sum, { fields }) => sum + fields.length, 0);
  const done = performance.now();
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    `${path}: ${types.count} types read and checked in ${Math.round(loaded - begin)} ms; ` +
      `${structs.length} structures and unions with ${members} members laid out in ${Math.round(done - loaded)} ms; ` +
      `${memory} MiB at most`,
  );
  const lines = [];
  const theirs = await bpftoolTypes(path, (why) => console.log(`bpftool cannot read it: ${why}`));
  let different = 0;
  if (theirs !== undefined) {
    const found = differencesFromBpftool(types, theirs);
    different += found.different;
    lines.push(...found.lines);
    console.log(`bpftool: ${theirs.length} types, ${found.different} different`);
  }
  const sizes = compareSizes(structs, await paholeSizes(path));
  lines.push(...sizes.lines);
  different += sizes.lines.length;
  console.log(`pahole: sizes of ${sizes.compared} structures, ${sizes.lines.length} different`);
  for (const line of lines.slice(0, 20)) console.log(`  ${line}`);
  const { kho } = checkBtf(path);
  console.log(kho.structs.size === 0 ? 'built without KHO' : `KHO: ${[...kho.structs.keys()].join(', ')}`);
  return different;
}

/** Every structure and union with a name must have pahole's sizes; a structure and a union may share a name. */
function compareSizes(structs, theirs) {
  const ours = new Map();
  for (const { name, size } of structs) {
    if (name === '') continue;
    ours.set(name, new Set(ours.get(name)).add(size));
  }
  const text = (sizes) => [...new Set(sizes)].sort((a, b) => a - b).join(', ') || 'nothing';
  const lines = [...new Set([...ours.keys(), ...theirs.keys()])]
    .map((name) => ({ name, found: text(ours.get(name) ?? []), expected: text(theirs.get(name) ?? []) }))
    .filter(({ found, expected }) => found !== expected)
    .map(({ name, found, expected }) => `struct ${name}: found ${found}, expected ${expected}`);
  return { compared: ours.size, lines };
}

/** Path of the unpacked kernel. */
async function debianKernel() {
  mkdirSync(BUILD, { recursive: true });
  let name = '';
  const [deb] = await downloadFromSuite(BUILD, SUITE, async (apt) => {
    const images = (await apt('pkgnames', 'linux-image-')).split('\n').filter((line) => IMAGE.test(line));
    const version = (image) => IMAGE.exec(image)[1];
    images.sort((a, b) => version(a).localeCompare(version(b), 'en', { numeric: true }));
    const newest = images.at(-1);
    if (newest === undefined) throw new AptError(`there is no kernel for amd64 in ${SUITE}`);
    name = BINARY.exec(await apt('depends', '--important', newest))?.[1] ?? newest;
    return existsSync(join(BUILD, name, 'vmlinux')) ? [] : [name];
  });
  const folder = join(BUILD, name);
  const vmlinux = join(folder, 'vmlinux');
  if (deb !== undefined) {
    mkdirSync(folder, { recursive: true });
    await $({ quiet: true })`dpkg-deb --fsys-tarfile ${deb} | tar -x -C ${folder} --wildcards '*vmlinuz*'`;
    const { stdout } = await $({ quiet: true })`find ${folder} -name 'vmlinuz*' -type f`;
    const [image] = stdout.trim().split('\n');
    if (!image) throw new Error(`there is no vmlinuz in ${name}`);
    const kernel = unpackVmlinuz(readFileSync(image));
    writeFileSync(`${vmlinux}.new`, kernel);
    // Only a whole kernel has the name that the next run looks for.
    await $({ quiet: true })`mv ${vmlinux}.new ${vmlinux}`;
    rmSync(deb);
  }
  console.log(`package ${name} of ${SUITE}`);
  return vmlinux;
}
