/** `kho-abi tree` as users run it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { CORE, changed, makeTree, removeTrees, TREE_73, TREE_V3, TREE_V3_OLD } from '../kernel/trees.js';
import { cli, temporaryFolder } from '../support/cli.js';

afterAll(removeTrees);

const WIDER = changed(TREE_73, CORE, 'unsigned int total_pages;', 'u64 total_pages;');
const BASELINE = 'include/linux/kho/abi/kho-abi.baseline.json';

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
}

describe('baseline', () => {
  test('is written, found beside the headers, and only then refreshed when a version says so', async () => {
    const root = makeTree(TREE_73);
    expect(await cli(['tree', root])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('not compared'),
    });
    expect(await cli(['tree', root, '--write-baseline'])).toMatchObject({ exitCode: 0 });
    const first = readFileSync(join(root, BASELINE), 'utf8');
    expect(await cli(['tree', root])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(': unchanged'),
    });

    write(root, WIDER);
    const changedTree = await cli(['tree', root]);
    expect(changedTree.exitCode).toBe(12);
    expect(changedTree.stdout).toContain('struct kho_vmalloc: field total_pages was 4 bytes, is 8 bytes');
    const refused = await cli(['tree', root, '--write-baseline']);
    expect(refused).toMatchObject({ exitCode: 12, stderr: expect.stringContaining('was not written') });
    expect(readFileSync(join(root, BASELINE), 'utf8')).toBe(first);

    write(root, changed(WIDER, CORE, 'kho-v4', 'kho-v5'));
    expect((await cli(['tree', root])).exitCode).toBe(4);
    expect((await cli(['tree', root, '--fail-on', 'unbumped'])).exitCode).toBe(0);
    expect((await cli(['tree', root, '--write-baseline'])).exitCode).toBe(0);
    expect((await cli(['tree', root])).exitCode).toBe(0);
  }, 60_000);

  test('edited by hand is refused', async () => {
    const root = makeTree(TREE_73);
    await cli(['tree', root, '--write-baseline']);
    const path = join(root, BASELINE);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"size": 16', '"size": 24'));
    const { exitCode, stderr } = await cli(['tree', root]);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('changed by hand'),
    });
  });
});

describe('--against', () => {
  test('a revision, and the work tree stays as it is', async () => {
    const root = makeTree(TREE_V3_OLD);
    const git = (...args: string[]) =>
      execa('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args]);
    await git('init', '-q');
    await git('add', '.');
    await git('commit', '-qm', 'one');
    write(root, TREE_V3);
    const worktree = await cli(['tree', root, '--against', 'HEAD']);
    expect(worktree.exitCode).toBe(12);
    expect(worktree.stdout).toContain('depth was 4, is 5, with 16K pages only');
    expect((await git('status', '--short')).stdout).toBe(` M ${CORE}`);
    const option = await cli(['tree', root, '--against=--upload-pack=x']);
    expect(option.exitCode).toBe(2);
  });

  test.each([
    ['7.3', 0, ': unchanged'],
    ['kho-v4', 0, ': unchanged'],
    ['7.1', 4, 'kho-v3 -> kho-v4'],
    ['no-such-thing', 2, ''],
  ])('%s', async (name, exitCode, text) => {
    const result = await cli(['tree', makeTree(TREE_73), '--against', name]);
    expect(result, result.stdout + result.stderr).toMatchObject({
      exitCode,
      stdout: expect.stringContaining(text),
    });
  });
});

describe('compilers', () => {
  const root = makeTree(TREE_73);

  test('both byte orders and both architectures agree', async () => {
    const { exitCode, stdout, stderr } = await cli([
      ...['tree', root, '--byte-order', 'little,big', '--arch', 'x86_64,arm64', '--format', 'json'],
    ]);
    expect(exitCode, stderr).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.targets).toEqual(['le-4k', 'le-16k', 'le-64k', 'be-4k', 'be-16k', 'be-64k']);
    expect(new Set(report.compilers.map(({ arch }: { arch: string }) => arch))).toEqual(
      new Set(['x86_64', 'arm64']),
    );
  }, 60_000);

  test('that is missing gives status 3 and says what to install', async () => {
    const result = await cli(['tree', root, '--cc', 'no-such-compiler']);
    expect(result).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('install gcc') });
  });

  test.each([
    [['--arch', 'vax'], 'unknown architecture'],
    [['--page-size', '8K'], 'unknown page size'],
    [['--format', 'text', '--format', 'json'], 'two formats for standard output'],
    [['--baseline', 'x', '--against', '7.2'], 'both a baseline'],
  ])('%s is a usage error', async (args, text) => {
    const result = await cli(['tree', root, ...args]);
    expect(result).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(text) });
  });

  test('a tree without KHO says where was looked', async () => {
    const empty = temporaryFolder();
    mkdirSync(join(empty, 'include/linux'), { recursive: true });
    const result = await cli(['tree', empty]);
    expect(result).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('include/linux/kho/abi') });
  });
});

test('several formats in one run', async () => {
  const folder = temporaryFolder();
  const formats = ['text', 'json', 'sarif', 'junit', 'ktap', 'github', 'markdown', 'mail'];
  const args = formats.flatMap((format) => ['--format', format, '-o', join(folder, format)]);
  const { exitCode, stdout } = await cli(['tree', makeTree(WIDER), '--against', makeTree(TREE_73), ...args]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 12, stdout: '' });
  for (const format of formats) {
    const text = readFileSync(join(folder, format), 'utf8');
    expect(text, format).toContain('total_pages');
    expect(text.endsWith('\n'), format).toBe(true);
  }
});
