/** Where the files of a tree come from: folders, installed headers, commits. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { $ } from 'zx';
import { loadTreeMap } from '../../src/abi/index.js';
import { collectTree, openTree, type SourceTree } from '../../src/kernel/index.js';
import { treeRelease } from '../../src/kernel/source-tree.js';
import { CORE, makeTree, removeTrees, TREE_73, TREE_V3, type TreeFiles } from './trees.js';

afterAll(removeTrees);

const collect = (tree: SourceTree) =>
  collectTree(tree, {
    targets: [{ pageShift: 14, byteOrder: 'little' }],
    arches: ['x86_64'],
    map: loadTreeMap(),
  });

describe('folders', () => {
  test('a prefix is a folder or the beginning of names', async () => {
    const tree = await openTree(
      makeTree({
        ...TREE_73,
        'include/linux/kho_block.h': '',
        'include/linux/khod.h': '',
        'include/linux/kho/deep/er/a.c': '',
        'include/linux/kho/readme.txt': '',
      }),
    );
    expect(await tree.list('include/linux/kho_')).toEqual(['include/linux/kho_block.h']);
    expect(await tree.list('include/linux/kho/')).toEqual(
      [
        ...Object.keys(TREE_73).filter((path) => path.startsWith('include/linux/kho/')),
        'include/linux/kho/deep/er/a.c',
      ].sort(),
    );
    expect(await tree.list('mm/memblock.c')).toEqual([]);
    expect([...(await tree.read(['none.h', CORE])).keys()]).toEqual([CORE]);
  });

  test.each([
    ['VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\n', '7.3.4'],
    ['VERSION = 7\nPATCHLEVEL = 1\nSUBLEVEL = 0\nEXTRAVERSION = -rc5\n', '7.1-rc5'],
    ['# text\nVERSION=6\nPATCHLEVEL=18\n', '6.18'],
    ['all:\n\ttrue\n', null],
    ['VERSION = $(shell id)\nPATCHLEVEL = 3\n', null],
  ])('release of %j', async (Makefile, release) => {
    expect(await treeRelease(await openTree(makeTree({ Makefile, [CORE]: '' })))).toBe(release);
  });

  test.each([
    ['the include folder', 'include', /include folder of a tree: give .*kho-abi-tree-\w+\)/],
    ['a folder below it', 'include/linux', /a part of a tree: give .*kho-abi-tree-\w+\)/],
  ])('%s: the hint names the root', async (_, below, hint) => {
    const root = makeTree(TREE_73);
    await expect(openTree(join(root, below))).rejects.toMatchObject({
      code: 'E_KERNEL_TREE',
      exitStatus: 2,
      message: expect.stringMatching(hint),
    });
  });

  test.each(['linux-7.3', 'usr/src/linux-headers-7.3-common'])(
    'a tree in a folder of it, %s: the hint names it',
    async (name) => {
      const root = makeTree(
        Object.fromEntries(Object.entries(TREE_73).map(([path, text]) => [`${name}/${path}`, text])),
      );
      await expect(openTree(root)).rejects.toMatchObject({
        code: 'E_KERNEL_TREE',
        details: { hint: `the tree may be ${join(root, name)}` },
      });
    },
  );

  test('no KHO: it is said, and where was looked', async () => {
    const root = makeTree({ 'include/linux/types.h': '', 'mm/memblock.c': 'int kho;\n' });
    await expect(openTree(root).then(collect)).rejects.toMatchObject({
      code: 'E_KERNEL_TREE',
      summary: 'this tree has no KHO headers',
      details: { source: root, expected: expect.stringContaining('include/linux/kho/abi/') },
    });
    await expect(openTree(join(root, 'mm/memblock.c'))).rejects.toMatchObject({ code: 'E_KERNEL_TREE' });
    await expect(openTree(join(root, 'nowhere'))).rejects.toMatchObject({ code: 'E_IO' });
  });
});

describe('commits', () => {
  async function commit(root: string, files: TreeFiles): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const git = $({ cwd: root, quiet: true });
    await git`git init -q && git add -A && git -c user.name=n -c user.email=e@example.org -c commit.gpgsign=false commit -q --allow-empty -m change`;
    return (await git`git rev-parse HEAD`).stdout.trim();
  }

  test('a commit is read without touching the work tree', async () => {
    const root = makeTree({});
    const first = await commit(root, { ...TREE_V3, Makefile: 'VERSION = 7\nPATCHLEVEL = 1\n' });
    await commit(root, TREE_73);
    rmSync(join(root, 'include'), { recursive: true });
    writeFileSync(join(root, 'Makefile'), 'changed and not committed\n');
    const before = (await $({ cwd: root, quiet: true })`git status --porcelain`).stdout;
    const [old, now] = await Promise.all([
      openTree(root, { revision: 'HEAD~1' }).then(collect),
      openTree(root, { revision: 'HEAD' }).then(collect),
    ]);
    expect(old.tree).toEqual({ path: root, revision: first, release: '7.1' });
    expect(now.tree).toMatchObject({ release: '7.3.4' });
    expect([...old.targets[0]!.layouts.constants.keys()]).toContain('KHO_ORDER_0_LOG2');
    expect([...now.targets[0]!.layouts.constants.keys()]).toContain('KHO_RADIX_KEY_WIDTH');
    expect((await $({ cwd: root, quiet: true })`git status --porcelain`).stdout).toBe(before);
  });

  test('a commit and its files give the same', async () => {
    const root = makeTree({});
    await commit(root, { ...TREE_73, 'include/linux/kho_block.h': '', 'include/linux/kho_x/y.h': '' });
    const [files, stored] = [await openTree(root), await openTree(root, { revision: 'HEAD' })];
    for (const prefix of ['include/linux/kho', 'include/linux/kho_', 'include/linux/kho/', 'Make', 'mm/']) {
      expect(await stored.list(prefix), prefix).toEqual(await files.list(prefix));
    }
    const { tree: _, ...fromFiles } = await collect(files);
    const { tree: __, ...fromCommit } = await collect(stored);
    expect(fromCommit).toEqual(fromFiles);
  });

  test('a tree in a folder of a repository', async () => {
    const root = makeTree({});
    await commit(
      root,
      Object.fromEntries(Object.entries(TREE_73).map(([path, text]) => [`kernels/a/${path}`, text])),
    );
    const tree = await openTree(join(root, 'kernels/a'), { revision: 'HEAD' });
    expect(await tree.list('include/linux/kho/abi/')).toContain(CORE);
    expect((await collect(tree)).tree.release).toBe('7.3.4');
  });

  test('links and other repositories in a commit are no files', async () => {
    const root = makeTree({});
    await commit(root, TREE_V3);
    const git = $({ cwd: root, quiet: true });
    await git`ln -s /etc/passwd include/linux/kho/abi/link.h && git add -A && git -c user.name=n -c user.email=e@example.org commit -q -m link`;
    const tree = await openTree(root, { revision: 'HEAD' });
    expect(await tree.list('include/linux/kho/')).toEqual([CORE]);
    expect((await tree.read(['include/linux/kho/abi/link.h'])).size).toBe(0);
    expect((await tree.read(['../x.h', '/etc/passwd', 'a\nb', ':(glob)**'])).size).toBe(0);
  });

  test.each(['--output=evil', '-h', 'nothing', 'HEAD^99', 'HEAD:Makefile', '', 'HEAD --all'])(
    'revision %j is refused',
    async (revision) => {
      const root = makeTree({});
      await commit(root, TREE_V3);
      await expect(openTree(root, { revision })).rejects.toMatchObject({ code: 'E_USAGE' });
    },
  );

  test('a folder without a repository', async () => {
    await expect(openTree(makeTree(TREE_V3), { revision: 'HEAD' })).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringContaining('git repository'),
    });
  });
});
