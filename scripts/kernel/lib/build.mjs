/** Builds a kernel out of tree and keeps the image in the user's cache, under a key of source, options and compiler. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { $ } from 'zx';
import { cacheKey, configText, kernelOptions, lostOptions } from './config.mjs';
import { kernelSource } from './source.mjs';
import { buildTools, cacheFolder, MACHINES, needTools, toolVersion } from './tools.mjs';

/** A build is stopped after this long. */
const MAX_BUILD = '90m';

/**
 * @param {{arch: string, pageSize: string, source?: string, set?: string[], jobs?: number}} wanted
 * @param {(text: string) => void} report is told what is being done
 * @returns image path, kernel version, origin of the sources, SHA-256 of the options, compiler, and whether it was built now
 */
export async function kernelImage({ arch, pageSize, source, set = [], jobs }, report) {
  await needTools(buildTools(arch));
  const { make, compiler, target, image } = MACHINES[arch];
  const compilerVersion = await toolVersion(compiler);
  const options = kernelOptions(arch, pageSize, set);
  const { tree, origin, version, stamp } = await kernelSource(source, report);
  const key = cacheKey({
    version: `${version} ${stamp}`,
    arch,
    pageSize,
    options,
    compiler: compilerVersion,
  });
  const kept = join(cacheFolder(), 'images', key);
  const facts = {
    image: join(kept, basename(image)),
    version,
    origin,
    options: createHash('sha256').update(configText(options)).digest('hex'),
    compiler: compilerVersion,
    arch,
    pageSize,
  };
  // The facts are written last: without them the image may be half a file.
  if (existsSync(join(kept, 'facts.json'))) return { ...facts, built: false };
  const out = join(cacheFolder(), 'build', key);
  mkdirSync(out, { recursive: true });
  mkdirSync(kept, { recursive: true });
  const fragment = join(out, 'asked-for.config');
  writeFileSync(fragment, configText(options));
  report(`configuring Linux ${version} for ${arch}, ${pageSize} pages`);
  const words = [
    '-s',
    '-C',
    tree,
    `O=${out}`,
    ...make,
    'KBUILD_BUILD_USER=kho-abi',
    'KBUILD_BUILD_HOST=laboratory',
  ];
  await step(
    $({
      quiet: true,
      nothrow: true,
      env: { ...process.env, KCONFIG_ALLCONFIG: fragment },
    })`make ${words} allnoconfig`,
  );
  await step($({ quiet: true, nothrow: true })`make ${words} olddefconfig`);
  const lost = lostOptions(options, readFileSync(join(out, '.config'), 'utf8'));
  if (lost.length > 0)
    throw new Error(
      `these options did not survive olddefconfig:\n${lost.map((line) => `  ${line}`).join('\n')}`,
    );
  report(`building ${target} of Linux ${version} for ${arch}, ${pageSize} pages; several minutes`);
  const lanes = jobs ?? availableParallelism();
  await step(
    $({ quiet: true, nothrow: true, timeout: MAX_BUILD })`nice -n 10 make ${words} -j${lanes} ${target}`,
  );
  copyFileSync(join(out, image), facts.image);
  writeFileSync(
    join(kept, 'facts.json'),
    `${JSON.stringify({ ...facts, size: statSync(facts.image).size }, undefined, 1)}\n`,
  );
  rmSync(out, { recursive: true });
  return { ...facts, built: true };
}

async function step(command) {
  const result = await command;
  if (result.exitCode === 0) return;
  const last = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`make failed:\n${last}`);
}
