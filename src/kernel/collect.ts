import type { TreeMap } from '../abi/index.js';
import { pageSizeName } from '../abi/index.js';
import { KhoError } from '../bytes/index.js';
import { abiHeader } from './c-header.js';
import { compareArches } from './collect-arches.js';
import { type Compiler, CompilerSearch } from './compilers.js';
import type { AbiHeader, CompiledTarget, CompilerUse, TreeAbi, TreeTarget } from './model.js';
import { stringValue, whyNoInteger } from './probe-preprocessed.js';
import { ProbeFolder, type ProbeResult } from './probe-run.js';
import { type ProbeNote, type SelectedHeaders, selectHeaders } from './probe-select.js';
import { EMPTY_FILE, stageHeaders } from './probe-stage.js';
import { type SourceTree, treeRelease } from './source-tree.js';

/** What to collect of a tree. */
export interface CollectOptions {
  readonly targets: readonly TreeTarget[];
  /** `x86_64`, `arm64`; the first one's numbers are taken, the others must agree. */
  readonly arches: readonly string[];
  /** Compilers that the user named: words by architecture, or under `ANY_ARCH`. */
  readonly compilers?: ReadonlyMap<string, readonly string[]>;
  readonly map: TreeMap;
  readonly progress?: (text: string) => void;
}

/** Compilations that run at the same time. */
const PARALLEL = 2;

/**
 * Collects the ABI of a kernel tree: text and comments of its headers, and layouts and constants as real compilers see them for
 * every target. Nothing of the tree is executed, and nothing is written to it.
 *
 * @throws KhoError `E_KERNEL_TREE` for a tree without KHO or whose headers do not compile, `E_TOOL_MISSING` without a compiler,
 * `E_TOOL_FAILED` and `E_LIMIT` for headers that take too much.
 */
export async function collectTree(tree: SourceTree, options: CollectOptions): Promise<TreeAbi> {
  const { targets, arches, map } = options;
  const notes: ProbeNote[] = [];
  options.progress?.('reading headers');
  const selected = await selectHeaders(tree, map, notes);
  const stage = await stageHeaders(tree, selected, notes);
  const headers = [
    ...selected.abi.map((items) => abiHeader(items, 'abi')),
    ...selected.other.map(({ items, taken }) => abiHeader(items, 'other', taken)),
  ];
  const search = new CompilerSearch(options.compilers);
  const jobs = (
    await Promise.all(
      targets.map(async (target) => {
        const found = await search.find(arches, target.byteOrder);
        return found.map((compiler) => ({ target, compiler }));
      }),
    )
  ).flat();
  const results = await withEmptyIncludes(
    notes,
    ProbeFolder.use(stage, macroNames(headers), contractFiles(selected), (folder) =>
      inParallel(jobs, async ({ target, compiler }) => {
        options.progress?.(
          `${compiler.command}: ${pageSizeName(target.pageShift)}, ${target.byteOrder} endian`,
        );
        return { target, compiler, ...(await folder.compile(compiler, target)) };
      }),
    ),
  );
  notes.push(...constantNotes(headers, results));
  const compiled = targets.map((target) => {
    const own = results.filter((result) => result.target === target);
    return {
      target: { ...target, arches: own.map(({ compiler }) => compiler.arch), layouts: own[0]!.layouts },
      disagreements: compareArches(target, own),
    };
  });
  return {
    tree: { path: tree.path, revision: tree.revision, release: await treeRelease(tree) },
    compilers: uses(jobs.map(({ compiler }) => compiler)),
    headers: withStrings(headers, results, notes),
    targets: compiled.map(({ target }): CompiledTarget => target),
    disagreements: compiled.flatMap(({ disagreements }) => disagreements),
    notes,
  };
}

/** An unknown type may come from a header that was replaced: then the error names it. */
async function withEmptyIncludes<T>(notes: readonly ProbeNote[], work: Promise<T>): Promise<T> {
  return await work.catch((error: unknown) => {
    const empty = notes.filter(({ text }) => text.endsWith(EMPTY_FILE)).map(({ text }) => text.split(' ')[0]);
    if (!(error instanceof KhoError) || error.code !== 'E_KERNEL_TREE' || empty.length === 0) throw error;
    const hint = `${error.details.hint}; empty files stand for ${empty.slice(0, 8).join(', ')}`;
    throw new KhoError(error.code, error.summary, { ...error.details, hint });
  });
}

interface Result extends ProbeResult {
  readonly target: TreeTarget;
  readonly compiler: Compiler;
}

async function inParallel<T, R>(jobs: readonly T[], work: (job: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(jobs.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < jobs.length; index = next++) results[index] = await work(jobs[index]!);
  };
  // All workers end before an error is passed on: the folder must not vanish under a compiler.
  const ends = await Promise.allSettled(Array.from({ length: PARALLEL }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}

function macroNames(headers: readonly AbiHeader[]): string[] {
  return [
    ...new Set(
      headers.flatMap(({ macros }) => macros.filter(({ params }) => params === null).map(({ name }) => name)),
    ),
  ];
}

function contractFiles({ abi, other }: SelectedHeaders): Set<string> {
  return new Set([...abi.map(({ text }) => text.file), ...other.map(({ items }) => items.text.file)]);
}

function uses(compilers: readonly Compiler[]): CompilerUse[] {
  const found = new Map(
    compilers.map(({ arch, command, version }) => [`${arch} ${command}`, { arch, command, version }]),
  );
  return [...found.values()];
}

/** Says which macros look like numbers and are none. */
function constantNotes(headers: readonly AbiHeader[], results: readonly Result[]): ProbeNote[] {
  const first = results[0];
  if (first === undefined) return [];
  const { refused, preprocessed } = first;
  return headers.flatMap(({ macros }) =>
    macros.flatMap(({ name, place }) => {
      const words = refused.get(name);
      if (words !== undefined) return [{ place, text: `${name} is no constant: ${words}` }];
      const expansion = preprocessed.macros.get(name);
      const why = expansion && whyNoInteger(expansion, preprocessed.words);
      return why === undefined || why.quiet
        ? []
        : [{ place, text: `${name} has no value here: ${why.text}` }];
    }),
  );
}

/** Adds what macros expand to when it is a string. A string must not depend on the target. */
function withStrings(
  headers: readonly AbiHeader[],
  results: readonly Result[],
  notes: ProbeNote[],
): AbiHeader[] {
  const strings = new Map<string, string>();
  for (const { preprocessed, target } of results) {
    for (const [name, expansion] of preprocessed.macros) {
      const text = stringValue(expansion);
      if (text === undefined) continue;
      const known = strings.get(name);
      if (known === undefined) strings.set(name, text);
      else if (known !== text) {
        const place = headers.flatMap(({ macros }) => macros).find((macro) => macro.name === name)!.place;
        notes.push({
          place,
          text: `${name} is "${text}" for ${pageSizeName(target.pageShift)} and "${known}" elsewhere`,
        });
      }
    }
  }
  return headers.map((header) => ({
    ...header,
    macros: header.macros.map((macro) => {
      const string = macro.params === null ? strings.get(macro.name) : undefined;
      return string === undefined ? macro : { ...macro, string };
    }),
  }));
}
