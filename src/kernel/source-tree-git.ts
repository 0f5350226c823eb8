import { KhoError } from '../bytes/index.js';
import { MAX_SOURCE } from './c-lexer.js';
import { runProgram, type ToolRun } from './run-tool.js';
import { isPlainPath, MAX_LISTED, type SourceTree, TAKEN_NAME } from './source-tree-model.js';

const LIMITS = { seconds: 30, maxOutput: 64 * 1024 * 1024 };
const MISSING = 'install git (Debian, Ubuntu: apt-get install git; Fedora: dnf install git)';
/** Nothing is fetched, no lock is taken, and a path is a path and no pattern. */
const ENV = {
  GIT_LITERAL_PATHSPECS: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
};

/** One line of `git ls-tree -l`. */
interface GitFile {
  readonly path: string;
  readonly folder: boolean;
  readonly id: string;
  readonly bytes: number;
}

/**
 * A tree as a commit has it. A folder inside of a repository counts as the root, as it does without a revision.
 *
 * @throws KhoError `E_USAGE` for a folder that is in no repository and for an unknown revision, `E_TOOL_MISSING` without git.
 */
export async function openGitTree(path: string, revision: string): Promise<SourceTree> {
  if (revision === '' || revision.startsWith('-')) {
    throw new KhoError('E_USAGE', 'not a git revision', {
      found: revision,
      expected: 'a commit, tag or branch',
    });
  }
  const prefix = await git(path, ['rev-parse', '--show-prefix']);
  if (prefix.exitCode !== 0) {
    throw new KhoError('E_USAGE', 'a revision can be read from a git repository only', {
      source: path,
      hint: lastLine(prefix.stderr),
    });
  }
  const commit = await git(path, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${revision}^{commit}`,
  ]);
  if (commit.exitCode !== 0) {
    throw new KhoError('E_USAGE', 'git knows no such revision', {
      source: path,
      found: revision,
      hint: 'a shallow clone does not have older commits: git fetch --unshallow, or git fetch --depth=1 origin REVISION',
    });
  }
  return new GitTree(path, text(commit).trim(), text(prefix).replace(/\n$/, ''));
}

class GitTree implements SourceTree {
  readonly path: string;
  readonly revision: string;
  /** Path of the root from the root of the repository, with `/` at its end, or empty. */
  readonly #above: string;

  constructor(path: string, revision: string, above: string) {
    this.path = path;
    this.revision = revision;
    this.#above = above;
  }

  async list(prefix: string): Promise<string[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const whole = folder === prefix;
    const entries = await this.#lsTree([folder], whole);
    const files = entries.filter((entry) => entry.path.startsWith(prefix));
    const folders = files.filter((entry) => entry.folder).map((entry) => `${entry.path}/`);
    const below = folders.length === 0 ? [] : await this.#lsTree(folders, true);
    const paths = [...files, ...below].filter((entry) => !entry.folder && TAKEN_NAME.test(entry.path));
    return paths.map((entry) => entry.path).sort();
  }

  async read(paths: readonly string[]): Promise<Map<string, string>> {
    const plain = [...new Set(paths.filter(isPlainPath))];
    const texts = new Map<string, string>();
    if (plain.length === 0) return texts;
    const listed = new Map((await this.#lsTree(plain, false)).map((entry) => [entry.path, entry]));
    // Git sorts in its own way; the result is in the order that was asked for.
    const files = plain.flatMap((path) => listed.get(path) ?? []).filter((entry) => !entry.folder);
    for (const { path, bytes } of files) {
      if (bytes <= MAX_SOURCE) continue;
      throw new KhoError('E_LIMIT', 'source file too large', {
        source: path,
        found: `${bytes} bytes`,
        expected: `at most ${MAX_SOURCE}`,
      });
    }
    if (files.length === 0) return texts;
    const input = files.map(({ id }) => `${id}\n`).join('');
    const { stdout, exitCode, stderr } = await git(this.path, ['cat-file', '--batch'], input);
    if (exitCode !== 0) throw failed(this.path, 'git cat-file', stderr);
    const bytes = Buffer.from(stdout.buffer, stdout.byteOffset, stdout.length);
    let at = 0;
    for (const file of files) {
      // "ID blob SIZE", a line end, the bytes, a line end.
      const end = bytes.indexOf(10, at);
      const size = Number(/^\S+ blob (\d+)$/.exec(bytes.toString('latin1', at, Math.max(at, end)))?.[1]);
      if (size !== file.bytes) throw failed(this.path, 'git cat-file', `no contents of ${file.path}`);
      texts.set(file.path, bytes.toString('utf8', end + 1, end + 1 + size));
      at = end + 1 + size + 1;
    }
    return texts;
  }

  async #lsTree(paths: readonly string[], recursive: boolean): Promise<GitFile[]> {
    const full = paths.map((path) => this.#above + path).filter((path) => path !== '');
    const options = ['ls-tree', '-l', '-z', '--full-tree', ...(recursive ? ['-r'] : [])];
    const run = await git(this.path, [...options, this.revision, '--', ...full]);
    if (run.exitCode !== 0) throw failed(this.path, 'git ls-tree', run.stderr);
    const lines = text(run).split('\0').slice(0, -1);
    if (lines.length > MAX_LISTED) {
      throw new KhoError('E_LIMIT', 'too many files', {
        source: this.path,
        expected: `at most ${MAX_LISTED}`,
      });
    }
    return lines.flatMap((line) => {
      // Mode 120000 is a link, 160000 another repository: neither is a file of this tree.
      const match = /^(040000|100\d{3}) (?:tree|blob) ([0-9a-f]+) +(-|\d+)\t(.*)$/s.exec(line);
      if (match === null || !match[4]!.startsWith(this.#above)) return [];
      const path = match[4]!.slice(this.#above.length);
      return [{ path, folder: match[1] === '040000', id: match[2]!, bytes: Number(match[3]) || 0 }];
    });
  }
}

function git(path: string, args: readonly string[], input?: string): Promise<ToolRun> {
  const words = ['git', '-C', path, ...args];
  return runProgram({
    words,
    env: ENV,
    missing: MISSING,
    limits: LIMITS,
    ...(input === undefined ? {} : { input }),
  });
}

function text(run: ToolRun): string {
  return Buffer.from(run.stdout).toString('utf8');
}

function failed(path: string, what: string, stderr: string): KhoError {
  return new KhoError('E_TOOL_FAILED', `${what} failed`, { source: path, hint: lastLine(stderr) });
}

function lastLine(stderr: string): string {
  return stderr
    .trim()
    .split('\n')
    .at(-1)!
    .replace(/^fatal: /, '');
}
