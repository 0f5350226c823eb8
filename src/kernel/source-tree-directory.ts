import { existsSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { asIoError, KhoError, readWholeFile } from '../bytes/index.js';
import { MAX_SOURCE } from './c-lexer.js';
import { isPlainPath, MAX_LISTED, type SourceTree, TAKEN_NAME } from './source-tree-model.js';

/** Folder that every kernel with KHO has headers in, from the root. */
const MARK = 'include/linux';

/** A tree that lies in a folder. Links that lead out of it are not followed. */
export class DirectoryTree implements SourceTree {
  readonly path: string;
  readonly revision = null;
  readonly #root: string;

  private constructor(path: string, root: string) {
    this.path = path;
    this.#root = root;
  }

  /** @throws KhoError `E_IO` when the folder cannot be read, `E_KERNEL_TREE` when it is a file or has no include/linux. */
  static open(path: string): DirectoryTree {
    let root: string;
    try {
      root = realpathSync(path);
      if (!statSync(root).isDirectory()) {
        throw new KhoError('E_KERNEL_TREE', 'a kernel tree is a folder', { source: path, found: 'a file' });
      }
    } catch (error) {
      throw asIoError(error, path, 'cannot read');
    }
    const tree = new DirectoryTree(path, root);
    if (!existsSync(join(root, MARK))) {
      const hint = tree.betterRoot();
      throw new KhoError('E_KERNEL_TREE', 'this folder is not the root of a kernel tree', {
        source: path,
        expected: `a folder ${MARK}/ in it`,
        ...(hint === undefined ? {} : { hint }),
      });
    }
    return tree;
  }

  async list(prefix: string): Promise<string[]> {
    const found: string[] = [];
    const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : '';
    const pending = [folder];
    while (pending.length > 0) {
      const current = pending.pop()!;
      for (const entry of this.#entries(current)) {
        const path = current === '' ? entry.name : `${current}/${entry.name}`;
        if (!path.startsWith(prefix)) continue;
        if (entry.isDirectory()) pending.push(path);
        else if (TAKEN_NAME.test(path) && (entry.isFile() || this.#inside(path) !== undefined))
          found.push(path);
        if (found.length > MAX_LISTED) {
          throw new KhoError('E_LIMIT', 'too many files', {
            source: this.path,
            path: prefix,
            expected: `at most ${MAX_LISTED}`,
          });
        }
      }
    }
    return found.sort();
  }

  async read(paths: readonly string[]): Promise<Map<string, string>> {
    const texts = new Map<string, string>();
    for (const path of paths) {
      const file = isPlainPath(path) ? this.#inside(path) : undefined;
      if (file !== undefined) texts.set(path, Buffer.from(readWholeFile(file, MAX_SOURCE)).toString('utf8'));
    }
    return texts;
  }

  #entries(folder: string) {
    try {
      return readdirSync(join(this.#root, folder), { withFileTypes: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return [];
      throw asIoError(error, join(this.path, folder), 'cannot read');
    }
  }

  /** True path of a regular file in the tree; undefined: there is none, or a link leads out of the tree. */
  #inside(path: string): string | undefined {
    try {
      const file = realpathSync(join(this.#root, path));
      return file.startsWith(this.#root + sep) && lstatSync(file).isFile() ? file : undefined;
    } catch {
      return undefined;
    }
  }

  /** What to say when the user named a folder above or below the root. */
  betterRoot(): string | undefined {
    if (basename(this.#root) === 'include' && existsSync(join(this.#root, 'linux'))) {
      return `this is the include folder of a tree: give ${dirname(this.path) === '.' ? '..' : dirname(this.path)}`;
    }
    const parts = this.#root.split(sep);
    const include = parts.lastIndexOf('include');
    const above = parts.slice(0, include).join(sep);
    if (include > 0 && existsSync(join(above, MARK))) return `this is a part of a tree: give ${above}`;
    // A package unpacked by hand has usr/src/NAME in it; an archive has one folder.
    const below = ['', 'usr/src'].flatMap((folder) =>
      this.#entries(folder)
        .filter((entry) => entry.isDirectory() && existsSync(join(this.#root, folder, entry.name, MARK)))
        .map((entry) => join(this.path, folder, entry.name)),
    );
    return below.length === 0 ? undefined : `the tree may be ${below.slice(0, 3).join(' or ')}`;
  }
}
