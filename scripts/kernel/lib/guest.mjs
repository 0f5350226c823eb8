/** The guest's program and its initramfs: compiled from guest/*.c with the machine's compiler, packed without root. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { writeCpio } from './cpio.mjs';
import { cacheFolder, MACHINES, MissingTool, needTools } from './tools.mjs';

const FOLDER = join(import.meta.dirname, '../guest');
const FLAGS = ['-O2', '-Wall', '-Wextra', '-Wno-format-zero-length', '-D_GNU_SOURCE', '-static', '-s'];

/** @returns path of the static program for an architecture, built when a source changed */
export async function guestInit(arch) {
  const { compiler } = MACHINES[arch];
  await needTools([compiler]);
  const files = readdirSync(FOLDER)
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
    .map((name) => join(FOLDER, name));
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const file of files) hash.update(readFileSync(file));
  const path = join(cacheFolder(), 'init', `${arch}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(path)) return path;
  mkdirSync(join(path, '..'), { recursive: true });
  const sources = files.filter((file) => file.endsWith('.c'));
  const made = await $({ quiet: true, nothrow: true })`${compiler} ${FLAGS} -o ${`${path}.part`} ${sources}`;
  if (/cannot find -lc\b/.test(made.stderr))
    throw new MissingTool(`${compiler} has no static C library: run \`npm run kernel:setup\``);
  if (made.exitCode !== 0) throw new Error(`${compiler} refused the guest's program:\n${made.stderr}`);
  renameSync(`${path}.part`, path);
  return path;
}

/**
 * @param {{init: string, expect: string, nextKernel?: string}} parts paths of program and kernel, text of /expect. With `nextKernel`
 *   the guest can call kexec: the kernel is in the initramfs, beside an initramfs for it.
 */
export function guestInitramfs({ init, expect, nextKernel }) {
  const base = [
    { name: 'dev', folder: true },
    { name: 'dev/console', device: [5, 1], mode: 0o600 },
    { name: 'dev/kmsg', device: [1, 11], mode: 0o600 },
    { name: 'proc', folder: true },
    { name: 'sys', folder: true },
    { name: 'init', mode: 0o755, content: readFileSync(init) },
    { name: 'expect', content: expect },
  ];
  if (nextKernel === undefined) return writeCpio(base);
  return writeCpio([
    ...base,
    { name: 'next-kernel', content: readFileSync(nextKernel) },
    { name: 'next-initrd', content: writeCpio(base) },
  ]);
}
