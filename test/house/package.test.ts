/** The package as it would be published: what is in it, what it exports, whether a stranger can use it. */
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/cli.js';

const ROOT = join(import.meta.dirname, '../..');
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
  engines: { node: string };
};

describe('the packed package', () => {
  let installed: string;
  let packed: string[];

  beforeAll(async () => {
    const folder = temporaryFolder();
    const { stdout } = await execa(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
      { cwd: ROOT },
    );
    const [info] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
    packed = info.files.map(({ path }) => path);
    await execa('tar', ['-xzf', join(folder, info.filename), '-C', folder]);
    installed = join(folder, 'consumer', 'node_modules', 'kho-abi');
    mkdirSync(join(folder, 'consumer', 'node_modules'), { recursive: true });
    cpSync(join(folder, 'package'), installed, { recursive: true });
    // Its dependencies, as npm would put them beside it.
    for (const name of Object.keys(MANIFEST.dependencies))
      symlinkSync(join(ROOT, 'node_modules', name), join(installed, '..', name));
  });

  test('has the program, the data and the papers, and nothing else', () => {
    for (const file of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/main.js',
      'abi/kho-v2.yaml',
      'abi/schema/inspect.schema.json',
      'golden/manifest.json',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
    ]) {
      expect(packed).toContain(file);
    }
    expect(
      packed.filter((path) => !/^(dist|abi|golden)\/|^(README|LICENSE|CHANGELOG|package)/.test(path)),
    ).toEqual([]);
  });

  test('keeps its promises: engines and few dependencies', () => {
    expect(MANIFEST.engines.node).toBe('>=20.19');
    expect(Object.keys(MANIFEST.dependencies).length).toBeLessThanOrEqual(10);
    for (const name of Object.keys(MANIFEST.dependencies)) {
      const { engines } = JSON.parse(
        readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'),
      ) as { engines?: { node?: string } };
      // None may ask for more than Node 20.19.
      expect(engines?.node ?? '>=0', name).toMatch(
        /(>=|\^)\s?(0|[0-9]|1[0-9]|20)(\.(\d|1\d))?(\.\d+)?(\s|$|\|)/,
      );
    }
  });

  test('a stranger can import it and gets types', async () => {
    const consumer = join(installed, '../..');
    writeFileSync(join(consumer, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(consumer, 'use.mjs'),
      `import { encodeScenario, getAbi, makeTarget, parseScenario } from 'kho-abi';
       import { readFileSync } from 'node:fs';
       const handover = encodeScenario(parseScenario('page 1 0\\n', 'x'), makeTarget(getAbi('kho-v2'), 'little', 12));
       const schema = import.meta.resolve('kho-abi/schema/inspect.schema.json');
       console.log(handover.fdt.length, JSON.parse(readFileSync(new URL(schema), 'utf8')).type);`,
    );
    expect((await execa('node', ['use.mjs'], { cwd: consumer })).stdout).toBe('152 object');
    writeFileSync(
      join(consumer, 'types.mts'),
      `import { type Handover, decodeHandover } from 'kho-abi';\nexport const read = (bytes: Uint8Array): Handover => decodeHandover(bytes);\n`,
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node'];
    const result = await execa(
      'node',
      [
        tsc,
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        '--module',
        'nodenext',
        '--target',
        'es2023',
        ...types,
        'types.mts',
      ],
      { cwd: consumer, reject: false },
    );
    expect(result.stdout).toBe('');
  });

  test('its program runs', async () => {
    const { stdout } = await execa('node', [
      join(installed, 'dist/cli/main.js'),
      'check',
      '--scenario',
      '50-one-leaf',
    ]);
    expect(stdout).toContain('0 differences');
    expect(existsSync(join(installed, 'node_modules'))).toBe(false);
  });
});
