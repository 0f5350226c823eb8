#!/usr/bin/env node
/**
 * Runs `kho-abi tree` on real kernels: Debian's linux-source and linux-headers packages of the newest two series, found by name
 * through apt and unpacked into build/; nothing is installed. Prints what was asked, the answer and the time of each run.
 *
 * Usage: kernel-trees.mjs [DIR...]   trees instead of the packages; each is compared with itself and with the first
 *
 * Exit status: 0 all answers as expected, 1 the script failed, 3 a tool or package is missing, 4 another answer.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { $ } from 'zx';
import { loadTreeMap } from '../dist/index.js';
import { runTree, treeExitStatus, treeVerdict } from '../dist/kernel/index.js';
import { AptError } from './lib/apt-foreign.mjs';
import { downloadFromSuite } from './lib/apt-suite.mjs';

const BUILD = 'build/kernel-trees';
const SUITE = 'trixie-backports';
/** What of a source archive is unpacked. */
const PARTS = ['*/Makefile', '*/include', '*/kernel', '*/mm', '*/lib/test_kho.c'];
/** Seconds that one tree may take. */
const LIMIT_S = 10;
const TARGETS = [12, 14, 16].map((pageShift) => ({ byteOrder: 'little', pageShift }));

let wrong = 0;
try {
  process.exitCode = await main();
} catch (error) {
  console.error(`trees: ${error.message}`);
  process.exitCode = error instanceof AptError || error.exitStatus === 3 ? 3 : 1;
}

async function main() {
  const given = process.argv.slice(2);
  const trees = given.length > 0 ? given : await debianTrees();
  const parts = loadTreeMap().headers;
  console.log(`headers looked for: ${parts.abi.join(', ')}`);
  for (const tree of trees) {
    const report = await ask(tree, {});
    const formats = report.registry.map(
      ({ exact, versions }) => exact[0] ?? `unknown ${versions.join(' + ')}`,
    );
    console.log(`  known formats: ${formats.join(', ')}`);
    if (given.length === 0)
      expect(
        'all formats are known',
        report.registry.every(({ exact }) => exact.length > 0),
      );
    const comments = report.lints.filter(({ rule }) => rule === 'comment-version');
    for (const { place, message } of comments) console.log(`  ${place.file}:${place.line}: ${message}`);
    if (given.length === 0) expect('the comment that says kho-v3 is found', comments.length > 0);
    const itself = await ask(tree, { against: tree });
    expect('nothing differs from itself', itself.comparison.changes.length === 0);
  }
  const [first, ...others] = trees;
  for (const tree of others) {
    const report = await ask(tree, { against: first });
    for (const change of report.comparison.changes) console.log(`  ${change.class}: ${change.message}`);
    if (given.length === 0) expect('no bytes and no names differ', treeExitStatus(report, 'change') === 0);
  }
  console.log(wrong === 0 ? 'all as expected' : `${wrong} answers are not as expected`);
  return wrong === 0 ? 0 : 4;
}

async function ask(path, more) {
  const begin = performance.now();
  const tool = { name: 'kho-abi', version: 'trees' };
  const report = await runTree({
    tool,
    path,
    targets: TARGETS,
    arches: ['x86_64'],
    ...more,
    alone: more.against === undefined,
  });
  const seconds = (performance.now() - begin) / 1000;
  const what = more.against === undefined ? '' : ` against ${basename(more.against)}`;
  console.log(
    `${basename(path)} (${report.tree.release})${what}: ${treeVerdict(report)}, ${seconds.toFixed(1)} s`,
  );
  expect(`at most ${LIMIT_S} seconds`, seconds <= LIMIT_S);
  return report;
}

function expect(what, holds) {
  if (holds) return;
  wrong++;
  console.log(`  NOT as expected: ${what}`);
}

/** Trees of the packages: sources oldest first, then headers. Only the folders that matter are unpacked from the sources. */
async function debianTrees() {
  mkdirSync(BUILD, { recursive: true });
  const debs = await downloadFromSuite(BUILD, SUITE, async (apt) => {
    const names = (await apt('pkgnames', 'linux-')).split('\n');
    const sources = names
      .filter((name) => /^linux-source-\d+\.\d+$/.test(name))
      .sort(byNumbers)
      .slice(-2);
    const headers = names
      .filter((name) => /^linux-headers-[0-9][^-]*-common$/.test(name))
      .sort(byNumbers)
      .slice(-1);
    if (sources.length < 2 || headers.length < 1) throw new AptError(`${SUITE} has no kernel packages`);
    return [...sources, ...headers];
  });
  const trees = [];
  for (const deb of debs) {
    const target = join(BUILD, basename(deb, '.deb'));
    if (!existsSync(target)) await unpack(deb, `${target}.part`, target);
    trees.push(await rootOf(target));
  }
  return trees;
}

async function unpack(deb, part, target) {
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  await $({ quiet: true })`dpkg-deb -x ${deb} ${part}`;
  const source = join(part, 'usr/src');
  for (const name of readdirSync(source).filter((entry) => entry.endsWith('.tar.xz'))) {
    const archive = join(source, name);
    await $({
      quiet: true,
    })`tar -C ${source} -xf ${archive} --wildcards --no-wildcards-match-slash ${PARTS}`;
    rmSync(join(source, name));
  }
  renameSync(part, target);
}

/** The folder that holds include/. */
async function rootOf(target) {
  const source = join(target, 'usr/src');
  const found = readdirSync(source).find((name) => existsSync(join(source, name, 'include/linux')));
  if (found === undefined) throw new Error(`${source}: no kernel tree in it`);
  return join(source, found);
}

function byNumbers(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}
