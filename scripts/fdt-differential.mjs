#!/usr/bin/env node
/**
 * Judges mutated device tree blobs with our checker, with libfdt's fdt_check_full and, a part of them, with dtc and fdtdump. A blob
 * that only one side accepts must be explained by test/hostile/fdt-disagreements.yaml.
 *
 *   node scripts/fdt-differential.mjs [--blobs N] [--seed S] [--sample N] [--list FILE] [--unused]
 *
 * --sample: blobs for dtc and fdtdump, one process each, besides all on which libfdt and we disagree. --unused: a class of the list
 * that explained nothing is a failure too; for long runs.
 *
 * Exit status: 0 all agree or are explained, 1 it failed, 3 gcc, libfdt or dtc is missing, 4 a disagreement without explanation.
 */
import { parseArgs } from 'node:util';
import { fuzzBlob, seedBlobs } from './lib/fuzz-blobs.mjs';
import { DISAGREEMENTS, ourVerdict, readDisagreements } from './lib/fuzz-explain.mjs';
import { libfdtVerdicts, toolVerdict } from './lib/fuzz-libfdt.mjs';
import { Tally } from './lib/fuzz-tally.mjs';
import { MissingTool } from './lib/witness-build.mjs';

const { values: given } = parseArgs({
  options: {
    blobs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    sample: { type: 'string', default: '2000' },
    list: { type: 'string', default: DISAGREEMENTS },
    unused: { type: 'boolean', default: false },
  },
});

try {
  process.exitCode = await main(Number(given.blobs), Number(given.seed), Number(given.sample));
} catch (error) {
  console.error(`fdt-differential: ${error.message}`);
  process.exitCode = error instanceof MissingTool ? 3 : 1;
}

async function main(count, seed, sample) {
  const list = readDisagreements(given.list);
  const seeds = seedBlobs();
  const blobAt = (index) => fuzzBlob(seeds, seed, index);
  const tally = new Tally(list);
  const libfdt = await libfdtVerdicts(count, blobAt);
  const step = Math.max(1, Math.floor(count / Math.max(1, sample)));
  for (let index = 0; index < count; index++) {
    const verdict = ourVerdict(blobAt(index));
    const agreed = tally.judge('libfdt', index, verdict, libfdt[index].code);
    if (verdict.accepts && libfdt[index].code === 'OK' && verdict.nodes !== libfdt[index].nodes)
      tally.unexplained.push({
        index,
        text: `libfdt meets ${libfdt[index].nodes} nodes, we ${verdict.nodes}`,
      });
    if (agreed && (sample === 0 || index % step !== 0)) continue;
    for (const tool of ['dtc', 'fdtdump'])
      tally.judge(tool, index, verdict, toolVerdict(tool, verdict.blob).code);
  }
  return tally.report(blobAt, count, seed, given.unused);
}
