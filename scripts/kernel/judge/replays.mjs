/** Replays: handovers of scenarios and captures that a kernel must take whole. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import ora from 'ora';
import {
  consoleIsOver,
  judgeBoot,
  planBoot,
  readConsole,
  runBoot,
  sourceFromMemory,
  sourceFromScenario,
} from '../../../dist/boot/index.js';
import { GOLDEN_FOLDER } from '../../../dist/golden/index.js';
import {
  decodeHandover,
  findRootFdts,
  makeTarget,
  openMemory,
  parseScenario,
  readFdtPage,
} from '../../../dist/index.js';
import { pool, sizesOf } from './kernels.mjs';
import { replaysText } from './tables.mjs';

const SCENARIOS = join(import.meta.dirname, '../scenarios');
const TIMEOUT_MS = 120_000;

/** Scenarios that must be taken whole on every kernel. */
export const REPLAYED = ['everything', 'many', 'range-pieces', 'plain'];

/** Runs all replays; true when every one is accepted. */
export async function replays(kernels, options) {
  const tasks = kernels.flatMap((kernel) =>
    [...REPLAYED.map((name) => scenarioTask(name, kernel)), ...captures(kernel)].filter(
      ({ name }) => options.only === undefined || name.includes(options.only),
    ),
  );
  const progress = ora({ stream: process.stderr, isSilent: !process.stderr.isTTY }).start();
  const rows = await pool(
    tasks.map((task) => () => replay(task)),
    Number(options.jobs),
    (done, total, row) => {
      progress.text = `replays ${done} of ${total}: ${row.kernel} ${row.source}`;
    },
  );
  progress.stop();
  const known = rows.filter((row) => row !== undefined);
  for (const { source, kernel, accepted, seconds, items, skipped } of known) {
    console.log(
      `${(skipped && `skipped (${skipped})`) ?? (accepted ? 'accepted' : 'NOT ACCEPTED')} ${kernel} ${source} ${seconds?.toFixed(1) ?? ''}`,
    );
    for (const { what, ok, seen } of items ?? []) if (!ok) console.log(`    ${what}: ${seen}`);
  }
  if (options.accept)
    write(
      kernels,
      known.filter(({ skipped }) => skipped === undefined),
    );
  return known.every(({ accepted, skipped }) => accepted || skipped !== undefined);
}

function scenarioTask(name, kernel) {
  const file = `${name}.scenario`;
  const scenario = parseScenario(readFileSync(join(SCENARIOS, file), 'utf8'), file);
  return {
    name: `scenario ${name}`,
    kernel,
    load: async () => ({
      source: sourceFromScenario(scenario, kernel.target('kho-v4'), kernel.machine, sizesOf(kernel)),
    }),
  };
}

/** Captures of a machine like this one. */
function captures(kernel) {
  const folder = join(GOLDEN_FOLDER, 'captures');
  const ending = `-${kernel.name.replace(' ', '-').toLowerCase()}`;
  return readdirSync(folder)
    .filter((name) => name.includes(ending) && existsSync(join(folder, name, 'memory.elf.gz')))
    .map((name) => ({
      name: `capture ${name}`,
      kernel,
      load: () => loadCapture(join(folder, name), kernel),
    }));
}

async function loadCapture(folder, kernel) {
  const dump = await openMemory(join(folder, 'memory.elf.gz'));
  try {
    const [{ address }] = findRootFdts(dump.memory);
    const fdt = readFdtPage(dump.memory, address);
    const { abi } = decodeHandover(fdt, { memory: dump.memory, fdtAddress: address });
    const target = makeTarget(abi, 'little', kernel.pageShift, kernel.machine.elf);
    return { source: sourceFromMemory(target, dump.memory, address, fdt, false), scratch: scratchOf(folder) };
  } finally {
    dump.close();
  }
}

function scratchOf(folder) {
  const [addresses, sizes] = ['scratch_phys', 'scratch_len'].map((name) => {
    const file = join(folder, `debugfs-out-${name}`);
    return existsSync(file)
      ? readFileSync(file, 'latin1')
          .match(/0x[0-9a-f]+/gi)
          ?.map(BigInt)
      : undefined;
  });
  if (addresses === undefined || sizes?.length !== addresses.length) return undefined;
  return addresses.map((address, index) => ({ address, size: sizes[index] }));
}

async function replay({ name, kernel, load }) {
  const facts = { source: name, kernel: kernel.name };
  let plan;
  try {
    const { source, scratch } = await load();
    plan = planBoot({
      machine: kernel.machine,
      source,
      kernel,
      init: kernel.init,
      ...(scratch && { scratch }),
    });
  } catch (error) {
    // A capture may have pages where this kernel must be.
    if (name.startsWith('capture')) return { ...facts, skipped: error.message };
    throw error;
  }
  const run = await runBoot(plan, { timeoutMs: TIMEOUT_MS, isOver: consoleIsOver });
  const seen = readConsole(run.console);
  const { accepted, items } = judgeBoot(plan.expectation, seen);
  return {
    ...facts,
    accepted,
    items,
    seconds: run.milliseconds / 1000,
    release: seen.release,
    console: run.console,
  };
}

function write(kernels, rows) {
  const folder = join(GOLDEN_FOLDER, 'captures');
  mkdirSync(join(GOLDEN_FOLDER, 'replays'), { recursive: true });
  for (const { source, kernel, console } of rows.filter(({ skipped }) => skipped === undefined)) {
    const name = `${kernel}-${source.split(' ')[1]}`.toLowerCase().replaceAll(' ', '-');
    writeFileSync(join(GOLDEN_FOLDER, 'replays', `${name}.log.gz`), gzipSync(console, { level: 9 }));
  }
  const data = {
    kernels: kernels.map(({ name, qemu, origin }) => ({
      name,
      release: rows.find((row) => row.kernel === name && row.release)?.release ?? 'none',
      origin,
      qemu,
    })),
    rows: rows
      .filter(({ skipped }) => skipped === undefined)
      .map(({ console: _, release: __, ...row }) => row),
    skipped: rows.filter(({ skipped }) => skipped !== undefined),
  };
  writeFileSync(join(folder, 'replays.json'), `${JSON.stringify(data, undefined, 1)}\n`);
  writeFileSync(join(folder, 'replays.md'), replaysText(data));
}
