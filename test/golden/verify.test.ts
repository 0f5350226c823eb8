import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  cellsOf,
  GOLDEN_FOLDER,
  generateGolden,
  readManifest,
  targetsOf,
  verifyGolden,
} from '../../src/golden/index.js';
import { allAbis } from '../../src/index.js';
import { rejected } from '../support/errors.js';

describe('the corpus', () => {
  test('every scenario that fits is there on every target, at least 16 on each', () => {
    const cells = cellsOf(GOLDEN_FOLDER);
    for (const abi of allAbis()) {
      for (const target of targetsOf(abi)) {
        const here = cells.filter(
          (cell) =>
            cell.target.abi === abi &&
            cell.target.byteOrder === target.byteOrder &&
            cell.target.pageShift === target.pageShift,
        );
        expect(here.length).toBeGreaterThanOrEqual(16);
      }
    }
  });

  test('the manifest tells where every file comes from, and something outside our encoder stands behind every golden', () => {
    const { files } = readManifest(GOLDEN_FOLDER);
    for (const [path, { provenance }] of Object.entries(files)) {
      if (path.startsWith('kho-'))
        expect(
          provenance.some((name) => name !== 'baseline'),
          path,
        ).toBe(true);
    }
    const kinds = new Set(Object.values(files).flatMap(({ provenance }) => provenance));
    expect(kinds).toEqual(new Set(['documented', 'kernel', 'kernel-code', 'witness', 'baseline', 'input']));
  });

  test('encodes, survives dtc, decodes and compares without a difference', async () => {
    const result = await verifyGolden();
    expect(result.targets.flatMap(({ tally }) => tally.differences)).toEqual([]);
    expect(result.files.differences).toEqual([]);
    expect(result.cells).toBeGreaterThan(400);
    expect(result.comparisons).toBeGreaterThan(10_000);
  });

  test('kernel-code bytes stand behind the FDT, memory, walk, results and chunk lists of every oracle scenario', async () => {
    const { files } = readManifest(GOLDEN_FOLDER);
    const proven = Object.entries(files).filter(
      ([path, { provenance }]) => path.startsWith('kho-v2/') && provenance.includes('kernel-code'),
    );
    const names = new Set(proven.map(([path]) => path.split('/').at(-1)));
    expect(names).toEqual(
      new Set(['handover.dtb', 'memory.hexdump', 'walk.txt', 'log.txt', 'vmalloc.txt', 'refused.txt']),
    );
    expect(proven.length).toBeGreaterThan(250);
  });
});

describe('a corpus that is not in order', () => {
  let folder: string;
  const limits = { abi: 'kho-v2', target: 'le-4k', scenario: '50-one-leaf' };
  const cell = 'kho-v2/le-4k/50-one-leaf';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kho-abi-golden-'));
    cpSync(GOLDEN_FOLDER, folder, { recursive: true });
  });

  const differences = async (): Promise<string[]> => {
    const { targets, files } = await verifyGolden({ folder, ...limits });
    return [...targets.flatMap(({ tally }) => tally.differences), ...files.differences].map(
      ({ path, what, detail }) => `${path}: ${what}: ${detail}`,
    );
  };

  test('is the same as the original before anything is done to it', async () => {
    expect(await differences()).toEqual([]);
  });

  test.each(['handover.dtb', 'memory.hexdump', 'walk.txt', 'log.txt'])(
    'a changed byte in %s',
    async (name) => {
      const path = join(folder, cell, name);
      const good = readFileSync(path);
      const bad = Buffer.from(good);
      // The last hex digit of the last hexdump line, a digit of the walk, a digit of the log, a byte of the map's address.
      const at = name === 'handover.dtb' ? 0x6b : bad.length - (name === 'memory.hexdump' ? 24 : 2);
      bad[at]! ^= 1;
      writeFileSync(path, bad);
      const found = await differences();
      expect(found.some((line) => line.startsWith(`${cell}: ${name}: first difference`))).toBe(true);
      expect(found.some((line) => line.includes('SHA-256 and size'))).toBe(true);
      writeFileSync(path, good);
    },
  );

  test('a missing file and a stray one', async () => {
    const path = join(folder, cell, 'walk.txt');
    renameSync(path, `${path}.moved`);
    const found = await differences();
    expect(found).toContain(`${cell}: walk.txt: the golden file is missing`);
    expect(found.some((line) => line.includes('walk.txt.moved: manifest: stray file'))).toBe(true);
    renameSync(`${path}.moved`, path);
  });

  test('whole folders: files that the manifest lists but nobody has, and strangers', async () => {
    writeFileSync(join(folder, 'captures', 'note.txt'), 'x');
    const readme = readFileSync(join(folder, 'README.md'));
    rmSync(join(folder, 'README.md'));
    const { files } = await verifyGolden({ folder });
    expect(files.differences.map(({ path }) => path).sort()).toEqual(['README.md', 'captures/note.txt']);
    rmSync(join(folder, 'captures', 'note.txt'));
    writeFileSync(join(folder, 'README.md'), readme);
  });

  test('a provenance that cannot be made good', async () => {
    const path = join(folder, 'manifest.json');
    const good = readFileSync(path, 'utf8');
    const manifest = JSON.parse(good) as { files: Record<string, { provenance: string[] }> };
    manifest.files[`${cell}/log.txt`]!.provenance = ['kernel', 'witness', 'baseline'];
    writeFileSync(path, JSON.stringify(manifest));
    expect((await differences()).join('\n')).toContain(`${cell}/log.txt: provenance in the manifest`);
    writeFileSync(path, good);
  });

  test('a witness that saw something else, and hand-worked bytes that differ', async () => {
    for (const [file, from, to] of [
      ['witness.json', /("kho-v2\/le-4k\/50-one-leaf\/walk.txt": ")[0-9a-f]/, '$1x'],
      ['documented/one-leaf/kho-v2-le-4k.hexdump', 'patible', 'patibxe'],
    ] as const) {
      const path = join(folder, file);
      const good = readFileSync(path, 'utf8');
      writeFileSync(path, good.replace(from, to));
      expect((await differences()).join('\n')).toMatch(
        file === 'witness.json' ? /C witness/ : /documented: one-leaf/,
      );
      writeFileSync(path, good);
    }
  });

  test('generate shows what would change, writes only with --accept, and keeps the manifest true', async () => {
    const path = join(folder, cell, 'walk.txt');
    const good = readFileSync(path);
    writeFileSync(path, '0x0 0\n');
    const dry = generateGolden({ folder, accept: false });
    expect(dry.written).toBe(false);
    expect(dry.changes).toHaveLength(1);
    expect(dry.changes[0]).toMatchObject({ path: `${cell}/walk.txt`, kind: 'changed' });
    expect(dry.changes[0]!.patch).toContain('-0x0 0\n+0x104a50000 0');
    expect(readFileSync(path, 'utf8')).toBe('0x0 0\n');
    expect(generateGolden({ folder, accept: true }).written).toBe(true);
    expect(Buffer.compare(readFileSync(path), good)).toBe(0);
    expect(readFileSync(join(folder, 'manifest.json'), 'utf8')).toBe(
      readFileSync(join(GOLDEN_FOLDER, 'manifest.json'), 'utf8'),
    );
  });

  test('a folder that is none', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'kho-abi-golden-'));
    expect((await rejected(verifyGolden({ folder: empty }))).code).toBe('E_GOLDEN');
    writeFileSync(join(empty, 'manifest.json'), '{');
    expect((await rejected(verifyGolden({ folder: empty }))).message).toContain('damaged manifest');
  });
});
