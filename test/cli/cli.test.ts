import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { blob, SMALL } from '../support/blob.js';
import { cli, temporaryFolder } from '../support/cli.js';

const ROOT = join(import.meta.dirname, '../..');
const CAPTURE = join(ROOT, 'golden/captures/linux-7.3.4-x86_64-4k');
const SCENARIO = join(ROOT, 'golden/scenarios/33-scratch.scenario');

function schema(name: string) {
  return new Ajv2020({ strict: false }).compile(
    JSON.parse(readFileSync(join(ROOT, 'abi/schema', name), 'utf8')),
  );
}

/** A file in a new folder. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

describe('help and usage', () => {
  test.each([[], ['check'], ['encode'], ['decode'], ['inspect'], ['fdt'], ['golden'], ['abi']])(
    '%s --help',
    async (...command) => {
      const { exitCode, stdout } = await cli([...command, '--help']);
      expect(exitCode).toBe(0);
      expect(stdout).toContain('Usage: kho-abi');
      if (command.length > 0 && command[0] !== 'golden') expect(stdout).toContain('Example:');
    },
  );

  test('version', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect((await cli(['--version'])).stdout).toBe(`${version}\n`);
  });

  test.each([
    [['nonsense'], 'unknown command'],
    [['inspect'], 'an FDT file, --memory DUMP, or both'],
    [['inspect', '--what'], 'unknown option'],
    [['encode', SCENARIO], 'required option'],
    [['encode', SCENARIO, '--abi', 'kho-v9', '-o', 'x'], 'unknown ABI'],
    [['encode', SCENARIO, '--abi', 'kho-v2', '--page-size', '8K', '-o', 'x'], '4K, 16K or 64K'],
    [['encode', SCENARIO, '--abi', 'kho-v2', '--byte-order', 'middle', '-o', 'x'], 'little or big'],
    [['check', '--abi', 'kho-v9'], 'unknown ABI'],
    [['abi', 'show', 'kho-v9'], 'kho-v2, kho-v3-7.1-rc1, kho-v3, kho-v4'],
    [['fdt', '/nonexistent'], 'ENOENT'],
    [['inspect', '--memory', 'x', '--base', 'zz'], 'not an address'],
    [['inspect', join(CAPTURE, 'debugfs-in-fdt.dtb'), '--base', '0x0'], '--base is for --memory'],
  ])('%j exits with 2', async (args, message) => {
    const { exitCode, stderr, stdout } = await cli(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('internal error');
  });
});

describe('encode, inspect, decode', () => {
  test('a scenario becomes files that read back the same', async () => {
    const out = temporaryFolder();
    const encoded = await cli([
      'encode',
      SCENARIO,
      '--abi',
      'kho-v4',
      '--byte-order',
      'big',
      '--page-size',
      '16K',
      '-o',
      out,
    ]);
    expect(encoded).toMatchObject({ exitCode: 0, stderr: '' });
    expect(readdirSync(out).sort()).toEqual(
      [
        'chosen.dtso',
        'handover.dtb',
        'log.txt',
        'memory.elf',
        'memory.hexdump',
        'scratch.bin',
        'setup-data.bin',
        'walk.txt',
      ].sort(),
    );
    const golden = join(ROOT, 'golden/kho-v4/be-16k/33-scratch');
    for (const name of readdirSync(golden))
      expect(Buffer.compare(readFileSync(join(out, name)), readFileSync(join(golden, name)))).toBe(0);

    for (const dump of ['memory.elf', 'memory.hexdump']) {
      const walked = await cli(['inspect', '--memory', join(out, dump), '--walk']);
      expect(walked).toEqual({
        exitCode: 0,
        stdout: readFileSync(join(out, 'walk.txt'), 'utf8'),
        stderr: '',
      });
    }
    const decimal = await cli(['inspect', '--memory', join(out, 'memory.elf'), '--walk', '--decimal']);
    expect(decimal.stdout.split('\n')[0]).toBe(
      readFileSync(join(out, 'walk.txt'), 'utf8')
        .split('\n')[0]!
        .replace(/0x[0-9a-f]+/, (text) => BigInt(text).toString()),
    );

    const decoded = join(out, 'decoded');
    expect((await cli(['decode', '--memory', join(out, 'memory.elf'), '-o', decoded])).exitCode).toBe(0);
    for (const name of ['handover.dtb', 'walk.txt'])
      expect(Buffer.compare(readFileSync(join(decoded, name)), readFileSync(join(out, name)))).toBe(0);
    const model = JSON.parse(readFileSync(join(decoded, 'model.json'), 'utf8')) as {
      byteOrder: string;
      pageSize: number;
    };
    expect(model).toMatchObject({ byteOrder: 'big', pageSize: 16384 });
  });

  test('gzip and raw, and a raw dump needs its base', async () => {
    const scenario = file('plain.scenario', 'init kernel\npage 0x123456 0\n');
    const out = temporaryFolder();
    expect((await cli(['encode', scenario, '--abi', 'kho-v2', '-o', out, '--gzip', '--raw'])).exitCode).toBe(
      0,
    );
    expect(existsSync(join(out, 'memory.elf'))).toBe(false);
    expect(
      gunzipSync(readFileSync(join(out, 'memory.elf.gz')))
        .subarray(1, 4)
        .toString(),
    ).toBe('ELF');
    const raw = join(out, 'memory.raw');
    expect((await cli(['inspect', '--memory', raw])).stderr).toContain('--base');
    const { stdout, exitCode } = await cli([
      'inspect',
      '--memory',
      raw,
      '--base',
      '0x100000000',
      '--page-size',
      '4K',
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('0x123456000');
  });

  test('a 16K tree of kho-v2 is announced wherever it is written or read', async () => {
    const scenario = file('plain.scenario', 'init kernel\n');
    const out = temporaryFolder();
    const encoded = await cli(['encode', scenario, '--abi', 'kho-v2', '--page-size', '16K', '-o', out]);
    expect(encoded.stdout).toContain('erratum B3: Trees of 16K pages lose the order bit of order-0 pages');
    const inspected = await cli(['inspect', '--memory', join(out, 'memory.elf')]);
    expect(inspected.stdout).toContain('erratum B3');
    expect(inspected.stdout).toContain('What was meant (order-0 pages put right)');
    const shown = await cli(['abi', 'show', 'kho-v2']);
    expect(shown.stdout).toContain('B3 (16K pages)');
  });

  test('a known defect of the kernel is refused', async () => {
    const { exitCode, stderr } = await cli([
      'encode',
      join(ROOT, 'golden/scenarios/42-range-pfn0.scenario'),
      '--abi',
      'kho-v2',
      '-o',
      temporaryFolder(),
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('E_KERNEL_DEFECT');
    expect(stderr).toContain('42-range-pfn0.scenario:2:7: ');
    expect(stderr).toContain('erratum B35');
  });

  test('an operation that the kernel refuses is shown, with its result', async () => {
    const scenario = file('taken.scenario', 'subtree LUO 0x1000 1\nsubtree LUO 0x2000 1\n');
    expect((await cli(['encode', scenario, '--abi', 'kho-v2', '-o', temporaryFolder()])).stdout).toContain(
      'taken.scenario:2: subtree LUO 0x2000 1 -> -17',
    );
  });

  test('a real kernel, from its dump alone', async () => {
    const { stdout, exitCode } = await cli([
      'inspect',
      '--memory',
      join(CAPTURE, 'memory.elf.gz'),
      '--json',
      '--walk',
    ]);
    expect(exitCode).toBe(0);
    const validate = schema('inspect.schema.json');
    const report: unknown = JSON.parse(stdout);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect(report).toMatchObject({
      abi: 'kho-v4',
      byteOrder: 'little',
      pageSize: 4096,
      fdt: { address: '0x8da000' },
      map: { depth: 6, tables: 34, leaves: 10, blocks: 38 },
    });
    const text = await cli(['inspect', '--memory', join(CAPTURE, 'memory.elf.gz')]);
    for (const part of [
      'kho-v4',
      'little',
      '4096 bytes',
      'at 0x8da000',
      '0x8d9000',
      'depth   6',
      'tables  34',
      'leaves  10',
      'blocks  38',
      'memblock',
      '0x25ba000',
      '290 bytes',
    ]) {
      expect(text.stdout).toContain(part);
    }
  });

  test('an FDT alone, and with a dump to find it in', async () => {
    const fdt = join(CAPTURE, 'debugfs-in-fdt.dtb');
    const alone = await cli(['inspect', fdt]);
    expect(alone.exitCode).toBe(0);
    expect(alone.stdout).toContain('nothing in the FDT tells it');
    expect((await cli(['inspect', fdt, '--walk'])).stderr).toContain('--walk needs the memory');
    const both = await cli(['inspect', fdt, '--memory', join(CAPTURE, 'memory.elf.gz')]);
    expect(both.stdout).toContain('at 0x8da000');
    const told = await cli([
      'inspect',
      '--memory',
      join(CAPTURE, 'memory.elf.gz'),
      '--fdt-address',
      '0x8db000',
    ]);
    expect(told.exitCode).toBe(2);
  });

  test('the cut-off FDT of debugfs is named for what it is', async () => {
    const { exitCode, stderr } = await cli(['inspect', join(CAPTURE, 'debugfs-out-fdt.dtb')]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      'the input ends before totalsize; found 233 bytes; expected totalsize 405 (172 bytes are missing)',
    );
  });

  test('a dump without a handover', async () => {
    const out = temporaryFolder();
    await cli(['encode', file('s.scenario', ''), '--abi', 'kho-v2', '-o', out]);
    const text = readFileSync(join(out, 'memory.hexdump'), 'utf8').replace('d0 0d fe ed', '00 0d fe ed');
    const { exitCode, stderr } = await cli(['inspect', '--memory', file('x.hexdump', text)]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('E_NOT_FOUND');
  });
});

describe('fdt', () => {
  test('lists every defect and exits with 4; notes do not count', async () => {
    const bad = blob({
      pieces: [
        { begin: '' },
        { prop: 'p', value: [1], nameOffset: 99 },
        { begin: 'a' },
        { end: true },
        { prop: 'q', value: [1] },
        { end: true },
      ],
    });
    const { exitCode, stdout } = await cli(['fdt', file('bad.dtb', bad), '--check']);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('[fdt-property-name]');
    expect(stdout).toContain('[fdt-property-after-node]');
    expect(stdout).toContain('1 errors, 1 warnings, 0 notes');
    const json = await cli(['fdt', file('bad.dtb', bad), '--json']);
    expect((JSON.parse(json.stdout) as { defects: unknown[] }).defects).toHaveLength(2);
    const good = await cli([
      'fdt',
      file('good.dtb', Buffer.concat([blob({ pieces: SMALL }), Buffer.alloc(3)])),
    ]);
    expect(good.exitCode).toBe(0);
    expect(good.stdout).toContain('0 errors, 0 warnings, 1 notes');
  });

  test('writes every layout, from a file and from standard input', async () => {
    const input = blob({ pieces: SMALL });
    for (const [layout, offset] of [
      ['dtc', 40],
      ['libfdt', 48],
      ['libfdt-edited', 40],
    ] as const) {
      const out = join(temporaryFolder(), 'out.dtb');
      expect((await cli(['fdt', '-', '-o', out, '--layout', layout], { input })).exitCode).toBe(0);
      expect(readFileSync(out).readUInt32BE(16)).toBe(offset);
      expect((await cli(['fdt', out])).exitCode).toBe(0);
    }
  });

  test('what dtc refuses is refused, unless forced', async () => {
    const path = file(
      'twice.dtb',
      blob({ pieces: [{ begin: '' }, { prop: 'p', value: [1] }, { prop: 'p', value: [1] }, { end: true }] }),
    );
    const out = join(temporaryFolder(), 'out.dtb');
    const refused = await cli(['fdt', path, '-o', out]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('duplicate_property_names');
    expect(existsSync(out)).toBe(false);
    expect((await cli(['fdt', path, '-o', out, '--force'])).exitCode).toBe(0);
  });

  test('wrong files are named', async () => {
    const { stdout, exitCode } = await cli([
      'fdt',
      join(ROOT, 'golden/captures/linux-7.3.4-x86_64-4k/memory.elf.gz'),
    ]);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('this looks like a gzip file');
  });
});

describe('check and golden', () => {
  test('one line a target, the dtc version, and a summary', async () => {
    const { exitCode, stdout } = await cli(['check', '--abi', 'kho-v2', '--scenario', '50-one-leaf']);
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(7);
    for (const line of lines.slice(0, 6))
      expect(line).toMatch(/^kho-v2 {3}(le|be)-(4|16|64)k +1 scenarios +\d+ comparisons {2}ok/);
    expect(lines[6]).toMatch(/^dtc \d+\.\d+\.\d+: 6 cells, \d+ comparisons, 0 differences$/);
  });

  test('JSON follows its schema', async () => {
    const { stdout } = await cli(['golden', 'verify', '--abi', 'kho-v4', '--target', 'le-4k', '--json']);
    const validate = schema('check.schema.json');
    expect(validate(JSON.parse(stdout)), JSON.stringify(validate.errors)).toBe(true);
  });

  test('without dtc: exit status 3 and what to install', async () => {
    const { exitCode, stderr } = await cli(['check'], { env: { DTC: '/nonexistent/dtc' } });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('apt-get install device-tree-compiler');
  });

  test('a dtc that writes something else is found out', async () => {
    // A stand-in that answers --version and echoes its input instead of laying it out anew.
    const fake = file(
      'dtc',
      '#!/bin/sh\ncase "$*" in *--version*) echo "Version: DTC 9.9.9";; *dts*) exec dtc "$@";; *) exec cat;; esac\n',
    );
    const { chmodSync } = await import('node:fs');
    chmodSync(fake, 0o755);
    const { exitCode, stdout } = await cli(
      ['check', '--abi', 'kho-v2', '--target', 'le-4k', '--scenario', '22-fdt-3'],
      { env: { DTC: fake } },
    );
    expect(exitCode).toBe(4);
    expect(stdout).toContain('our dtc layout against dtc -I dtb -O dtb');
    expect(stdout).toContain('dtc 9.9.9');
  });

  test('generate without --accept writes nothing', async () => {
    const { exitCode, stdout } = await cli(['golden', 'generate']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/cells, 0 files would change/);
  });
});

describe('abi', () => {
  test('list and show', async () => {
    const list = await cli(['abi', 'list']);
    expect(list.stdout).toMatch(/kho-v2 +'kho-v2' +no tagged release/);
    expect(list.stdout).toMatch(/kho-v4 +'kho-v4' +Linux 7\.2, 7\.3/);
    const show = await cli(['abi', 'show', 'kho-v2']);
    for (const part of ['preserved-memory-map (u64)', 'kho_vmalloc: 16 bytes', 'total_pages', 'Provenance'])
      expect(show.stdout).toContain(part);
    expect((JSON.parse((await cli(['abi', 'show', 'kho-v2', '--json'])).stdout) as { id: string }).id).toBe(
      'kho-v2',
    );
  });
});
