#!/usr/bin/env node
/**
 * Compares the `dtc` layout with the real dtc on every device tree blob of Debian's arm64 kernel package, byte for byte. Each blob
 * must also pass the check without an error, and come back unchanged from the other layouts. The package (some 60 MB) is found by
 * name through apt and unpacked once into build/; nothing is installed.
 *
 * Exit status: 0 all the same, 1 the script failed, 3 a tool or the package is missing, 4 differences.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import ora from 'ora';
import { $ } from 'zx';
import {
  checkFdt,
  dtcRewrite,
  dtcView,
  FDT_LAYOUTS,
  KhoError,
  readFdt,
  toolVersion,
  writeFdt,
} from '../dist/index.js';
import { AptError } from './lib/apt-foreign.mjs';
import { debianBlobs } from './lib/debian-blobs.mjs';

/** Runs of dtc at a time. */
const LANES = 2;
/** Blobs that also go through the built program, as a user runs it: the smallest, the largest and some between. */
const THROUGH_PROGRAM = 6;
const PROGRAM = 'dist/cli/main.js';

const progress = ora({ stream: process.stderr, isSilent: !process.stderr.isTTY });

try {
  process.exitCode = await main();
} catch (error) {
  progress.stop();
  console.error(`dtbs: ${error.message}`);
  const missing = error instanceof AptError || (error instanceof KhoError && error.code === 'E_TOOL_MISSING');
  process.exitCode = missing ? 3 : 1;
}

async function main() {
  const dtc = await toolVersion('dtc');
  progress.start('looking for the kernel package');
  const { name, version, paths } = await debianBlobs((text) => {
    progress.text = text;
  });
  const count = { identical: 0, different: 0, refused: 0 };
  let next = 0;
  const lane = async () => {
    while (next < paths.length) {
      const path = paths[next++];
      const { outcome, lines } = await compare(path);
      count[outcome]++;
      progress.text = `${next} of ${paths.length} blobs, ${count.different} different`;
      for (const line of lines) say(`${basename(path)}: ${line}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const ran = await throughProgram(paths);
  progress.stop();
  console.log(
    `${name} ${version}: ${ran.count} blobs also through the program, ${ran.different.length} different`,
  );
  for (const line of ran.different) console.log(line);
  console.log(
    `${paths.length} blobs (package ${name}, dtc ${dtc}), ${count.identical} identical, ` +
      `${count.different} different, ${count.refused} refused by dtc`,
  );
  return count.different + ran.different.length === 0 ? 0 : 4;
}

/** Everything that is said of one blob. A blob that dtc refuses must be refused here too, and written alike by force. */
async function compare(path) {
  const blob = readFileSync(path);
  const lines = checkFdt(blob)
    .defects.filter(({ severity }) => severity === 'error')
    .map(({ id, offset }) => `the check finds ${id} at offset ${offset}`);
  const theirs = await dtcRewrite(blob);
  try {
    const tree = readFdt(blob, { source: path });
    const view = dtcView(tree);
    const ours = writeFdt(view.tree, 'dtc');
    const refusedHere = view.objections.length > 0;
    if (theirs.refused && !refusedHere)
      lines.push(`dtc refuses it: ${theirs.stderr.trim().split('\n')[0] ?? ''}`);
    if (!theirs.refused && refusedHere)
      lines.push(`refused for ${view.objections[0].check}, and dtc takes it`);
    const wanted = theirs.refused ? await dtcRewrite(blob, { force: true }) : theirs;
    if (!wanted.refused) lines.push(...firstDifference(ours, wanted.bytes));
    lines.push(...otherLayouts(tree));
  } catch (error) {
    if (!(error instanceof KhoError)) throw error;
    lines.push(error.message);
  }
  return { outcome: lines.length > 0 ? 'different' : theirs.refused ? 'refused' : 'identical', lines };
}

/** The other layouts hold the same tree: read back and written as dtc does, the bytes are those of the tree itself. */
function otherLayouts(tree) {
  const wanted = writeFdt(tree, 'dtc');
  return FDT_LAYOUTS.filter((layout) => layout !== 'dtc').flatMap((layout) =>
    firstDifference(writeFdt(readFdt(writeFdt(tree, layout)), 'dtc'), wanted).map(
      (line) => `${layout} layout: ${line}`,
    ),
  );
}

function firstDifference(ours, wanted) {
  if (Buffer.compare(ours, wanted) === 0) return [];
  let at = 0;
  while (at < ours.length && ours[at] === wanted[at]) at++;
  const near = (bytes) =>
    Buffer.from(bytes.subarray(at, at + 8)).toString('hex') || `nothing (${bytes.length} bytes)`;
  return [`offset ${at}: found ${near(ours)}, expected ${near(wanted)}`];
}

/** The program's own -o and --check on a few blobs spread over all sizes. */
async function throughProgram(paths) {
  const bySize = paths.map((path) => ({ path, size: readFileSync(path).length }));
  bySize.sort((a, b) => a.size - b.size);
  const last = bySize.length - 1;
  const chosen = Array.from({ length: THROUGH_PROGRAM }, (_, index) =>
    Math.round((index * last) / (THROUGH_PROGRAM - 1)),
  );
  const indexes = new Set(chosen);
  const different = [];
  const folder = mkdtempSync(join(tmpdir(), 'kho-dtbs-'));
  try {
    for (const index of indexes) {
      const { path } = bySize[index];
      progress.text = `kho-abi fdt ${basename(path)}`;
      const out = join(folder, basename(path));
      const theirs = await dtcRewrite(readFileSync(path));
      const run = await $({
        quiet: true,
        nothrow: true,
      })`${process.execPath} ${PROGRAM} fdt ${path} -o ${out} --layout dtc --check`;
      // A refusal (status 2) is right exactly where dtc refuses too.
      if (theirs.refused !== (run.exitCode !== 0))
        different.push(
          `${basename(path)}: the program exits with ${run.exitCode}: ${run.stderr.trim().split('\n')[0]}`,
        );
      else if (!theirs.refused)
        different.push(
          ...firstDifference(readFileSync(out), theirs.bytes).map(
            (line) => `${basename(path)}: through the program: ${line}`,
          ),
        );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { count: indexes.size, different };
}

/** Prints a line above the progress line. */
function say(line) {
  progress.clear();
  console.log(line);
}
