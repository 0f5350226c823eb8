/** action.yml: valid, no input in a script, every option exists, and its scripts do what they say in a tree. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { validateAction } from '@action-validator/core';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { TREE_FORMATS } from '../../src/report/index.js';
import { cli, temporaryFolder } from '../support/cli.js';
import { writeKernelTree } from '../support/kernel-tree.js';
import { optionsOf } from '../support/options.js';

const ROOT = join(import.meta.dirname, '../..');
const TEXT = readFileSync(join(ROOT, 'action.yml'), 'utf8');

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Record<string, string>;
  readonly with?: Record<string, string>;
}
const ACTION = parse(TEXT) as {
  inputs: Record<string, { description: string; default: string }>;
  outputs: Record<string, { value: string }>;
  runs: { steps: Step[] };
};
const step = (name: string): Step => ACTION.runs.steps.find((one) => one.name === name)!;

describe('the file', () => {
  test('follows the schema of actions, which refuses what is wrong', () => {
    expect(validateAction(TEXT).errors).toEqual([]);
    expect(validateAction(TEXT.replace('using: composite', 'using: magic')).errors).not.toEqual([]);
    expect(validateAction(TEXT.replace('shell: bash', 'shell: [5]')).errors).not.toEqual([]);
  });

  test('no expression stands in a script, and inputs come through the environment', () => {
    const scripts = ACTION.runs.steps.filter(({ run }) => run !== undefined);
    expect(scripts).toHaveLength(4);
    for (const { run, shell } of scripts) {
      expect(run).not.toContain('${{');
      expect(shell).toBe('bash');
    }
    // A script reads what its step gives it, and nothing else of ours.
    for (const [name, script] of [
      ['Install compilers', 'action-compilers.sh'],
      ['Check', 'action-check.sh'],
    ] as const) {
      expect(step(name).run).toContain(script);
      const read = readFileSync(join(ROOT, 'scripts', script), 'utf8')
        .split('\n')
        .filter((line) => !line.startsWith('#'))
        .join('\n')
        .match(/KHO_ABI_[A-Z_]+/g)!;
      expect([...new Set(read)].sort()).toEqual(Object.keys(step(name).env!).sort());
    }
  });

  test('every expression names an input or a step that is there, and every input is used', () => {
    const inputs = [...TEXT.matchAll(/inputs\.([a-z-]+)/g)].map(([, name]) => name!);
    expect([...new Set(inputs)].sort()).toEqual(Object.keys(ACTION.inputs).sort());
    const ids = [...TEXT.matchAll(/steps\.([a-z-]+)\.outputs\.([a-z-]+)/g)].map(([, id, output]) => {
      expect(Object.keys(ACTION.outputs)).toContain(output);
      return id;
    });
    expect([...new Set(ids)]).toEqual(['check']);
  });

  test('every option and format exists', () => {
    const script = readFileSync(join(ROOT, 'scripts/action-check.sh'), 'utf8').replace(/^#.*$/gm, '');
    const used = [...script.matchAll(/[ ("](--?[a-z][a-z-]*)(?=[ =])/g)]
      .map(([, name]) => name!)
      .filter((name) => !['-d', '-p', '-n', '-e', '-s', '-ne', '-eq', '-euo'].includes(name));
    expect([...new Set(used)].sort()).toEqual([
      '--against',
      '--arch',
      '--baseline',
      '--fail-on',
      '--format',
      '--output',
      '--page-size',
      '-o',
    ]);
    for (const name of used) expect(optionsOf('tree')).toContain(name);
    for (const [, format] of script.matchAll(/--format ([a-z]+)/g))
      expect(Object.keys(TREE_FORMATS)).toContain(format);
  });
});

/** What a step leaves behind. */
interface Result {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly outputs: Record<string, string>;
  readonly summary: string;
  readonly workspace: string;
}

/** Runs the script of a step as a runner does: expressions of `env` filled in, files for outputs and summary. */
async function runStep(
  name: string,
  workspace: string,
  given: Record<string, string>,
  path = process.env.PATH!,
): Promise<Result> {
  const temp = temporaryFolder();
  const files = { GITHUB_OUTPUT: join(temp, 'output'), GITHUB_STEP_SUMMARY: join(temp, 'summary') };
  for (const file of Object.values(files)) writeFileSync(file, '');
  const env = Object.fromEntries(
    Object.entries(step(name).env ?? {}).map(([key, value]) => {
      const [, input] = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(value) ?? [];
      const [, output] = /^\$\{\{ steps\.check\.outputs\.([a-z-]+) \}\}$/.exec(value) ?? [];
      return [key, input === undefined ? given[output!]! : (given[input] ?? ACTION.inputs[input]!.default)];
    }),
  );
  const script = join(temp, 'script.sh');
  writeFileSync(script, step(name).run!);
  const { exitCode, stdout } = await execa('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
    cwd: workspace,
    env: { ...files, ...env, GITHUB_ACTION_PATH: ROOT, RUNNER_TEMP: temp, NO_COLOR: '1', PATH: path },
    reject: false,
    all: true,
  });
  const outputs = readFileSync(files.GITHUB_OUTPUT, 'utf8').trimEnd().split('\n');
  return {
    exitCode,
    stdout,
    outputs: Object.fromEntries(outputs.map((line) => line.split('=') as [string, string])),
    summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
    workspace,
  };
}

describe('the check, in a tree', () => {
  let tree: string;
  beforeAll(async () => {
    tree = writeKernelTree();
    expect((await cli(['init', tree, '--ci', 'none'])).exitCode).toBe(0);
  });

  test('clean: status 0, a summary, a notice', async () => {
    const { exitCode, stdout, outputs, summary } = await runStep('Check', tree, {});
    expect([exitCode, outputs]).toEqual([0, { 'exit-status': '0', verdict: 'unchanged' }]);
    expect(stdout).toContain('::notice title=kho-abi tree::unchanged');
    expect(summary).toContain('**unchanged**');
  });

  test('changed without a version: status 12 as an output, annotations, SARIF; the last step fails', async () => {
    writeKernelTree({ depth16: 4 }, tree);
    const { exitCode, stdout, outputs, summary } = await runStep('Check', tree, {
      'sarif-file': 'kho.sarif',
      'fail-on': 'unbumped',
    });
    expect([exitCode, outputs]).toEqual([0, { 'exit-status': '12', verdict: 'changed-without-bump' }]);
    expect(stdout).toContain(
      '::error file=include/linux/kho/abi/radix.h,line=8,title=KHO601 wire-without-bump::',
    );
    expect(summary).toContain('CHANGED WITHOUT BUMP');
    expect(JSON.parse(readFileSync(join(tree, 'kho.sarif'), 'utf8')).version).toBe('2.1.0');
    expect((await runStep('Exit status', tree, outputs)).exitCode).toBe(12);
    expect((await runStep('Exit status', tree, { 'exit-status': '0' })).exitCode).toBe(0);
    writeKernelTree({}, tree);
  });

  test('kernel-dir, baseline and page-size reach the program', async () => {
    const workspace = temporaryFolder();
    mkdirSync(join(workspace, 'linux'));
    writeKernelTree({ depth16: 4 }, join(workspace, 'linux'));
    const { stdout, outputs } = await runStep('Check', workspace, {
      'kernel-dir': 'linux',
      baseline: join(tree, 'include/linux/kho/abi/kho-abi.baseline.json'),
      'page-size': '4K,64K',
    });
    // The depth differs with 16K pages alone.
    expect(outputs).toEqual({ 'exit-status': '0', verdict: 'source-only' });
    expect(stdout).toContain('title=KHO608 targets-differ::le-16k is only in what');
    expect(stdout).toContain('file=linux/include/linux/kho/abi/radix.h,line=8,');
  });

  test('against a known format', async () => {
    const { stdout } = await runStep('Check', tree, { against: 'kho-v4' });
    expect(stdout).toContain('compared with  format kho-v4');
  });

  test.each([
    ['kernel-dir', '--write-baseline'],
    ['kernel-dir', '; touch evil'],
    ['against', '$(touch evil)'],
    ['against', '--help'],
    ['baseline', '`touch evil`'],
    ['arch', 'x86_64 $(touch evil)'],
    ['fail-on', 'never --write-baseline=evil'],
    ['page-size', '4K"; touch evil; "'],
  ])('%s %j is a value that is refused, not a command', async (name, value) => {
    const workspace = writeKernelTree();
    const { outputs, stdout } = await runStep('Check', workspace, { [name]: value });
    expect(outputs).toEqual({ 'exit-status': '2', verdict: '' });
    expect(stdout).toContain('::error title=kho-abi::the check did not run');
    expect(existsSync(join(workspace, 'evil'))).toBe(false);
    expect(existsSync(join(workspace, 'include/linux/kho/abi/kho-abi.baseline.json'))).toBe(false);
  });

  test('what a header says is no command of the runner', async () => {
    const hostile = writeKernelTree({
      pages: 'unsigned int a;\n#error ::error::from a header\nunsigned int',
    });
    const { stdout } = await runStep('Check', hostile, {});
    expect(stdout).toContain('#error ::error::from a header');
    const [, stop] = /^::stop-commands::([0-9a-f-]{36})$/m.exec(stdout)!;
    const outside = stdout.replace(new RegExp(`::stop-commands::${stop}[\\s\\S]*::${stop}::`), '');
    expect(outside).not.toContain('from a header');
  });
});

describe('compilers', () => {
  /** A machine on which dpkg knows gcc alone, and apt-get and sudo only write down how they were called. */
  async function install(
    given: Record<string, string>,
  ): Promise<{ calls: string[]; exitCode?: number | undefined }> {
    const bin = temporaryFolder();
    const log = join(bin, 'log');
    writeFileSync(log, '');
    const program = (name: string, text: string): void =>
      writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    program('apt-get', `echo "apt-get $*" >>'${log}'`);
    program('sudo', 'shift; exec "$@"');
    program('dpkg-query', 'for last; do :; done; [ "$last" = gcc ] && echo "install ok installed"');
    const { exitCode } = await runStep('Install compilers', bin, given, `${bin}:${process.env.PATH}`);
    return { exitCode, calls: readFileSync(log, 'utf8').split('\n').filter(Boolean) };
  }
  const UPDATE = 'apt-get update -qq';
  const INSTALL = 'apt-get install -y -qq --no-install-recommends';

  test.each([
    [{}, []],
    [{ compilers: 'none', arch: 'arm64' }, []],
    [{ arch: 'x86_64,arm64' }, [UPDATE, `${INSTALL} gcc-aarch64-linux-gnu`]],
    [{ compilers: 'gcc clang g++-12' }, [UPDATE, `${INSTALL} clang g++-12`]],
  ])('%j: %j', async (given, calls) => {
    expect(await install(given)).toEqual({ exitCode: 0, calls });
  });

  test.each([{ compilers: '-oDpkg::Options::=x' }, { compilers: 'gcc ./x.deb' }, { arch: 'vax' }])(
    '%j is refused',
    async (given) => {
      expect(await install(given)).toEqual({ exitCode: 2, calls: [] });
    },
  );
});
