#!/usr/bin/env node
/**
 * Lets real kernels judge handovers: replays of what kho-abi encodes and of captures, and predictions of `kho-abi receive` against
 * what a kernel does with handovers that are whole or damaged on purpose.
 *
 *   npm run kernel:judge -- [--arch arm64|x86_64] [--page-size 4K|16K|64K] [--image FILE]... [--init ARCH=FILE]... [--source DIR]
 *
 * Without `--image` the kernels are those of `npm run kernel:build`, which are built when they are not there.
 *
 * `--only WORD` takes the cases whose id holds it, `--part replays|predictions` one half, `--accept` writes the tables into
 * golden/captures, `--render` only makes the tables again from their data, `--jobs N` runs N machines at a time (2), `-v` prints every row.
 *
 * Exit status: 0 all as predicted and accepted, or explained; 1 it failed; 3 QEMU is missing; 4 there are other differences.
 */
import { parseArgs } from 'node:util';
import { KhoError } from '../../dist/index.js';
import { loadKernels } from './judge/kernels.mjs';
import { predictions } from './judge/predictions.mjs';
import { replays } from './judge/replays.mjs';
import { renderTables } from './judge/tables.mjs';
import { MissingTool } from './lib/tools.mjs';

const { values: options } = parseArgs({
  options: {
    image: { type: 'string', multiple: true, default: [] },
    init: { type: 'string', multiple: true, default: [] },
    arch: { type: 'string' },
    'page-size': { type: 'string' },
    source: { type: 'string' },
    only: { type: 'string' },
    part: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    render: { type: 'boolean', default: false },
    accept: { type: 'boolean', default: false },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
});

try {
  const kernels = options.render ? [] : await loadKernels(options);
  let fine = true;
  if (options.render) renderTables();
  if (!options.render && options.part !== 'predictions') fine = (await replays(kernels, options)) && fine;
  if (!options.render && options.part !== 'replays') fine = (await predictions(kernels, options)) && fine;
  process.exitCode = fine ? 0 : 4;
} catch (error) {
  const known = error instanceof KhoError || error instanceof MissingTool;
  console.error(`judge: ${known ? error.message : error.stack}`);
  process.exitCode = error instanceof KhoError ? error.exitStatus : error instanceof MissingTool ? 3 : 1;
}
