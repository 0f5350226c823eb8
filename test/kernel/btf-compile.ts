/** Objects with BTF: C compiled with debug information for two machines and converted by the real pahole. */
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { PATHS, tool } from './tools.js';

const ROOT = join(import.meta.dirname, '../..');
const RUN = { quiet: true, env: PATHS } as const;

export interface Machine {
  name: string;
  order: 'little' | 'big';
  compiler: string;
  package: string;
}

export const X86_64: Machine = { name: 'x86_64', order: 'little', compiler: 'gcc', package: 'gcc' };
export const S390X: Machine = {
  name: 's390x',
  order: 'big',
  compiler: 's390x-linux-gnu-gcc',
  package: 'gcc-s390x-linux-gnu',
};
export const MACHINES = [X86_64, S390X];

/** Compiles a text to an object with DWARF and BTF. */
export async function compileBtf(
  machine: Machine,
  folder: string,
  code: string,
  defines: readonly string[] = [],
): Promise<string> {
  const source = join(folder, 'code.c');
  writeFileSync(source, code);
  return await build(machine, folder, [source], ['-ffreestanding', '-w', ...defines]);
}

/** All of the C witness but its second program, as one object. */
export async function compileWitness(machine: Machine, folder: string, pageShift: number): Promise<string> {
  const witness = join(ROOT, 'test/witness');
  const sources = readdirSync(witness)
    .filter((file) => file.endsWith('.c') && file !== 'fdtcheck.c')
    .map((file) => join(witness, file));
  // Only these three headers of the host: a cross compiler must not see the others.
  const include = join(folder, 'include');
  mkdirSync(include, { recursive: true });
  for (const header of ['fdt.h', 'libfdt.h', 'libfdt_env.h']) {
    const from = join('/usr/include', header);
    if (!existsSync(from))
      throw new Error(`${header} is missing; Debian, Ubuntu: apt-get install libfdt-dev`);
    cpSync(from, join(include, header));
  }
  return await build(machine, folder, sources, [`-I${include}`, `-DPAGE_SHIFT=${pageShift}`]);
}

async function build(
  machine: Machine,
  folder: string,
  sources: readonly string[],
  flags: readonly string[],
): Promise<string> {
  await tool(machine.compiler, machine.package);
  await tool('pahole', 'dwarves');
  const out = join(folder, `${machine.name}.o`);
  await $(RUN)`${machine.compiler} -std=gnu11 -g -r -nostdlib ${flags} ${sources} -o ${out}`;
  await $(RUN)`pahole --btf_gen_floats -J ${out}`;
  return out;
}
