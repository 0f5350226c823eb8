/**
 * Builds the C witness: for the host (little endian) and for s390x (big endian, run by qemu), one program a page size.
 * Programs are kept in build/witness and built again only when a source changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { AptError, downloadForeign } from './apt-foreign.mjs';

const SOURCES = 'test/witness';
const BUILD = 'build/witness';
/** A program of its own, with a main of its own. */
const FDT_CHECK = 'fdtcheck.c';
const FLAGS = ['-O2', '-std=gnu11', '-Wall', '-Wextra', '-Werror'];

export const PAGE_SHIFTS = [12, 14, 16];

/** What to install when something is missing. */
export const WITNESS_PACKAGES =
  'Debian, Ubuntu: apt-get install gcc libfdt-dev gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static';

/** Something that the witness needs is not installed. */
export class MissingTool extends Error {}

/** Command prefix of the host's witness for a page shift. Builds it if needed. */
export async function hostWitness(pageShift) {
  await need('gcc', ['--version']);
  return [await build(`le-${pageShift}`, ['gcc', ...FLAGS, `-DPAGE_SHIFT=${pageShift}`], ['-lfdt'])];
}

/** Command prefix of the big-endian witness for a page shift: emulator and program. */
export async function bigEndianWitness(pageShift) {
  await need('s390x-linux-gnu-gcc', ['--version']);
  const emulator = await firstOf(['qemu-s390x-static', 'qemu-s390x']);
  const { include, library } = await foreignLibfdt();
  const compile = ['s390x-linux-gnu-gcc', ...FLAGS, `-DPAGE_SHIFT=${pageShift}`, `-I${include}`, '-static'];
  return [emulator, await build(`be-${pageShift}`, compile, [library])];
}

/** Path of the program that tells libfdt's verdict on a stream of blobs. Builds it if needed. */
export async function fdtCheckProgram() {
  await need('gcc', ['--version']);
  return await build('fdtcheck', ['gcc', ...FLAGS], ['-lfdt'], (file) => file === FDT_CHECK);
}

async function build(name, compile, libraries, belongs = (file) => file !== FDT_CHECK) {
  const sources = readdirSync(SOURCES)
    .filter((file) => file.endsWith('.c') && belongs(file))
    .sort()
    .map((file) => join(SOURCES, file));
  const headers = readdirSync(SOURCES)
    .filter((file) => file.endsWith('.h'))
    .sort()
    .map((file) => join(SOURCES, file));
  const sum = createHash('sha256').update([...compile, ...libraries].join('\0'));
  for (const file of [...sources, ...headers]) sum.update(readFileSync(file));
  const stamp = sum.digest('hex');
  const program = join(BUILD, name);
  const stampFile = `${program}.stamp`;
  if (existsSync(program) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp)
    return program;
  mkdirSync(BUILD, { recursive: true });
  rmSync(stampFile, { force: true });
  const result = await $({ quiet: true, nothrow: true })`${compile} ${sources} ${libraries} -o ${program}`;
  if (result.exitCode !== 0) {
    if (/libfdt\.h|-lfdt/.test(result.stderr))
      throw new MissingTool(`libfdt's header or library is missing; ${WITNESS_PACKAGES}`);
    throw new Error(`the witness does not compile:\n${result.stderr}`);
  }
  writeFileSync(stampFile, stamp);
  return program;
}

/** libfdt for s390x: installed (multiarch), or fetched by name into the build folder. */
async function foreignLibfdt() {
  const installed = '/usr/lib/s390x-linux-gnu/libfdt.a';
  if (existsSync(installed)) return { include: '/usr/include', library: installed };
  const root = join(BUILD, 's390x');
  const library = join(root, 'usr/lib/s390x-linux-gnu/libfdt.a');
  if (!existsSync(library)) {
    mkdirSync(BUILD, { recursive: true });
    try {
      const [deb] = await downloadForeign(BUILD, 's390x', async () => ['libfdt-dev']);
      await $({ quiet: true })`dpkg-deb -x ${deb} ${root}`;
    } catch (error) {
      if (error instanceof AptError)
        throw new MissingTool(`libfdt for s390x is missing (${error.message}); install libfdt-dev:s390x`);
      throw error;
    }
  }
  return { include: join(root, 'usr/include'), library };
}

async function need(command, args) {
  const result = await $({ quiet: true, nothrow: true })`${command} ${args}`.catch(() => ({ exitCode: 127 }));
  if (result.exitCode !== 0) throw new MissingTool(`${command} is not installed; ${WITNESS_PACKAGES}`);
}

async function firstOf(commands) {
  for (const command of commands) {
    const result = await $({ quiet: true, nothrow: true })`${command} --version`.catch(() => ({
      exitCode: 127,
    }));
    if (result.exitCode === 0) return command;
  }
  throw new MissingTool(`${commands[0]} is not installed; ${WITNESS_PACKAGES}`);
}
