#!/usr/bin/env node
/**
 * Builds a small kernel with KHO for the laboratory and prints the path of its image. README.md tells what for.
 *
 *   npm run kernel:build -- --arch x86_64|arm64 --page-size 4K|16K|64K [--source DIR|TARBALL] [--set NAME=VALUE]... [--jobs N]
 *
 * Exit status: 0 there is an image, 1 it failed, 3 a tool or the sources are missing.
 */
import { parseArgs } from 'node:util';
import ora from 'ora';
import { AptError } from '../lib/apt-foreign.mjs';
import { kernelImage } from './lib/build.mjs';
import { ARCHITECTURES, PAGE_SIZES } from './lib/config.mjs';
import { duration, runScript } from './lib/tools.mjs';

const { values: given } = parseArgs({
  options: {
    arch: { type: 'string', default: 'x86_64' },
    'page-size': { type: 'string', default: '4K' },
    source: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    jobs: { type: 'string' },
  },
});

await runScript('kernel:build', main, [AptError]);

async function main() {
  const { arch, 'page-size': pageSize } = given;
  if (!ARCHITECTURES.includes(arch)) throw new Error(`--arch must be one of ${ARCHITECTURES.join(', ')}`);
  if (!PAGE_SIZES[arch].includes(pageSize))
    throw new Error(`--page-size of ${arch} must be one of ${PAGE_SIZES[arch].join(', ')}`);
  const jobs = given.jobs === undefined ? undefined : Number(given.jobs);
  if (jobs !== undefined && !(Number.isInteger(jobs) && jobs >= 1))
    throw new Error('--jobs must be a number from 1 on');
  const start = Date.now();
  const progress = ora({ stream: process.stderr }).start();
  const ticker = setInterval(() => {
    progress.suffixText = duration(Date.now() - start);
  }, 1000);
  try {
    const { image, version, origin, options, compiler, built } = await kernelImage(
      { arch, pageSize, source: given.source, set: given.set, ...(jobs === undefined ? {} : { jobs }) },
      (text) => {
        progress.text = text;
      },
    );
    progress.stop();
    console.log(
      `Linux ${version} for ${arch}, ${pageSize} pages (${origin}; ${compiler}; options sha256:${options.slice(0, 12)})`,
    );
    console.log(`${built ? `built in ${duration(Date.now() - start)}` : 'from the cache'}: ${image}`);
  } finally {
    clearInterval(ticker);
    progress.stop();
  }
}
