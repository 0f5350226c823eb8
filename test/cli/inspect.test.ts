import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { decodeHandover, encodeScenario, getAbi, makeTarget, parseScenario } from '../../src/index.js';
import { handoverDot } from '../../src/report/index.js';
import { blob } from '../support/blob.js';
import { cli, temporaryFolder } from '../support/cli.js';
import { thrown } from '../support/errors.js';
import { dump, native, u64 } from '../support/native.js';

const ROOT = join(import.meta.dirname, '../..');
const CAPTURE = join(ROOT, 'golden/captures/linux-7.3.4-x86_64-4k');
const LUO = join(ROOT, 'golden/captures/linux-7.3.4-x86_64-4k-luo');
const DUMP = ['--memory', join(CAPTURE, 'memory.elf.gz')];
const LUO_DUMP = ['--memory', join(LUO, 'memory.elf.gz')];

async function output(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await cli(args);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout;
}

describe('inspect --ranges', () => {
  // Worked by hand from the list of the independent reader: 8a0 and 8a1 touch; 9e0 to a00, a00 to b80, b80 to
  // c00 and c00 to 1000 touch.
  const LINES = `0x8a0000-0x8a1fff 0x2000
0x8a9000-0x8aafff 0x2000
0x8da000-0x8dafff 0x1000
0x8e0000-0x8e0fff 0x1000
0x8ec000-0x8effff 0x4000
0x914000-0x917fff 0x4000
0x91c000-0x91ffff 0x4000
0x940000-0x943fff 0x4000
0x960000-0x963fff 0x4000
0x968000-0x96bfff 0x4000
0x9a0000-0x9b7fff 0x18000
0x9e0000-0xffffff 0x620000
0x2400000-0x25affff 0x1b0000
0x25b8000-0x25bafff 0x3000
0x3e400000-0x3e5fffff 0x200000
0x3e700000-0x3e7fffff 0x100000
`;

  test('lines in hex and in decimal, and as JSON', async () => {
    const text = await output('inspect', ...DUMP, '--ranges');
    const lines = text.split('\n');
    expect(text).toBe(LINES);
    const decimal = await output('inspect', ...DUMP, '--ranges', '--decimal');
    expect(decimal.split('\n')[0]).toBe('9043968-9052159 8192');
    const json = JSON.parse(await output('inspect', ...DUMP, '--ranges', '--json')) as { ranges: string[] };
    expect(json.ranges).toEqual(lines.slice(0, -1));
  });

  test('needs the memory, and one view at a time', async () => {
    const fdt = await cli(['inspect', join(CAPTURE, 'debugfs-in-fdt.dtb'), '--ranges']);
    expect([fdt.exitCode, fdt.stderr]).toEqual([
      2,
      'kho-abi: E_USAGE: --ranges needs the memory (give --memory)\n',
    ]);
    const both = await cli(['inspect', ...DUMP, '--ranges', '--walk']);
    expect(both.exitCode).toBe(2);
    expect(both.stderr).toContain('--walk and --ranges exclude each other');
  });
});

describe('inspect --hexdump', () => {
  test('a structure of a capture', async () => {
    expect(
      await output('inspect', ...LUO_DUMP, '--hexdump', 'LUO/sessions/0/files/1/memfd'),
    ).toBe(`memfd_luo_ser of memfd-v2 at 0x42e3000, 48 bytes, little endian
0x42e3000   +0x0  7b 00 00 00 00 00 00 00  pos                 0x7b
0x42e3008   +0x8  64 00 01 00 00 00 00 00  size                65636
0x42e3010  +0x10  06 00 00 00              seals               0x6
0x42e3014  +0x14  00 00 00 00              flags               0x0
0x42e3018  +0x18  11 00 00 00 00 00 00 00  nr_folios           17
0x42e3020  +0x20  00 60 2e 04 00 00 00 00  folios.first        0x42e6000
0x42e3028  +0x28  01 00 00 00              folios.total_pages  1
0x42e302c  +0x2c  01 00                    folios.flags        0x1
0x42e302e  +0x2e  00 00                    folios.order        0
`);
  });

  test('every byte of the root FDT is under a name, and JSON follows the schema', async () => {
    const report = JSON.parse(await output('inspect', ...DUMP, '--hexdump', 'fdt', '--json')) as {
      hexdump: { bytes: string; fields: { offset: number; length: number }[] };
    };
    const validate = new Ajv2020({ strict: false }).compile(
      JSON.parse(readFileSync(join(ROOT, 'abi/schema/inspect.schema.json'), 'utf8')),
    );
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    const { bytes, fields } = report.hexdump;
    const blobBytes = readFileSync(join(CAPTURE, 'debugfs-in-fdt.dtb'));
    expect(bytes).toBe(blobBytes.toString('hex'));
    const named = new Uint8Array(blobBytes.length);
    for (const { offset, length } of fields) {
      expect(named.subarray(offset, offset + length).some((count) => count !== 0)).toBe(false);
      named.fill(1, offset, offset + length);
    }
    // What is left is padding after values and strings.
    for (const [at, count] of named.entries()) if (count === 0) expect(blobBytes[at]).toBe(0);
  });

  test('a wrong path', async () => {
    const { exitCode, stderr } = await cli(['inspect', ...LUO_DUMP, '--hexdump', 'LUO/session']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('LUO/sessions/1/files/0/memfd');
  });

  test('a place of the scratch array that is none', async () => {
    const { exitCode, stderr } = await cli(['inspect', ...DUMP, '--hexdump', 'scratch', '--scratch', '5']);
    expect([exitCode, stderr.includes('PHYS:AREAS')]).toEqual([2, true]);
  });
});

describe('inspect --extract', () => {
  test('writes the files, which read the same', async () => {
    const folder = join(temporaryFolder(), 'out');
    const text = await output('inspect', ...LUO_DUMP, '--extract', folder);
    expect(readdirSync(folder).sort()).toEqual([
      'kho.elf',
      'root.dtb',
      'sub-LUO.bin',
      'sub-kexec-metadata.bin',
      'sub-kho_test.dtb',
      'sub-memblock.dtb',
    ]);
    expect(text.split('\n')).toHaveLength(7);
    const small = ['--memory', join(folder, 'kho.elf')];
    expect(await output('inspect', ...small, '--walk')).toBe(await output('inspect', ...LUO_DUMP, '--walk'));
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const refused = await cli(['inspect', ...LUO_DUMP, '--extract', join(file, 'below')]);
    expect([refused.exitCode, refused.stderr.includes('E_IO')]).toEqual([2, true]);
  });
});

describe('inspect --dot', () => {
  /** Statements that we write; a quoted string ends at the first quote without a backslash before it. */
  const STRING = '"(?:[^"\\\\\\n]|\\\\.)*"';
  const STATEMENT = new RegExp(
    `^ *(?:digraph kho \\{|subgraph cluster_\\w+ \\{|\\}|rankdir=LR;|(?:node|edge) \\[[^\\]]*\\];|label=${STRING};|\\w+ \\[label=${STRING}\\];|\\w+ -> \\w+(?: \\[label=${STRING}\\])?;)$`,
  );

  test('a capture: 45 pages of the map, each with one edge to it', async () => {
    const text = await output('inspect', ...LUO_DUMP, '--dot');
    const lines = text.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(STATEMENT);
    const pages = lines.filter((line) => /^ +(table|leaf)_[0-9a-f]+ \[/.test(line));
    const edges = lines.filter((line) => /-> (table|leaf)_/.test(line));
    // "nodes" of the independent reader.
    const { nodes } = JSON.parse(readFileSync(join(LUO, 'expected-by-independent-reader.json'), 'utf8')) as {
      nodes: number;
    };
    expect([pages.length, edges.length]).toEqual([nodes, nodes]);
    expect(text).toContain('fdt -> table_8d9000 [label="map"];');
  });

  test('chunks and bitmaps', () => {
    const scenario = parseScenario('page 0x50000 0\npage 0x50000 9\n', 'chunks');
    const encoded = encodeScenario(scenario, makeTarget(getAbi('kho-v1-6.18'), 'big', 16));
    const { memory, fdtAddress, fdt } = encoded;
    const text = handoverDot(
      decodeHandover(fdt, {
        memory,
        fdtAddress,
        byteOrder: 'big',
        pageShift: 16,
        abi: getAbi('kho-v1-6.18'),
      }),
    );
    // Order 0: the page and that of the FDT, in one bitmap or two; order 9: one.
    expect(text.match(/\[label="chunk, order/g)).toHaveLength(2);
    expect(text.match(/\[label="bitmap, order 9/g)).toHaveLength(1);
    for (const line of text.trimEnd().split('\n')) expect(line).toMatch(STATEMENT);
  });

  test('hostile names stay inside their quotes', () => {
    const bytes = blob({
      pieces: [
        { begin: '' },
        { prop: 'compatible', value: 'kho-v4\0' },
        { prop: 'preserved-memory-map', value: [...native('little', u64(0x200000))] },
        { begin: 'a"];evil\\' },
        { prop: 'preserved-data', value: [...native('little', u64(0x100000))] },
        { end: true },
        { begin: '\n}<b>\x1b' },
        { prop: 'preserved-data', value: [...native('little', u64(0x100000))] },
        { end: true },
        { end: true },
      ],
    });
    const memory = dump(12, { '0x100000': Buffer.alloc(1), '0x200000': Buffer.alloc(1) });
    const text = handoverDot(
      decodeHandover(bytes, { memory, byteOrder: 'little', pageShift: 12, fdtAddress: 0x300000n }),
    );
    for (const line of text.trimEnd().split('\n')) expect(line).toMatch(STATEMENT);
    expect(text).toContain('a\\"];evil\\\\');
    expect(text).not.toContain('\x1b');
  });

  test('too large', () => {
    const scenario = parseScenario('pages 0x8000 2000 0x8000\n', 'wide');
    const encoded = encodeScenario(scenario, makeTarget(getAbi('kho-v4'), 'little', 12));
    const { memory, fdtAddress, fdt } = encoded;
    const error = thrown(() =>
      handoverDot(decodeHandover(fdt, { memory, fdtAddress, byteOrder: 'little', pageShift: 12 })),
    );
    expect(error.code).toBe('E_LIMIT');
    expect(error.message).toContain('expected at most 2000 (--ranges and --json');
  });
});
