/** `kho-abi validate` and `kho-abi rules` as users run them, on what a machine gives. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeScenario, fromHex, getAbi, makeTarget, parseScenario } from '../../src/index.js';
import { cli, temporaryFolder } from '../support/cli.js';

const CAPTURE = join(import.meta.dirname, '../../golden/captures/linux-7.3.4-x86_64-4k');
const MEMORY = join(CAPTURE, 'memory.elf.gz');
const OUT_FDT = join(CAPTURE, 'debugfs-out-fdt.dtb');
/** Root FDT of 6.19 with two subtrees, as the documentation of the format has it. */
const V1_EDITED = fromHex(
  readFileSync(
    join(import.meta.dirname, '../../golden/documented/fdt-vectors/v1-edited.hex'),
    'latin1',
  ).replace(/^#.*$|^[0-9a-f]{4} /gm, ''),
);
const FOLDER = temporaryFolder();
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(FOLDER, name);
  writeFileSync(path, content);
  return path;
};

/** The debugfs files of the capture as they lie on a machine. */
function debugfs(name: string, fdt: string): string {
  const out = join(FOLDER, name, 'kho/out');
  mkdirSync(join(out, 'sub_fdts'), { recursive: true });
  copyFileSync(join(CAPTURE, fdt), join(out, 'fdt'));
  for (const sub of ['LUO', 'kexec-metadata', 'kho_test', 'memblock'])
    copyFileSync(join(CAPTURE, `debugfs-out-sub_fdts-${sub}`), join(out, 'sub_fdts', sub));
  for (const part of ['scratch_phys', 'scratch_len'])
    copyFileSync(join(CAPTURE, `debugfs-out-${part}`), join(out, part));
  return join(FOLDER, name);
}

describe('inputs are known by their content', () => {
  test('a dump', async () => {
    const { exitCode, stdout } = await cli(['validate', MEMORY]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('gzip of ELF core');
    expect(stdout).toContain('root FDT at  0x8da000');
    expect(stdout).toMatch(/0 errors, 0 warnings, \d+ notes: accepted by Linux 7\.2 and 7\.3 \(kho-v4\)/);
  });

  test('a root FDT with the dump it belongs to', async () => {
    const { exitCode, stdout } = await cli([
      'validate',
      join(CAPTURE, 'debugfs-in-fdt.dtb'),
      '--memory',
      MEMORY,
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('root FDT at  0x8da000');
  });

  test('the cut-off file of debugfs out', async () => {
    const { exitCode, stdout } = await cli(['validate', OUT_FDT]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('root FDT, cut off');
    expect(stdout).toContain('KHO190 debugfs-cut-off');
    expect(stdout).toContain("subtrees 'memblock', 'LUO', 'kho_test'");
    expect(stdout).toContain('kho/in/fdt of the next kernel, or a memory dump');
    expect((await cli(['validate', OUT_FDT, '--fail-on', 'warning'])).exitCode).toBe(4);
  });

  test('a debugfs folder', async () => {
    const { exitCode, stdout } = await cli(['validate', debugfs('in', 'debugfs-in-fdt.dtb')]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('debugfs folder (out)');
    expect(stdout).toContain('sub-blob of kexec-metadata');
    // The global scratch area of this machine is empty.
    expect(stdout).toContain('KHO502 scratch-zero-size');
    const cut = await cli(['validate', debugfs('out', 'debugfs-out-fdt.dtb')]);
    expect(cut.stdout).toContain('KHO190');
  });

  test('the cut-off file with a dump: named, and the whole FDT is taken from the dump', async () => {
    const { exitCode, stdout } = await cli(['validate', OUT_FDT, '--memory', MEMORY]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('KHO190 debugfs-cut-off');
    expect(stdout).toContain('root FDT at  0x8da000');
    expect(stdout).toMatch(/0 errors, 1 warning, \d+ notes: accepted with warnings by Linux 7\.2 and 7\.3/);
  });

  test('out and in of one machine: in is looked at where out is cut off', async () => {
    const folder = debugfs('both', 'debugfs-out-fdt.dtb');
    const given = join(folder, 'kho/in');
    mkdirSync(join(given, 'sub_fdts'), { recursive: true });
    copyFileSync(join(CAPTURE, 'debugfs-in-fdt.dtb'), join(given, 'fdt'));
    const { exitCode, stdout } = await cli(['validate', folder]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('debugfs folder (in, because out/fdt is cut off)');
    expect(stdout).toContain('KHO190 debugfs-cut-off');
    expect(stdout).toContain('Linux 7.2 and 7.3 (kho-v4)');
    // Scratch areas stand only in out.
    expect(stdout).toContain('KHO502 scratch-zero-size');
  });

  test('the file of 6.19 and 7.0, 152 bytes', async () => {
    // Sequential boot-time layout; the header already tells of a subtree that was added later.
    const whole = Buffer.from(V1_EDITED);
    const { stdout } = await cli(['validate', file('cut-6.19.dtb', whole.subarray(0, 152))]);
    expect(stdout).toContain('KHO190 debugfs-cut-off');
    expect(stdout).toContain("version 'kho-v1'");
    expect(stdout).not.toContain('KHO105');
  });

  test('--scratch auto: areas from the setup_data of a dump', async () => {
    // 4 MiB of a machine: the FDT is a page of a sound handover, the array and its area lie beside it.
    const { fdt, fdtAddress, memory } = encodeScenario(
      parseScenario('init kernel\npage 0x12345 0\n', 'test'),
      makeTarget(getAbi('kho-v4'), 'little', 12),
    );
    const base = 0x1_0000_0000n;
    const raw = Buffer.alloc(1 << 22);
    for (const { start, end } of memory.ranges())
      raw.set(memory.read(start, Number(end - start))!, Number(start - base));
    const word = (at: number, value: bigint) => raw.writeBigUInt64LE(value, at);
    // Area 0 is 4 MiB from 8 MiB on; area 1 is this memory, with the array and, wrongly, the map in it.
    for (const [index, value] of [0x80_0000n, 0x40_0000n, base, 0x40_0000n].entries())
      word(0x30_0000 + 8 * index, value);
    for (const [index, value] of [
      0n,
      10n | (32n << 32n),
      fdtAddress,
      4096n,
      base + 0x30_0000n,
      32n,
    ].entries())
      word(0x20_0100 + 8 * index, value);
    expect(fdt.length).toBeGreaterThan(0);
    const path = file('machine.raw', raw);
    const { exitCode, stdout } = await cli(['validate', path, '--base', `${base}`, '--scratch', 'auto']);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('KHO228 map-tracker-in-scratch');
    expect(stdout).not.toContain('KHO505');
    const none = await cli(['validate', MEMORY, '--scratch', 'auto']);
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toContain('E_NOT_FOUND: no scratch areas to find');
  });

  test('gzip of a root FDT', async () => {
    const bytes = gzipSync(readFileSync(join(CAPTURE, 'debugfs-in-fdt.dtb')));
    const { exitCode, stdout } = await cli(['validate', file('fdt.gz', bytes)]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('gzip of root FDT');
  });

  test('the blob of LUO, which is no device tree', async () => {
    const { exitCode, stderr } = await cli(['validate', join(CAPTURE, 'debugfs-out-sub_fdts-LUO')]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('this is the blob of LUO');
    expect(stderr).toContain('debugfs folder');
  });

  test('a sub-blob alone', async () => {
    const { exitCode, stdout } = await cli(['validate', join(CAPTURE, 'debugfs-out-sub_fdts-memblock')]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('sub-blob of memblock');
  });

  test.each([
    ['source.dts', '/dts-v1/;\n/ {};\n', 'device tree source text'],
    ['swapped.dtb', Uint8Array.of(0xed, 0xfe, 0x0d, 0xd0, ...Array(60).fill(0)), 'swapped bytes'],
    ['empty', '', 'an empty file'],
    ['zeros', new Uint8Array(4096), 'all zero bytes'],
    ['page.html', '<html></html>', 'a script or a web page'],
  ])('a wrong file: %s', async (name, content, said) => {
    const { exitCode, stderr } = await cli(['validate', file(name, content)]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(name);
    expect(stderr).toContain(said);
  });

  test('what does not fit together', async () => {
    expect((await cli(['validate', MEMORY, MEMORY])).stderr).toContain('more than one dump');
    expect((await cli(['validate', join(FOLDER, 'nothing')])).exitCode).toBe(2);
    expect((await cli(['validate', FOLDER])).stderr).toContain('not a debugfs folder');
    expect((await cli(['validate', MEMORY, '--scratch', 'auto'])).exitCode).toBe(2);
  });
});

describe('several formats in one run', () => {
  test('each to its file; the report is the same', async () => {
    const path = (name: string): string => join(FOLDER, name);
    const formats = ['json', 'sarif', 'junit', 'ktap', 'github', 'markdown', 'text'];
    const args = formats.flatMap((format) => ['--format', format, '-o', path(`report.${format}`)]);
    const { exitCode, stdout } = await cli(['validate', OUT_FDT, ...args]);
    expect([exitCode, stdout]).toEqual([0, '']);
    for (const format of formats)
      expect(readFileSync(path(`report.${format}`), 'utf8'), format).toContain('KHO190');
    const json = JSON.parse(readFileSync(path('report.json'), 'utf8')) as { findings: { rule: string }[] };
    expect(json.findings.map(({ rule }) => rule)).toEqual(['KHO190']);
    expect(readFileSync(path('report.text'), 'utf8')).not.toContain('\x1b');
  });

  test('two to standard output are refused', async () => {
    const { exitCode } = await cli(['validate', OUT_FDT, '--format', 'json', '--format', 'text']);
    expect(exitCode).toBe(2);
  });
});

describe('scratch and memory of the machine', () => {
  const scratch = (areas: [bigint, bigint][]): Uint8Array => {
    const bytes = Buffer.alloc(16 * areas.length);
    for (const [index, [at, size]] of areas.entries()) {
      bytes.writeBigUInt64LE(at, 16 * index);
      bytes.writeBigUInt64LE(size, 16 * index + 8);
    }
    return bytes;
  };

  test('a block in a scratch area is an error', async () => {
    // 0xc00000 is the first preserved block of the captured map.
    const path = file('scratch.bin', scratch([[0xc00000n, 0x400000n]]));
    const { exitCode, stdout } = await cli(['validate', MEMORY, '--scratch', path]);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('KHO226 map-block-in-scratch');
  });

  test('a block outside the given memory is an error', async () => {
    const all = await cli(['validate', MEMORY, '--ram', '0x0-0x3fffffff']);
    expect(all.exitCode).toBe(0);
    const { exitCode, stdout } = await cli([
      'validate',
      MEMORY,
      '--ram',
      '0+0x100000',
      '0x10000000-0x3fffffff',
    ]);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('KHO224 map-block-outside-ram');
    expect((await cli(['validate', MEMORY, '--ram', 'abc'])).exitCode).toBe(2);
  });
});

describe('what a fleet accepts, and what is accepted for a while', () => {
  test('a profile', async () => {
    const good = file('good.yaml', 'name: fleet\naccepts:\n  kho: [kho-v4]\n  luo: [luo-v5]\n');
    expect((await cli(['validate', MEMORY, '--profile', good])).stdout).not.toContain('kho-v3');
    const bad = file('bad.yaml', 'name: fleet\naccepts:\n  kho: [kho-v3]\n');
    const { exitCode, stdout } = await cli(['validate', MEMORY, '--profile', bad]);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('kho-v4');
    expect(
      (await cli(['validate', MEMORY, '--profile', file('odd.yaml', 'name: x\nsurprise: 1\n')])).exitCode,
    ).toBe(2);
  });

  test('suppressions: used, unused, expired, unknown', async () => {
    const entry = (rule: string, expires: string): string =>
      `- rule: ${rule}\n  path: /\n  reason: known file\n  expires: ${expires}\n`;
    const run = (content: string) =>
      cli(['validate', OUT_FDT, '--fail-on', 'warning', '--suppress', file('suppress.yaml', content)]);
    const used = await run(entry('KHO190', '2999-01-01'));
    expect(used.exitCode).toBe(0);
    expect(used.stdout).toContain('known file');
    expect((await run(entry('KHO190', '2999-01-01') + entry('KHO201', '2999-01-01'))).exitCode).toBe(4);
    expect((await run(entry('KHO190', '2001-01-01'))).exitCode).toBe(2);
    expect((await run(entry('KHO999', '2999-01-01'))).exitCode).toBe(2);
    expect((await run(`${entry('KHO190', '2999-01-01')}  surprise: 1\n`)).exitCode).toBe(2);
  });
});

describe('rules', () => {
  test('all, one, none', async () => {
    const all = await cli(['rules']);
    expect(all.stdout).toContain('KHO190  warning  debugfs-cut-off');
    const one = await cli(['rules', 'KHO225']);
    expect(one.stdout).toContain('the same memory is preserved under two orders');
    expect((await cli(['rules', 'map-blocks-overlap'])).stdout).toBe(one.stdout);
    expect((await cli(['rules', 'KHO999'])).exitCode).toBe(2);
  });
});
