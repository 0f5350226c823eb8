/** Benchmarks on large dumps. The files are made when the first case asks for them, and those that take room are removed again. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { median, ROUNDS, rounds, row } from './bench-forms.mjs';
import { typescriptWorker } from './bench-process.mjs';
import { denseDump, sparseDump } from './fuzz-big-dump.mjs';

const MIB = 2 ** 20;
const MAIN = 'dist/cli/main.js';
const SPARSE = 'build/bench-sparse.elf';
const DENSE = 'build/bench-dense.elf';
const PAGES = 10_000_000;
const DENSE_GIB = 4;

/** One command of the built program on the sparse dump: time and peak memory of the whole process, medians of five. */
export function onSparseDump({ name, title, args, mostSeconds, mostMib }) {
  return {
    name,
    title,
    async run() {
      const { bytes, preserved } = sparseDump(SPARSE, PAGES);
      const seconds = [];
      const peaks = [];
      for (let round = 0; round < ROUNDS; round++) {
        const start = performance.now();
        peaks.push(peakOf(args(SPARSE)) / MIB);
        seconds.push((performance.now() - start) / 1000);
      }
      const peak = median(peaks);
      const made = row({
        ours: { value: peak, unit: 'MiB' },
        figure: { value: median(seconds), unit: 's' },
        limit: { most: mostSeconds, unit: 's' },
        note: `peak at most ${mostMib} MiB; ${bytes} bytes, ${preserved} preserved pages`,
      });
      return { ...made, ok: made.ok && peak <= mostMib };
    },
  };
}

/** Search for the root FDT in a dump without holes, which the system has in its cache after the first round. */
export function scanDenseDump({ name, title, least }) {
  return {
    name,
    title,
    async run() {
      const { bytes, fdtAddress } = denseDump(DENSE, DENSE_GIB);
      const worker = typescriptWorker(name, DENSE);
      try {
        const { checksum } = await worker.ready();
        if (checksum !== fdtAddress) throw new Error(`found ${checksum}, not ${fdtAddress}`);
        const [ns] = await rounds(() => worker.turn());
        return row({
          ours: { value: ns / 1e6, unit: 'ms' },
          figure: { value: bytes / ns, unit: 'GB/s' },
          limit: { least, unit: 'GB/s' },
        });
      } finally {
        worker.end();
        rmSync(DENSE, { force: true });
      }
    },
  };
}

/** Whether the built program has a command. */
export function hasCommand(name) {
  return existsSync(`dist/cli/${name}.js`);
}

function peakOf(args) {
  const run = spawnSync(process.execPath, ['--import', './scripts/lib/bench-peak.mjs', MAIN, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  if (run.status !== 0) throw new Error(`kho-abi ${args.join(' ')} failed with exit status ${run.status}`);
  return Number(run.output[3].toString());
}
