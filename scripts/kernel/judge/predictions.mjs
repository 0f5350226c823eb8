/** Predictions against kernels: every case on every kernel that it is meant for. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ora from 'ora';
import {
  consoleIsOver,
  planBoot,
  readConsole,
  runBoot,
  sourceFromMemory,
  sourceFromScenario,
} from '../../../dist/boot/index.js';
import { GOLDEN_FOLDER, loadScenarios } from '../../../dist/golden/index.js';
import { appliesTo, decodeHandover, findRelease, KhoError, parseScenario } from '../../../dist/index.js';
import { receiveHandover } from '../../../dist/receive/index.js';
import { LUO_CASES } from './cases-luo.mjs';
import { ROOT_CASES } from './cases-root.mjs';
import { SMALL_CASES } from './cases-small.mjs';
import { compare, predictionOf } from './compare.mjs';
import { Damage } from './damage.mjs';
import { pool, sizesOf } from './kernels.mjs';
import { predictionsText } from './tables.mjs';

const SCENARIOS = join(import.meta.dirname, '../scenarios');
const TIMEOUT_MS = 60_000;
/** Other kernels than the first get these and every seventh case. */
const EVERYWHERE =
  /^(root-v3|map-zero|LUO-no-size|luo-v1|sessions-count-0|sessions-cycle|files-count|memfd-seals|memfd-chunk-cut|scratch-|key-|folio-unpreserved)/;

const GOLDEN_WHY = {
  '81-luo-memfd':
    'As folio-large: folios of order 2 in a kernel without transparent huge pages; and FLBs that were not handed over.',
};

/** All cases, those of golden scenarios included. */
export function allCases() {
  const golden = [...loadScenarios(GOLDEN_FOLDER).keys()].map((name) => ({
    id: `golden-${name}`,
    about: 'whole, from golden/scenarios',
    golden: name,
    damage: [],
    ...(GOLDEN_WHY[name] === undefined ? {} : { why: GOLDEN_WHY[name] }),
  }));
  const whole = ['everything', 'plain', 'many', 'range-pieces'].map((name) => ({
    id: `whole-${name}`,
    about: 'whole',
    scenario: name,
    damage: [],
  }));
  return [...whole, ...golden, ...ROOT_CASES, ...SMALL_CASES, ...LUO_CASES];
}

/** Runs all cases; true when every difference is explained. */
export async function predictions(kernels, options) {
  const golden = loadScenarios(GOLDEN_FOLDER);
  const notFitting = new Set();
  const tasks = kernels.flatMap((kernel, number) =>
    allCases()
      .filter((one, index) => wanted(one, index, kernel, number, options) && applies(one, kernel, golden))
      .map((one) => () => runCase(one, kernel, golden, notFitting)),
  );
  const progress = ora({ stream: process.stderr, isSilent: !process.stderr.isTTY }).start();
  const results = await pool(tasks, Number(options.jobs), (done, total, row) => {
    progress.text = `predictions ${done} of ${total}: ${row?.kernel ?? ''} ${row?.id ?? ''}`;
    if (options.verbose && row !== undefined) print(row);
  });
  progress.stop();
  const rows = results.filter((row) => row !== undefined);
  const data = {
    kernels: kernels.map(({ name, qemu, origin }) => ({
      name,
      release: rows.find((row) => row.kernel === name && row.release)?.release ?? 'none',
      origin,
      qemu,
    })),
    rows: rows.map(({ console: _, release: __, steps: ___, ...row }) => row),
    notFitting: [...notFitting].sort(),
  };
  const equal = rows.filter((row) => row.equal).length;
  const open = rows.filter((row) => !row.equal && row.why === undefined);
  console.log(
    `${equal} of ${rows.length} as predicted, ${rows.length - equal - open.length} differences explained, ${open.length} not`,
  );
  for (const row of open) print(row);
  if (options.accept) {
    const folder = join(GOLDEN_FOLDER, 'captures');
    writeFileSync(join(folder, 'predictions.json'), `${JSON.stringify(data, undefined, 1)}\n`);
    writeFileSync(join(folder, 'predictions.md'), predictionsText(data));
  }
  return open.length === 0;
}

function wanted(one, index, kernel, number, { only }) {
  if (only !== undefined) return one.id.includes(only);
  if (one.kernels !== undefined) return one.kernels.includes(kernel.name);
  return number === 0 || EVERYWHERE.test(one.id) || index % 7 === 0;
}

function applies(one, kernel, golden) {
  if (one.pageShifts !== undefined && !one.pageShifts.includes(kernel.pageShift)) return false;
  return appliesTo(scenarioOf(one, golden), kernel.target(one.abi ?? 'kho-v4', one.handoverPageShift));
}

function scenarioOf({ golden: name, scenario = 'everything' }, golden) {
  if (name !== undefined) return golden.get(name);
  const path = join(SCENARIOS, `${scenario}.scenario`);
  return parseScenario(readFileSync(path, 'utf8'), basename(path));
}

/**
 * Encodes a case, damages it, and asks the model. Pure: no files are written, nothing is started.
 *
 * @returns source, damage, request and reception; undefined for a golden scenario that the machine cannot hold
 */
export function predictCase(one, kernel, golden) {
  const target = kernel.target(one.abi ?? 'kho-v4', one.handoverPageShift);
  let source;
  try {
    source = sourceFromScenario(scenarioOf(one, golden), target, kernel.machine, sizesOf(kernel));
  } catch (error) {
    if (!(error instanceof KhoError) || one.golden === undefined) throw error;
    return undefined;
  }
  const request = { machine: kernel.machine, source, kernel, init: kernel.init };
  const damage = new Damage(source, planBoot(request).layout.scratch);
  for (const change of one.damage) damage.apply(change);
  return { source, damage, request, reception: receive(damage, kernel, planBoot(request)) };
}

async function runCase(one, kernel, golden, notFitting) {
  const predicted = predictCase(one, kernel, golden);
  if (predicted === undefined) {
    notFitting.add(one.golden);
    return undefined;
  }
  const { source, damage, request, reception } = predicted;
  const plan = planBoot(
    { ...request, source: { ...source, expectation: damagedExpectation(damage, source) } },
    { handoff: damage.handoff, ...(damage.array === undefined ? {} : { array: damage.array }) },
  );
  const run = await runBoot(plan, { timeoutMs: TIMEOUT_MS, isOver: consoleIsOver });
  const seen = readConsole(run.console);
  const { components, missing, equal } = compare(predictionOf(reception), seen, source.expectation.regions);
  return {
    id: one.id,
    about: one.about,
    kernel: kernel.name,
    equal,
    components,
    missing,
    trouble: seen.trouble.map(stable),
    ...(one.why === undefined ? {} : { why: one.why }),
    end: run.end,
    release: seen.release,
    console: run.console,
    steps: reception.steps,
  };
}

/** What `kho-abi receive` says of the same bytes, in the same machine. */
function receive(damage, kernel, plan) {
  const { memory, fdtAddress, target, handover, scratch } = damage;
  const fdt = memory.read(fdtAddress, memory.pageSize);
  const handoff = { ...plan.handoff, ...damage.handoff };
  const regions = handover.clients.find(({ name }) => name === 'memblock')?.data?.regions ?? [];
  return receiveHandover(findRelease('7.3'), {
    fdt: handoff.fdtAddress === fdtAddress ? fdt : undefined,
    fdtAddress: handoff.fdtAddress,
    memory: filled(memory, plan.layout.ram, kernel.machine.elf),
    machine: { byteOrder: 'little', pageShift: kernel.pageShift },
    sent: readSent(fdt, { memory, fdtAddress, byteOrder: 'little', pageShift: target.pageShift }),
    next: {
      ram: plan.layout.ram,
      fdtSize: handoff.fdtSize,
      scratchAddress: handoff.scratchAddress,
      scratch: { bytes: handoff.scratchSize, areas: scratch },
      regions: regions.map(({ name, size }) => ({ name: name.value, size: size.value, align: 4096n })),
      holes: kernel.arch === 'arm64' ? 'abort' : 'ones',
    },
  });
}

/** The machine's memory: where nothing was loaded it is zero. */
function filled(memory, ram, machine) {
  const inside = (address, length) =>
    ram.some(({ start, end }) => start <= address && address + BigInt(length) <= end);
  return {
    source: memory.source,
    hints: { ...memory.hints, machine },
    ranges: () => memory.ranges(),
    read(address, length) {
      const bytes = memory.read(address, length);
      if (bytes !== undefined || !inside(address, length)) return bytes;
      const mixed = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const at = address + BigInt(done);
        const count = Math.min(length - done, memory.pageSize - Number(at % BigInt(memory.pageSize)));
        const piece = memory.read(at, count);
        if (piece !== undefined) mixed.set(piece, done);
        done += count;
      }
      return mixed;
    },
  };
}

function readSent(fdt, options) {
  try {
    return decodeHandover(fdt, options);
  } catch (error) {
    if (error instanceof KhoError) return undefined;
    throw error;
  }
}

/** Sessions and contents as the damaged bytes have them; those of the whole handover when they cannot be read. */
function damagedExpectation({ memory, fdtAddress, target }, source) {
  try {
    const fdt = memory.read(fdtAddress, memory.pageSize);
    return sourceFromMemory(target, memory, fdtAddress, fdt, false).expectation;
  } catch (error) {
    if (error instanceof KhoError) return source.expectation;
    throw error;
  }
}

/** A kernel line without what changes from build to build. */
function stable(line) {
  return line
    .replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, '')
    .replace(/\b[0-9a-f]{16}\b/g, '…')
    .replace(/, CPU#.*$/, '');
}

function print({ id, kernel, equal, components, missing, trouble, end, steps }) {
  const words = components.map(({ name, predicted, seen }) =>
    predicted === seen ? `${name} ${seen}` : `${name} ${predicted}!=${seen}`,
  );
  console.log(`${equal ? 'equal' : 'DIFFERS'} ${kernel} ${id}: ${words.join(', ')} [${end}]`);
  if (!equal)
    for (const { part, outcome, why } of steps)
      if (!['ok', 'restored', 'not checked'].includes(outcome))
        console.log(`    model: ${part}: ${outcome}: ${why ?? ''}`);
  for (const line of missing) console.log(`    not printed: ${line}`);
  for (const line of trouble.slice(0, 3)) console.log(`    kernel: ${line}`);
}
