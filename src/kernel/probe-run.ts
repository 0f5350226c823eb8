import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { KhoError } from '../bytes/index.js';
import type { Compiler } from './compilers.js';
import type { CLayouts, TreeTarget } from './model.js';
import { readProbe, relocatedValues } from './probe-object.js';
import { makePlan, PROBE_FILE } from './probe-plan.js';
import { expansionLines, type Preprocessed, readPreprocessed } from './probe-preprocessed.js';
import { STAGED, type Stage } from './probe-stage.js';
import { runProgram, type ToolRun, withCleanup } from './run-tool.js';

/** A header takes milliseconds; a hostile one is stopped here. */
const SECONDS = 10;
const MAX_OUTPUT = 16 * 1024 * 1024;
const MAX_OBJECT = 64 * 1024 * 1024;
/** How often constants that the compiler refuses are taken away and the rest is tried again. */
const MAX_ROUNDS = 6;

const COMMON = [
  '-std=gnu11',
  '-ffreestanding',
  '-nostdinc',
  '-fms-extensions',
  '-w',
  '-fdiagnostics-color=never',
];
/** Variables with which a user's environment would add include folders or options. */
const ENV = {
  CPATH: undefined,
  C_INCLUDE_PATH: undefined,
  DEPENDENCIES_OUTPUT: undefined,
  SUNPRO_DEPENDENCIES: undefined,
  GCC_COMPARE_DEBUG: undefined,
  SOURCE_DATE_EPOCH: undefined,
};

/** What one compilation gave. */
export interface ProbeResult {
  readonly layouts: CLayouts;
  readonly preprocessed: Preprocessed;
  /** Constants that the compiler refused, with its words. */
  readonly refused: ReadonlyMap<string, string>;
}

/** A temporary folder with the files of all compilations. */
export class ProbeFolder {
  readonly #folder: string;
  readonly #stage: Stage;
  readonly #macros: readonly string[];
  readonly #contract: ReadonlySet<string>;

  private constructor(
    folder: string,
    stage: Stage,
    macros: readonly string[],
    contract: ReadonlySet<string>,
  ) {
    this.#folder = folder;
    this.#stage = stage;
    this.#macros = macros;
    this.#contract = contract;
  }

  /** Makes the folder, runs `work` and removes the folder in any case. */
  static async use<T>(
    stage: Stage,
    macros: readonly string[],
    contract: ReadonlySet<string>,
    work: (folder: ProbeFolder) => Promise<T>,
  ): Promise<T> {
    const folder = mkdtempSync(join(tmpdir(), 'kho-abi-'));
    return await withCleanup(
      () => rmSync(folder, { recursive: true, force: true }),
      async () => {
        for (const [path, text] of [
          ...stage.files,
          ['main.c', stage.main + expansionLines(macros)] as const,
        ]) {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          writeFileSync(join(folder, path), text);
        }
        return await work(new ProbeFolder(folder, stage, macros, contract));
      },
    );
  }

  /**
   * Compiles for one target.
   *
   * @throws KhoError `E_KERNEL_TREE` with the compiler's words, file and line of the tree when headers do not compile.
   */
  async compile(compiler: Compiler, target: TreeTarget): Promise<ProbeResult> {
    const options = this.#stage.options.map((name) => `-D${name}=1`);
    const defines = [`-DKHO_ABI_PAGE_SHIFT=${target.pageShift}`, '-D__KERNEL__', ...options];
    const folders = ['shims', `${STAGED}include`, `${STAGED}include/uapi`].map((folder) => `-I${folder}`);
    const first = ['-E', '-include', 'prelude.h', ...defines, ...folders, 'main.c'];
    const run = await this.#run(compiler, first);
    if (run.exitCode !== 0) throw compileError(compiler, run.stderr);
    const preprocessed = readPreprocessed(Buffer.from(run.stdout).toString('utf8'), this.#macros);
    const name = `${compiler.arch}-${target.pageShift}-${target.byteOrder}`;
    const refused = new Map<string, string>();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const plan = makePlan(preprocessed, this.#contract, new Set(refused.keys()));
      writeFileSync(join(this.#folder, `${name}.i`), plan.source);
      const output = `${name}.o`;
      const compiled = await this.#run(compiler, [
        ...['-x', 'cpp-output', '-c', '-O0', '-g0', '-fno-lto', `${name}.i`, '-o', output],
      ]);
      const before = refused.size;
      if (compiled.exitCode !== 0) {
        const errors = readErrors(compiled.stderr);
        for (const { file, line, text } of errors) {
          const owner = file === PROBE_FILE ? plan.owners[line] : undefined;
          if (owner === undefined) throw compileError(compiler, compiled.stderr);
          refused.set(owner, text);
        }
        if (refused.size === before) throw compileError(compiler, compiled.stderr);
        continue;
      }
      const object = this.#readObject(output);
      for (const index of relocatedValues(object)) refused.set(plan.valueOwners[index] ?? '', 'an address');
      if (refused.size > before) continue;
      const expected = { ...compiler, count: plan.valueOwners.length, byteOrder: target.byteOrder };
      return { layouts: plan.read(readProbe(object, expected)), preprocessed, refused };
    }
    throw new KhoError('E_KERNEL_TREE', 'too many macros of the headers are no constants', {
      expected: `at most ${MAX_ROUNDS} rounds of them`,
    });
  }

  #run(compiler: Compiler, args: readonly string[]): Promise<ToolRun> {
    return runProgram({
      words: [...compiler.words, ...COMMON, ...args],
      cwd: this.#folder,
      env: { ...ENV, TMPDIR: this.#folder },
      missing: 'it was there a moment ago',
      limits: { seconds: SECONDS, maxOutput: MAX_OUTPUT },
    });
  }

  #readObject(name: string): Uint8Array {
    const path = join(this.#folder, name);
    const { size } = statSync(path);
    if (size <= MAX_OBJECT) return readFileSync(path);
    throw new KhoError('E_LIMIT', 'the object file is too large', {
      found: `${size} bytes`,
      expected: `at most ${MAX_OBJECT}`,
    });
  }
}

interface CompilerMessage {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Errors among the words of gcc or clang; paths as the compiler was given them. */
function readErrors(stderr: string): CompilerMessage[] {
  return [...stderr.matchAll(/^(?:\.\/)?([^\s:][^:\n]*):(\d+)(?::\d+)?: (?:fatal )?error: (.*)$/gm)].map(
    ([, file, line, text]) => ({ file: file!, line: Number(line), text: text! }),
  );
}

function compileError({ command }: Compiler, stderr: string): KhoError {
  const errors = readErrors(stderr);
  const ofTree = errors.find(({ file }) => file.startsWith(STAGED));
  const first = ofTree ?? errors[0];
  const lines = stderr.trim().replaceAll(STAGED, '').split('\n');
  if (first === undefined) {
    return new KhoError('E_TOOL_FAILED', `${command} failed`, { hint: lines[0]!.slice(0, 300) });
  }
  const rest = errors.length > 1 ? `; ${errors.length - 1} more` : '';
  return new KhoError('E_KERNEL_TREE', `the ABI headers do not compile: ${first.text.slice(0, 300)}${rest}`, {
    source: first.file.startsWith(STAGED) ? first.file.slice(STAGED.length) : first.file,
    line: first.line,
    hint: `said by ${command}`,
    window: lines.slice(0, 20).map((line) => line.slice(0, 300)),
  });
}
