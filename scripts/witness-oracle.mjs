#!/usr/bin/env node
/**
 * Compares the C witness with an oracle folder (bytes that the kernel's own C code produced), every variant and scenario.
 *
 *   node scripts/witness-oracle.mjs ORACLE_FOLDER
 *
 * A refusal of the witness is right only where the kernel code hung (or was kept from it) or made a block of an impossible order.
 * Exit status: 0 all the same, 1 the script failed, 2 usage, 3 a compiler or qemu is missing, 4 differences.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { $ } from 'zx';
import { compareScenario, textOf } from './lib/oracle-compare.mjs';
import { bigEndianWitness, hostWitness, MissingTool } from './lib/witness-build.mjs';

const ABIS = {
  'v1-6.16': 'kho-v1-6.16',
  'v1-6.18': 'kho-v1-6.18',
  'v1-6.19': 'kho-v1-6.19',
  'v2-merged': 'kho-v2',
  'v3-pre': 'kho-v3-7.1-rc1',
  'v3-post': 'kho-v3',
  v4: 'kho-v4',
};
const OUT = 'build/witness/oracle';
const [folder] = process.argv.slice(2);

try {
  process.exitCode = folder === undefined ? usage() : await main();
} catch (error) {
  console.error(`witness-oracle: ${error.message}`);
  process.exitCode = error instanceof MissingTool ? 3 : 1;
}

function usage() {
  console.error('usage: witness-oracle.mjs ORACLE_FOLDER');
  return 2;
}

async function main() {
  const total = { scenarios: 0, pages: 0, refused: 0, differences: 0 };
  for (const variant of readdirSync(join(folder, 'out')).sort()) {
    const [, prefix, shift, big] = /^(.*?)-(12|14|16)(-be)?$/.exec(variant) ?? [];
    if (ABIS[prefix] === undefined) throw new Error(`${variant}: not a known variant`);
    const witness = big ? await bigEndianWitness(Number(shift)) : await hostWitness(Number(shift));
    const sum = { scenarios: 0, pages: 0, refused: 0, differences: 0 };
    for (const scenario of readdirSync(join(folder, 'out', variant)).sort()) {
      const found = await oneScenario([...witness, '--abi', ABIS[prefix]], variant, scenario, Number(shift));
      sum.scenarios++;
      sum.pages += found.pages;
      sum.refused += found.refused ? 1 : 0;
      sum.differences += found.differences.length;
      for (const line of found.differences.slice(0, 5)) console.log(`  ${variant}/${scenario}: ${line}`);
    }
    console.log(`${variant.padEnd(15)} ${inWords(sum)}`);
    for (const key of Object.keys(total)) total[key] += sum[key];
  }
  if (total.pages === 0) throw new Error('nothing to compare in this folder');
  console.log(`witness-oracle: ${inWords(total)}`);
  return total.differences === 0 ? 0 : 4;
}

function inWords({ scenarios, pages, refused, differences }) {
  return `${scenarios} scenarios, ${pages} pages, ${refused} refused, ${differences} differences`;
}

async function oneScenario(witness, variant, scenario, shift) {
  const oracle = join(folder, 'out', variant, scenario);
  const out = join(OUT, variant);
  const file = join(folder, 'scenarios', `${scenario}.txt`);
  const walk = textOf(oracle, 'walk.txt').trimEnd();
  const orders = walk === '' ? [] : walk.split('\n').map((line) => Number(line.split(' ')[1]));
  const impossible = orders.some((order) => order < 0 || order > 64 - shift);
  // Lines that the oracle kept from the kernel code, which would not have ended.
  const left = new Set(
    [...textOf(oracle, 'log.txt').matchAll(/not called\n(\d+) /g)].map((m) => Number(m[1])),
  );

  const bogus = impossible || existsSync(join(oracle, 'FAILED'));
  const right = bogus ? 'refused B35' : left.size > 0 ? 'refused B24' : 'ok';
  const said = await run(witness, out, file);
  const refused = right !== 'ok';
  if (said !== right)
    return { pages: 0, refused, differences: [`the witness says "${said}", not "${right}"`] };
  if (bogus) return { pages: 0, refused, differences: [] };
  if (refused) {
    const copy = join(out, `${scenario}.txt`);
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(copy, lines.map((line, i) => (left.has(i + 1) ? '#' : line)).join('\n'));
    const again = await run(witness, out, copy);
    if (again !== 'ok')
      return { pages: 0, refused, differences: [`the witness says "${again}" without line ${[...left]}`] };
  }
  return { refused, ...compareScenario(join(out, scenario), oracle, left) };
}

async function run(witness, out, file) {
  mkdirSync(out, { recursive: true });
  rmSync(join(out, basename(file, '.txt')), { recursive: true, force: true });
  const done = await $({ quiet: true, nothrow: true, timeout: '300s' })`${witness} --batch ${out} ${file}`;
  return done.stdout.trim().split(' ').slice(1).join(' ');
}
