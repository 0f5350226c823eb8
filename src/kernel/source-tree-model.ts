/** A kernel tree that files are read from. Nothing is ever written to it. */
export interface SourceTree {
  /** As the user named it. */
  readonly path: string;
  /** Commit of a tree that is read from git; null: the files as they are. */
  readonly revision: string | null;
  /** Regular files whose path from the root begins with `prefix`, sorted. `include/linux/kho_` is a prefix as well as `mm/`. */
  list(prefix: string): Promise<string[]>;
  /** Text of files by path; those that do not exist are not in the result. */
  read(paths: readonly string[]): Promise<Map<string, string>>;
}

/** Files of a listing that are taken: C, and names that need no quoting anywhere. */
export const TAKEN_NAME = /^[A-Za-z0-9_.+@,~/-]+\.[ch]$/;
/** Bounds: a kernel has some hundred files below the prefixes that are asked for. */
export const MAX_LISTED = 20_000;

/** Whether a path from the root stays in the tree and is written in the plain form. */
export function isPlainPath(path: string): boolean {
  return /^[A-Za-z0-9_.+@,~/-]+$/.test(path) && path.split('/').every((part) => !/^\.{0,2}$/.test(part));
}
