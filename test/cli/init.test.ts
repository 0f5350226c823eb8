/** `kho-abi init`: what it writes is what CI systems take, and what it writes runs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validateWorkflow } from '@action-validator/core';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadTreeMap } from '../../src/abi/index.js';
import { INIT_CI, initFiles, parseBaseline, watchedPaths } from '../../src/kernel/index.js';
import { cli, temporaryFolder } from '../support/cli.js';
import { writeKernelTree } from '../support/kernel-tree.js';
import { optionsOf } from '../support/options.js';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const BASELINE = 'include/linux/kho/abi/kho-abi.baseline.json';
const WORKFLOW = '.github/workflows/kho-abi.yml';

describe('in a tree', () => {
  let tree: string;
  beforeAll(() => {
    tree = writeKernelTree();
  });

  test('writes baseline and workflow, and says what to do', async () => {
    const { exitCode, stdout, stderr } = await cli(['init', tree]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`wrote ${join(tree, BASELINE)}
wrote ${join(tree, WORKFLOW)}

Then:
  set the repository variable KHO_ABI_REPOSITORY to owner/name of the repository that holds kho-abi
  in the tree: git add ${BASELINE} ${WORKFLOW} && git commit
`);
    const { components } = parseBaseline(readFileSync(join(tree, BASELINE), 'utf8'), BASELINE);
    // 8 + 4 + 2 + 2 bytes, as the header has them.
    expect(components.vmalloc?.targets['le-16k']?.structs.kho_vmalloc?.size).toBe(16);
    expect(components.radix?.targets['le-16k']?.facts.depth).toBe(5);
    expect(components.radix?.targets['le-64k']?.facts.depth).toBe(6);
  });

  test('does not overwrite, and writes nothing when one file is in the way', async () => {
    const before = readFileSync(join(tree, BASELINE), 'utf8');
    writeKernelTree({ depth16: 4 }, tree);
    const refused = await cli(['init', tree, '--ci', 'gitlab']);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(`files are there already; found ${BASELINE} (give --force`);
    expect(readFileSync(join(tree, BASELINE), 'utf8')).toBe(before);
    expect(existsSync(join(tree, '.gitlab'))).toBe(false);
  });

  test('--force overwrites', async () => {
    expect((await cli(['init', tree, '--force', '--ci', 'none'])).exitCode).toBe(0);
    const { components } = parseBaseline(readFileSync(join(tree, BASELINE), 'utf8'), BASELINE);
    expect(components.radix?.targets['le-16k']?.facts.depth).toBe(4);
  });

  test('the Makefile runs: clean, changed without a version, changed with one, baseline written', async () => {
    await cli(['init', tree, '--force', '--ci', 'make']);
    const make = async (target: string) => {
      const program = `KHO_ABI=${process.execPath} ${MAIN}`;
      const args = ['-s', '-f', 'scripts/Makefile.kho-abi', target, program];
      return execa('make', args, { cwd: tree, reject: false, env: { NO_COLOR: '1' } });
    };
    expect((await make('kho-abi-check')).exitCode).toBe(0);
    writeKernelTree({ depth16: 5 }, tree);
    const changed = await make('kho-abi-check');
    expect(changed.stdout).toContain('CHANGED WITHOUT BUMP: radix (16K)');
    expect(changed.stderr).toContain('Error 12');
    writeKernelTree({ depth16: 5, version: 'kho-v5' }, tree);
    expect((await make('kho-abi-check')).stderr).toContain('Error 4');
    await make('kho-abi-baseline');
    expect((await make('kho-abi-check')).exitCode).toBe(0);
  });
});

test('a folder that is no kernel tree, and words that are no action', async () => {
  const folder = temporaryFolder();
  expect((await cli(['init', folder])).exitCode).toBe(2);
  expect(existsSync(join(folder, BASELINE))).toBe(false);
  const { exitCode, stderr } = await cli(['init', folder, '--action', 'x\n      - run: evil']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('no reference of an action');
});

test('what is watched: the folders and files of abi/tree.yaml', () => {
  const watched = watchedPaths(loadTreeMap());
  expect(watched).toContain('include/linux/kho/**');
  expect(watched).toContain('kernel/liveupdate/**');
  expect(watched).toContain('mm/memfd_luo.c');
  // Covered by include/linux/kho/**.
  expect(watched).not.toContain('include/linux/kho/abi/**');
});

describe('files', () => {
  const text = (ci: (typeof INIT_CI)[number], action?: string): string => initFiles(ci, action)[0]!.text;

  test.each(INIT_CI)('%s: no mark is left, no blank ends a line', (ci) => {
    for (const { text: content, path } of initFiles(ci)) {
      expect(content, path).not.toMatch(/@[A-Z]+@|[ \t]+$/m);
      expect(content.endsWith('\n')).toBe(true);
    }
  });

  test('the workflow is valid, and the action is where it is said to be', () => {
    for (const action of [undefined, 'someone/kho-abi@v1']) {
      const workflow = text('github', action);
      expect(validateWorkflow(workflow).errors).toEqual([]);
      const { jobs } = parse(workflow);
      const steps: { uses?: string; run?: string; with?: Record<string, string> }[] = jobs['kho-abi'].steps;
      const uses = steps.map((step) => step.uses);
      expect(uses.filter((name) => name === (action ?? './.kho-abi'))).toHaveLength(2);
      expect(uses.filter((name) => name === 'actions/checkout@v4')).toHaveLength(
        action === undefined ? 2 : 1,
      );
      // Every input is one of the action.
      const inputs = Object.keys(
        parse(readFileSync(join(import.meta.dirname, '../../action.yml'), 'utf8')).inputs,
      );
      for (const step of steps.filter((one) => one.uses === (action ?? './.kho-abi')))
        for (const name of Object.keys(step.with ?? {})) expect(inputs).toContain(name);
      expect(steps.filter(({ run }) => run !== undefined)).toEqual([]);
    }
  });

  test('the validator refuses a wrong workflow', () => {
    expect(validateWorkflow('on: push\njobs:\n  a:\n    steps: 5\n').errors.length).toBeGreaterThan(0);
  });

  test('the job of GitLab is YAML of the known keys, with a script in which every option exists', () => {
    const job = parse(text('gitlab'))['kho-abi'];
    expect(Object.keys(job).sort()).toEqual(['artifacts', 'before_script', 'image', 'rules', 'script']);
    expect(job.rules[0].changes).toContain('include/linux/kho/**/*');
    expect(job.artifacts.reports.junit).toBe('kho-abi-*.xml');
    const known = optionsOf('tree');
    const used = [...job.script.join('\n').matchAll(/ (--?[a-z][a-z-]*)/g)].map(([, name]) => name!);
    expect(used.length).toBeGreaterThan(8);
    for (const name of used) expect(known).toContain(name);
  });

  test('every option in the Makefile exists', () => {
    const used = [...text('make').matchAll(/^\t.* tree .*$/gm)].flatMap(
      ([line]) => line.match(/--[a-z-]+/g)!,
    );
    expect(used.sort()).toEqual(['--against', '--fail-on', '--fail-on', '--write-baseline']);
    for (const name of used) expect(optionsOf('tree')).toContain(name);
  });

  test('the script of the GitLab job runs', async () => {
    const tree = writeKernelTree();
    await cli(['init', tree, '--ci', 'gitlab']);
    const git = (...args: string[]) =>
      execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: tree });
    await git('init', '-q');
    await git('add', '.');
    await git('commit', '-q', '-m', 'base');
    await git('update-ref', 'FETCH_HEAD', 'HEAD');
    writeKernelTree({ depth16: 4 }, tree);
    const job = parse(readFileSync(join(tree, '.gitlab/kho-abi.yml'), 'utf8'))['kho-abi'];
    const script = (job.script as string[])
      .join('\n')
      .replaceAll('node .kho-abi/dist/cli/main.js', `"${process.execPath}" "${MAIN}"`)
      .replaceAll('x86_64,arm64', 'x86_64');
    const { exitCode, stdout } = await execa('bash', ['-e', '-c', script], { cwd: tree, reject: false });
    expect(exitCode).toBe(12);
    expect(stdout).toContain('compared with  revision FETCH_HEAD');
    expect(stdout).toContain(`compared with  baseline ${BASELINE}`);
    for (const name of ['base', 'baseline'])
      expect(readFileSync(join(tree, `kho-abi-${name}.xml`), 'utf8')).toContain('failures="1"');
  });
});
