/**
 * The forms of benchmarks. Each function gives a case: `{ name, title, run(context) }`. Running it gives a row:
 * `{ ours, theirs?, figure, limit, ok, note? }`, where the first four are `{ value, unit }` and a limit also says `most` or `least`.
 * `context.witness()` is the command of the C witness, built when the first case asks for it.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { timeTool, toolOutput, typescriptWorker, Worker } from './bench-process.mjs';

export const ROUNDS = 5;
const MIB = 2 ** 20;

/** TypeScript and the C witness take turns on the same work; the figure is how many times longer TypeScript takes. */
export function sideBySide({ name, title, size, most }) {
  return {
    name,
    title,
    async run(context) {
      const [command, ...args] = await context.witness();
      const ours = typescriptWorker(name, size);
      const theirs = new Worker(command, [...args, 'bench', name, String(size)]);
      try {
        // One after the other, so that neither warm-up disturbs the other's memory.
        const sums = [(await ours.ready()).checksum, (await theirs.ready()).checksum];
        if (sums[0] !== sums[1]) throw new Error(`checksum ${sums[0]} in TypeScript, ${sums[1]} in C`);
        const ns = await rounds(
          () => ours.turn(),
          () => theirs.turn(),
        );
        return ratioRow(ns[0], ns[1], most);
      } finally {
        ours.end();
        theirs.end();
      }
    },
  };
}

/** Bytes a second of TypeScript alone. */
export function throughput({ name, title, bytes, least }) {
  return {
    name,
    title,
    async run() {
      const worker = typescriptWorker(name, bytes);
      try {
        await worker.ready();
        const [ns] = await rounds(() => worker.turn());
        return row({
          ours: milliseconds(ns),
          figure: { value: bytes / ns, unit: 'GB/s' },
          limit: { least, unit: 'GB/s' },
        });
      } finally {
        worker.end();
      }
    },
  };
}

/**
 * TypeScript on a blob against one process of a tool that prints it. What TypeScript writes must be what dtc writes, byte for
 * byte; the note is the ratio to that dtc.
 */
export function againstTool({ name, title, blob, tool, args, most }) {
  return {
    name,
    title,
    async run() {
      const path = await blob();
      const rewrite = ['-q', '-I', 'dtb', '-O', 'dtb', path];
      const worker = typescriptWorker(name, path);
      try {
        const { checksum } = await worker.ready();
        const expected = createHash('sha256').update(toolOutput('dtc', rewrite)).digest('hex');
        if (checksum !== expected) throw new Error(`sha256 ${checksum} in TypeScript, ${expected} from dtc`);
        const ns = await rounds(
          () => worker.turn(),
          () => timeTool(tool, [...args, path]),
          () => timeTool('dtc', rewrite),
        );
        return {
          ...ratioRow(ns[0], ns[1], most),
          note: `dtc -O dtb: ${(ns[2] / 1e6).toFixed(1)} ms, ratio ${(ns[0] / ns[2]).toFixed(2)}`,
        };
      } finally {
        worker.end();
      }
    },
  };
}

/** Peak resident memory of a process beyond the pages it had to make; median of five processes. */
export function peakMemory({ name, title, script, mostMib }) {
  return {
    name,
    title,
    async run() {
      const peaks = [];
      let treePages = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const said = JSON.parse(node([script]));
        treePages = said.treePages;
        peaks.push(said.peak);
      }
      const bare = Number(node(['-p', 'process.resourceUsage().maxRSS'])) * 1024;
      const peak = median(peaks);
      return row({
        ours: { value: peak / MIB, unit: 'MiB' },
        figure: { value: (peak - treePages) / MIB, unit: 'MiB' },
        limit: { most: mostMib, unit: 'MiB' },
        note: `tree pages ${(treePages / MIB).toFixed(1)} MiB, an empty node process ${(bare / MIB).toFixed(1)} MiB`,
      });
    },
  };
}

/** Medians of five rounds of each, taken in turn. */
export async function rounds(...turns) {
  const ns = turns.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, turn] of turns.entries()) ns[index].push(await turn());
  }
  return ns.map(median);
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function ratioRow(ours, theirs, most) {
  return row({
    ours: milliseconds(ours),
    theirs: milliseconds(theirs),
    figure: { value: ours / theirs, unit: '' },
    limit: { most, unit: '' },
  });
}

/** A row of the table, with its verdict. */
export function row({ figure, limit, ...rest }) {
  const ok = limit.most === undefined ? figure.value >= limit.least : figure.value <= limit.most;
  return { ...rest, figure, limit, ok };
}

function milliseconds(ns) {
  return { value: ns / 1e6, unit: 'ms' };
}

function node(args) {
  const { status, stdout } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`\`node ${args.join(' ')}\` failed`);
  return stdout.toString();
}
