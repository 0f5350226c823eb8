#!/usr/bin/env node
/**
 * Builds the C witness with the real compilers and the real libfdt, runs every golden scenario through it on every target, and
 * compares each file it writes with the golden files, byte for byte. With --accept the hashes of what the witness wrote are
 * recorded in golden/witness.json, which `kho-abi check` uses on machines without these compilers.
 *
 * Exit status: 0 all the same, 1 the script failed, 3 a compiler or qemu is missing, 4 differences.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { cellsOf, GOLDEN_FOLDER } from '../dist/golden/index.js';
import { allAbis } from '../dist/index.js';
import { bigEndianWitness, hostWitness, MissingTool, PAGE_SHIFTS } from './lib/witness-build.mjs';

const OUT = 'build/witness/out';
const accept = process.argv.includes('--accept');
const recordPath = join(GOLDEN_FOLDER, 'witness.json');
const SIZES = { 12: '4k', 14: '16k', 16: '64k' };

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`witness: ${error.message}`);
  process.exitCode = error instanceof MissingTool ? 3 : 1;
}

async function main() {
  const record = {};
  const differences = [];
  let files = 0;
  for (const order of ['le', 'be']) {
    for (const shift of PAGE_SHIFTS) {
      const witness = order === 'le' ? await hostWitness(shift) : await bigEndianWitness(shift);
      for (const abi of allAbis()) {
        const target = `${order}-${SIZES[shift]}`;
        const before = differences.length;
        const count = await compareTarget(witness, abi.id, target, record, differences);
        files += count.files;
        console.log(
          `${abi.id.padEnd(8)} ${target.padEnd(6)} ${count.cells} scenarios, ${count.files} files, ${differences.length - before} differences`,
        );
      }
    }
  }
  for (const line of differences.slice(0, 20)) console.log(`  ${line}`);
  if (accept) writeFileSync(recordPath, `${JSON.stringify(record, Object.keys(record).sort(), 1)}\n`);
  else compareRecord(record, differences);
  console.log(
    `witness: ${files} files, ${differences.length} differences${accept ? ', hashes recorded' : ''}`,
  );
  return differences.length === 0 ? 0 : 4;
}

async function compareTarget(witness, abi, target, record, differences) {
  const cells = cellsOf(GOLDEN_FOLDER, { abi, target });
  const out = join(OUT, abi, target);
  rmSync(out, { recursive: true, force: true });
  const scenarios = cells.map(({ name }) => join(GOLDEN_FOLDER, 'scenarios', `${name}.scenario`));
  const run = await $({
    quiet: true,
    nothrow: true,
    timeout: '600s',
  })`${witness} --abi ${abi} --batch ${out} ${scenarios}`;
  if (run.exitCode !== 0)
    throw new Error(`${witness.join(' ')} failed: ${run.stderr.trim().split('\n').at(-1)}`);
  const said = new Map(
    run.stdout
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[0], line.split(' ').slice(1).join(' ')]),
  );
  let files = 0;
  for (const { name, path } of cells) {
    const written = witnessFiles(join(out, name), said.get(name));
    const golden = folderFiles(join(GOLDEN_FOLDER, path));
    for (const file of new Set([...written.keys(), ...golden.keys()])) {
      files++;
      const bytes = written.get(file);
      if (bytes !== undefined) record[`${path}/${file}`] = createHash('sha256').update(bytes).digest('hex');
      if (bytes === undefined)
        differences.push(`${path}/${file}: the witness did not write it (${said.get(name)})`);
      else if (!golden.has(file)) differences.push(`${path}/${file}: there is no such golden file`);
      else if (Buffer.compare(bytes, golden.get(file)) !== 0)
        differences.push(`${path}/${file}: the bytes differ`);
    }
  }
  return { cells: cells.length, files };
}

/** What the witness left for a scenario; a refusal counts as the file refused.txt. */
function witnessFiles(folder, said) {
  const refused = /^refused (B\d+)$/.exec(said ?? '')?.[1];
  return refused === undefined
    ? folderFiles(folder)
    : new Map([['refused.txt', Buffer.from(`${refused}\n`)]]);
}

function folderFiles(folder) {
  if (!existsSync(folder)) return new Map();
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

/** The recorded hashes must be those of this run: a record that was edited by hand is found here. */
function compareRecord(record, differences) {
  const recorded = existsSync(recordPath) ? JSON.parse(readFileSync(recordPath, 'utf8')) : {};
  for (const path of new Set([...Object.keys(record), ...Object.keys(recorded)])) {
    if (record[path] !== recorded[path])
      differences.push(`${path}: golden/witness.json has another hash or none`);
  }
}
