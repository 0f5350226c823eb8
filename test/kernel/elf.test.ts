/** ELF files by their sections. Objects come from real compilers and assemblers; readelf says what is in them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { $ } from 'zx';
import { BufferSource, KhoError } from '../../src/index.js';
import { openElfObject } from '../../src/kernel/index.js';
import { thrown } from '../support/errors.js';
import { tool } from './tools.js';

const folder = mkdtempSync(join(tmpdir(), 'kho-elf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CODE = `
struct pair { unsigned long long a; unsigned short b; } numbers[3] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
char room[40];
extern int outside;
int reach(void) { return outside + (int)numbers[1].a + room[3]; }
`;
const COMPILERS = [
  { name: 'x86_64', command: ['gcc'], package: 'gcc' },
  { name: 'i386', command: ['gcc', '-m32'], package: 'gcc' },
  { name: 's390x', command: ['s390x-linux-gnu-gcc'], package: 'gcc-s390x-linux-gnu' },
  { name: 's390 (ELF32)', command: ['s390x-linux-gnu-gcc', '-m31'], package: 'gcc-s390x-linux-gnu' },
];

async function compiled({ command, package: wanted }: (typeof COMPILERS)[number]): Promise<string> {
  await tool(command[0]!, wanted);
  const [code, object] = [join(folder, 'code.c'), join(folder, 'code.o')];
  writeFileSync(code, CODE);
  await $({ quiet: true })`${command} -ffreestanding -fno-pic -ffunction-sections -g -c ${code} -o ${object}`;
  return object;
}

/** Lines of `readelf -S -W` as name, type number is left out, address, offset, size. */
async function readelfSections(path: string): Promise<{ name: string; offset: number; size: number }[]> {
  await tool('readelf', 'binutils');
  const { stdout } = await $({ quiet: true })`readelf -S -W ${path}`;
  return [...stdout.matchAll(/^ +\[ *\d+\] (\S*) +[A-Z_0-9]+ +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)/gm)].map(
    ([, name, , offset, size]) => ({
      name: name!,
      offset: Number.parseInt(offset!, 16),
      size: Number.parseInt(size!, 16),
    }),
  );
}

describe('objects of real compilers', () => {
  test.each(COMPILERS)('$name: sections as readelf lists them', async (compiler) => {
    const path = await compiled(compiler);
    const object = openElfObject(readFileSync(path), path);
    const wanted = await readelfSections(path);
    expect(wanted.length).toBeGreaterThan(10);
    const found = object.sections.map(({ name, offset, size }) => ({
      name,
      offset: Number(offset),
      size: Number(size),
    }));
    // readelf shows the empty name of section 0 as no column at all.
    expect(found.slice(1)).toEqual(wanted.filter(({ name }) => name !== ''));
  });

  test.each(COMPILERS)('$name: symbols as readelf lists them', async (compiler) => {
    const path = await compiled(compiler);
    const object = openElfObject(readFileSync(path), path);
    const { stdout } = await $({ quiet: true })`readelf -s -W ${path}`;
    const wanted = [...stdout.matchAll(/^ +\d+: ([0-9a-f]+) +(\d+) (\S+) +\S+ +\S+ +(\S+) ?(\S*)$/gm)].map(
      ([, value, size, kind, section, name]) => ({
        value: BigInt(`0x${value}`),
        size: BigInt(size!),
        section: section === 'UND' ? 0 : section === 'ABS' ? 0xfff1 : Number(section),
        // readelf names a symbol of a section after the section.
        name: kind === 'SECTION' ? '' : name!,
      }),
    );
    expect(wanted.length).toBeGreaterThan(5);
    expect(object.symbols).toEqual(wanted);
    const numbers = object.symbols.find(({ name }) => name === 'numbers')!;
    const data = object.sections[numbers.section]!.bytes();
    const view = new DataView(data.buffer, data.byteOffset + Number(numbers.value), Number(numbers.size));
    const stride = Number(numbers.size) / 3;
    const little = object.byteOrder === 'little';
    expect([0, 1, 2].map((index) => view.getBigUint64(index * stride, little))).toEqual([1n, 3n, 5n]);
  });

  test('more sections than 16 bits hold', async () => {
    await tool('as', 'binutils');
    const [source, path] = [join(folder, 'many.s'), join(folder, 'many.o')];
    const count = 66_000;
    const lines = Array.from(
      { length: count },
      (_, index) => `.section .s${index},"a"\n.byte ${index & 255}`,
    );
    writeFileSync(source, `${lines.join('\n')}\n`);
    await $({ quiet: true })`as ${source} -o ${path}`;
    const object = openElfObject(readFileSync(path), path);
    expect(object.sections.length).toBeGreaterThan(count);
    expect([...object.section('.s65999')!.bytes()]).toEqual([65_999 & 255]);
  });

  test('a compressed section is refused with the way to unpack it', async () => {
    const path = await compiled(COMPILERS[0]!);
    await $({ quiet: true })`objcopy --compress-debug-sections=zlib ${path} ${path}.z`;
    const section = openElfObject(readFileSync(`${path}.z`)).section('.debug_info')!;
    const error = thrown(() => section.bytes());
    expect(error.code).toBe('E_ELF');
    expect(error.message).toMatch(/\.debug_info.*compressed.*objcopy --decompress-debug-sections/);
  });
});

describe('damaged files', () => {
  test('cut at every byte, and mutated: a result or a KhoError', async () => {
    const good = readFileSync(await compiled(COMPILERS[2]!));
    const whole = (bytes: Uint8Array): void => {
      try {
        const object = openElfObject(new BufferSource('damaged', bytes));
        for (const section of object.sections) if (section.type !== 0) section.bytes();
        object.symbols.length;
      } catch (error) {
        if (!(error instanceof KhoError) || error.exitStatus !== 2) throw error;
        expect(error.message).toContain('damaged');
      }
    };
    for (let length = 0; length < good.length; length++) whole(good.subarray(0, length));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of changes) bytes[at] = value;
          whole(bytes);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each([
    { what: 'a text', bytes: Buffer.from('hello, world'), code: 'E_WRONG_KIND' },
    { what: 'an ELF file of class 3', bytes: Buffer.from('7f454c4603010100', 'hex'), code: 'E_ELF' },
    { what: 'four bytes', bytes: Buffer.from('7f454c46', 'hex'), code: 'E_ELF' },
  ])('$what is refused', ({ bytes, code }) => {
    expect(thrown(() => openElfObject(bytes)).code).toBe(code);
  });
});
