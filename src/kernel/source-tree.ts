import { KhoError } from '../bytes/index.js';
import { DirectoryTree } from './source-tree-directory.js';
import { openGitTree } from './source-tree-git.js';
import type { SourceTree } from './source-tree-model.js';

export type { SourceTree } from './source-tree-model.js';

/**
 * Opens a kernel source tree or a tree of installed headers.
 *
 * @param revision read that commit, tag or branch of the git repository that `path` is in; the work tree is not touched.
 * @throws KhoError `E_KERNEL_TREE` when it is no kernel tree, with a hint; `E_IO`; `E_USAGE` for a revision that git does not know.
 */
export async function openTree(
  path: string,
  options: { readonly revision?: string } = {},
): Promise<SourceTree> {
  const { revision } = options;
  return revision === undefined ? DirectoryTree.open(path) : await openGitTree(path, revision);
}

/**
 * Release from the top Makefile: `7.3.4`; null when there is no Makefile or it sets no version.
 */
export async function treeRelease(tree: SourceTree): Promise<string | null> {
  const text = (await tree.read(['Makefile'])).get('Makefile');
  if (text === undefined) return null;
  const value = (name: string): string =>
    new RegExp(`^${name}[ \\t]*=[ \\t]*(\\S*)`, 'm').exec(text)?.[1] ?? '';
  const [version, patch, sub, extra] = ['VERSION', 'PATCHLEVEL', 'SUBLEVEL', 'EXTRAVERSION'].map(value);
  if (!/^\d+$/.test(version!) || !/^\d+$/.test(patch!)) return null;
  const third = /^[1-9]\d*$/.test(sub!) ? `.${sub}` : '';
  const rest = /^[\w.+~-]*$/.test(extra!) ? extra : '';
  return `${version}.${patch}${third}${rest}`;
}

/** The error for a tree in which nothing of KHO was found. */
export async function noHeaders(tree: SourceTree, looked: readonly string[]): Promise<KhoError> {
  const hint =
    (tree instanceof DirectoryTree ? tree.betterRoot() : undefined) ??
    'KHO came with Linux 6.16; give the root of a kernel source tree, or of a package with installed headers';
  return new KhoError('E_KERNEL_TREE', 'this tree has no KHO headers', {
    source: tree.revision === null ? tree.path : `${tree.path} at ${tree.revision.slice(0, 12)}`,
    expected: `one of ${looked.join(', ')}`,
    hint,
  });
}
