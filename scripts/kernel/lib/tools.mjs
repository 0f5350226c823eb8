/** What the laboratory needs besides Node, by architecture, and what to install when it is missing. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { $ } from 'zx';

/** Something that is not installed; scripts end with status 3. */
export class MissingTool extends Error {}

/** Debian's packages by purpose. */
export const PACKAGES = {
  build: ['make', 'gcc', 'bc', 'bison', 'flex', 'libc6-dev', 'libelf-dev', 'libssl-dev', 'xz-utils'],
  arm64: ['gcc-aarch64-linux-gnu', 'libc6-dev-arm64-cross'],
  run: ['qemu-system-x86', 'qemu-system-arm'],
};

/** @returns {Record<string, string>} of one architecture: make's words, compiler, image and emulator */
export const MACHINES = {
  x86_64: {
    make: ['ARCH=x86_64'],
    compiler: 'gcc',
    target: 'bzImage',
    image: 'arch/x86/boot/bzImage',
    emulator: 'qemu-system-x86_64',
  },
  arm64: {
    make: ['ARCH=arm64', 'CROSS_COMPILE=aarch64-linux-gnu-'],
    compiler: 'aarch64-linux-gnu-gcc',
    target: 'Image',
    image: 'arch/arm64/boot/Image',
    emulator: 'qemu-system-aarch64',
  },
};

/** First line of `tool --version`. Throws MissingTool. */
export async function toolVersion(tool) {
  const result = await $({ quiet: true, nothrow: true })`${tool} --version`;
  if (result.exitCode !== 0) throw missing([tool]);
  return result.stdout.split('\n')[0].trim();
}

/** Throws MissingTool that names all that are missing, not only the first. */
export async function needTools(tools) {
  const absent = [];
  for (const tool of tools) {
    const result = await $({ quiet: true, nothrow: true })`sh -c ${`command -v ${tool}`}`;
    if (result.exitCode !== 0) absent.push(tool);
  }
  if (absent.length > 0) throw missing(absent);
}

/** What a build for one architecture needs. */
export function buildTools(arch) {
  return ['make', 'gcc', MACHINES[arch].compiler, 'bc', 'flex', 'bison'];
}

function missing(tools) {
  const names = [...PACKAGES.build, ...PACKAGES.arm64, ...PACKAGES.run].join(' ');
  return new MissingTool(
    `${tools.join(', ')} missing: run \`npm run kernel:setup\`, or install on Debian, Ubuntu: apt-get install ${names}`,
  );
}

/** The user's cache: sources, builds and images. Nothing of it belongs into the repository. */
export function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME;
  return join(base?.startsWith('/') ? base : join(homedir(), '.cache'), 'kho-abi', 'kernel');
}

/** Runs a script's main and turns what it throws into the exit status: 0, 1 failed, 3 something is missing. */
export async function runScript(name, main, alsoMissing = []) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    process.exitCode = [MissingTool, ...alsoMissing].some((kind) => error instanceof kind) ? 3 : 1;
  }
}

/** "4 min 12 s" */
export function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
