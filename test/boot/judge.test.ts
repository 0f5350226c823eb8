/** The cases of the judge, the tables in golden/captures, and the model against what real kernels did. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { getAbi, makeTarget, type PageShift } from '../../src/abi/index.js';
import { BOOT_MACHINES, type BootArch, readConsole } from '../../src/boot/index.js';
import { kernelOf } from './support.js';

const ROOT = join(import.meta.dirname, '../..');
const CAPTURES = join(ROOT, 'golden/captures');

interface Component {
  name: string;
  predicted: string;
  seen: string;
  equal: boolean;
}
interface Case {
  id: string;
  about: string;
  why?: string;
  damage: unknown[];
  golden?: string;
}
interface Row extends Omit<Case, 'damage'> {
  kernel: string;
  equal: boolean;
  components: Component[];
  missing: string[];
}
interface Replay {
  source: string;
  kernel: string;
  accepted: boolean;
  items: { what: string; ok: boolean }[];
}

// The scripts are plain JavaScript and work on the built program.
const script = (name: string) => import(join(ROOT, 'scripts/kernel/judge', name));
const data = <T>(name: string): T => JSON.parse(readFileSync(join(CAPTURES, name), 'utf8'));

const { rows } = data<{ rows: Row[] }>('predictions.json');
const replays = data<{ rows: Replay[] }>('replays.json').rows;
let cases: Case[];
beforeAll(async () => {
  cases = (await script('predictions.mjs')).allCases();
});

describe('cases', () => {
  test('each has a name of its own, and at least forty are damaged or odd on purpose', () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(cases.filter(({ damage }) => damage.length > 0).length).toBeGreaterThan(40);
    for (const { about, why } of cases) {
      expect(about.length).toBeGreaterThan(3);
      if (why !== undefined) expect(why.length).toBeGreaterThan(20);
    }
  });

  test('every damaged case was given to a kernel', () => {
    const seen = new Set(rows.map(({ id }) => id));
    expect(cases.filter(({ id, damage }) => damage.length > 0 && !seen.has(id)).map(({ id }) => id)).toEqual(
      [],
    );
  });
});

describe('tables', () => {
  test('predictions.md is what its data give', async () => {
    const { predictionsText } = await script('tables.mjs');
    expect(readFileSync(join(CAPTURES, 'predictions.md'), 'utf8')).toBe(
      predictionsText(data('predictions.json')),
    );
  });

  test('replays.md is what its data give', async () => {
    const { replaysText } = await script('tables.mjs');
    expect(readFileSync(join(CAPTURES, 'replays.md'), 'utf8')).toBe(replaysText(data('replays.json')));
  });

  test('every difference is explained, and explanations are those of the cases', () => {
    const whys = new Map(cases.map(({ id, why }) => [id, why]));
    for (const { id, equal, why } of rows) {
      expect(why, id).toBe(whys.get(id));
      if (!equal) expect(why, id).toBeDefined();
    }
  });

  test('a row is equal just when all its components and lines are', () => {
    for (const { id, equal, components, missing } of rows)
      expect(equal, id).toBe(missing.length === 0 && components.every((one) => one.equal));
  });

  test.each(['arm64 4K', 'arm64 16K', 'arm64 64K', 'x86_64 4K'])('%s took every replay whole', (kernel) => {
    const own = replays.filter((row) => row.kernel === kernel);
    expect(own.filter(({ source }) => source.startsWith('scenario')).length).toBeGreaterThanOrEqual(4);
    for (const { source, accepted, items } of own) {
      expect(accepted, source).toBe(true);
      expect(
        items.every(({ ok }) => ok),
        source,
      ).toBe(true);
    }
  });

  test('the consoles are there and say what the table says', () => {
    const logs = readdirSync(join(ROOT, 'golden/replays'));
    expect(logs).toHaveLength(replays.length);
    for (const { source, kernel } of replays) {
      const name = `${kernel}-${source.split(' ')[1]}`.toLowerCase().replaceAll(' ', '-');
      const file = join(ROOT, 'golden/replays', `${name}.log.gz`);
      expect(existsSync(file), file).toBe(true);
      const seen = readConsole(gunzipSync(readFileSync(file)).toString('latin1'));
      expect(seen, name).toMatchObject({ found: true, trouble: [], finished: true });
    }
  });
});

describe('the model still says what these kernels did', () => {
  const kernels: [string, BootArch, PageShift][] = [
    ['arm64 4K', 'arm64', 12],
    ['arm64 16K', 'arm64', 14],
    ['x86_64 4K', 'x86_64', 12],
  ];

  test.each(kernels)('%s', async (name, arch, pageShift) => {
    const { predictCase } = await script('predictions.mjs');
    const { predictionOf } = await script('compare.mjs');
    const { loadScenarios, GOLDEN_FOLDER } = await import('../../src/golden/index.js');
    const golden = loadScenarios(GOLDEN_FOLDER);
    const machine = BOOT_MACHINES[arch];
    const kernel = {
      name,
      arch,
      pageShift,
      machine,
      image: kernelOf(arch, pageShift),
      bytes: new Uint8Array(0x240000),
      init: new Uint8Array(0xa0000),
      target: (abi: string, shift: PageShift = pageShift) =>
        makeTarget(getAbi(abi), 'little', shift, machine.elf),
    };
    const known = new Map(rows.filter((row) => row.kernel === name).map((row) => [row.id, row]));
    expect(known.size).toBeGreaterThan(20);
    for (const one of cases) {
      const row = known.get(one.id);
      if (row === undefined) continue;
      const { parts } = predictionOf(predictCase(one, kernel, golden).reception);
      for (const { name: component, predicted } of row.components)
        expect(parts[component], `${one.id}: ${component}`).toBe(predicted);
    }
  });
});
