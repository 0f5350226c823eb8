#!/usr/bin/env node
/**
 * Captures a handover of a real kernel: boots it in QEMU, lets it preserve memory and call kexec, stops the machine at the next kernel's
 * first line, dumps its memory, lets it go on and judge, and keeps what belongs to KHO. README.md has more.
 *
 *   npm run kernel:capture -- --arch arm64 --page-size 16K [--what plain|luo|many] [--nodes N] [--memory MIB]
 *       [--source DIR|TARBALL | --kernel IMAGE] [--processors N] [--name NAME] [--output DIR] [--force] [--timeout SECONDS]
 *
 * Exit status: 0 captured, 1 it failed, 3 a tool is missing, 4 the kernel or the second reader contradicts.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import ora from 'ora';
import { AptError } from '../lib/apt-foreign.mjs';
import { kernelImage } from './lib/build.mjs';
import { keepCapture } from './lib/capture-files.mjs';
import { runCapture } from './lib/capture-run.mjs';
import { ARCHITECTURES, PAGE_SIZES } from './lib/config.mjs';
import { WHAT } from './lib/plan.mjs';
import { duration, MACHINES, needTools, runScript } from './lib/tools.mjs';

/** MiB of memory: blocks of scratch memory have 512 MiB with 64K pages. */
const MEMORY = { '4K': 1024, '16K': 1024, '64K': 4096 };

const { values: given } = parseArgs({
  options: {
    arch: { type: 'string', default: 'x86_64' },
    'page-size': { type: 'string', default: '4K' },
    what: { type: 'string', default: 'luo' },
    nodes: { type: 'string', default: '1' },
    memory: { type: 'string' },
    source: { type: 'string' },
    kernel: { type: 'string' },
    processors: { type: 'string', default: '2' },
    name: { type: 'string' },
    output: { type: 'string', default: join(import.meta.dirname, '../../golden/captures') },
    force: { type: 'boolean', default: false },
    timeout: { type: 'string', default: '180' },
  },
});

await runScript('kernel:capture', main, [AptError]);

async function main() {
  const wanted = options();
  await needTools([MACHINES[wanted.arch].emulator]);
  const start = Date.now();
  const progress = ora({ stream: process.stderr }).start('looking for the kernel');
  const folder = mkdtempSync(join(tmpdir(), 'kho-abi-capture-'));
  const report = (text) => {
    progress.text = `${text} (${duration(Date.now() - start)})`;
    if (!process.stderr.isTTY) console.error(progress.text);
  };
  try {
    const kernel =
      given.kernel === undefined
        ? await kernelImage({ arch: wanted.arch, pageSize: wanted.pageSize, source: wanted.source }, report)
        : givenImage(given.kernel);
    const begun = Date.now();
    const run = await runCapture({ ...wanted, kernel, folder }, report);
    const took = Date.now() - begun;
    report('reading the dump');
    const { name, lines, contradictions } = await keepCapture({ ...wanted, kernel, run, folder });
    progress.stop();
    console.log(`${name}: captured in ${duration(took)} with ${run.accelerator}`);
    for (const line of lines) console.log(`  ${line}`);
    for (const line of contradictions) console.log(`  CONTRADICTION: ${line}`);
    return contradictions.length === 0 ? 0 : 4;
  } finally {
    progress.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An image that somebody else built: only its hash is known. */
function givenImage(image) {
  const sum = createHash('sha256').update(readFileSync(image)).digest('hex');
  return { image, origin: `image sha256:${sum}` };
}

function options() {
  const { arch, 'page-size': pageSize, what } = given;
  if (!ARCHITECTURES.includes(arch)) throw new Error(`--arch must be one of ${ARCHITECTURES.join(', ')}`);
  if (!PAGE_SIZES[arch].includes(pageSize))
    throw new Error(`--page-size of ${arch} must be one of ${PAGE_SIZES[arch].join(', ')}`);
  if (!WHAT.includes(what)) throw new Error(`--what must be one of ${WHAT.join(', ')}`);
  const nodes = whole('nodes', given.nodes, 1, 8);
  // More than one node is there to have memory above 4 GiB.
  const fallback = nodes > 1 ? Math.max(6144, MEMORY[pageSize]) : MEMORY[pageSize];
  return {
    arch,
    pageSize,
    what,
    nodes,
    processors: Math.ceil(whole('processors', given.processors, 1, 64) / nodes) * nodes,
    memory: given.memory === undefined ? fallback : whole('memory', given.memory, 512, 65536),
    timeout: whole('timeout', given.timeout, 10, 3600) * 1000,
    source: given.source,
    name: given.name,
    output: given.output,
    force: given.force,
  };
}

function whole(name, text, least, most) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Error(`--${name} must be a number from ${least} to ${most}`);
  return value;
}
