import { posix } from 'node:path';
import { KhoError } from '../bytes/index.js';
import { type CDirective, splitDirectives, wantedOptions } from './c-directives.js';
import { type CText, lexC } from './c-lexer.js';
import { isCovered, isFreeOption } from './c-shim-names.js';
import { PRELUDE } from './c-shims.js';
import type { OtherFile, ProbeNote, SelectedHeaders } from './probe-select.js';
import { isPlainPath, type SourceTree } from './source-tree-model.js';

/** Folder of the temporary folder that copies of the tree's files are in; messages of compilers begin with it. */
export const STAGED = 'tree/';
/** Line of the main file behind which the generated part begins. */
export const END_OF_HEADERS = 'kho_abi_end_of_headers';

/** Files of a compilation. */
export interface Stage {
  /** By path in the temporary folder. */
  readonly files: ReadonlyMap<string, string>;
  /** Includes of all headers. */
  readonly main: string;
  /** Options that headers ask for; switched on. */
  readonly options: readonly string[];
}

const KEPT = new Set([
  'define',
  'undef',
  'if',
  'ifdef',
  'ifndef',
  'elif',
  'elifdef',
  'elifndef',
  'else',
  'endif',
  'error',
]);
const MAX_INCLUDED = 256;

/** End of the note for an include that nothing stands behind. */
export const EMPTY_FILE = 'was replaced by an empty file';

interface Source {
  readonly text: CText;
  readonly directives: readonly CDirective[];
  /** Contract header or part of one: its includes deserve a note when nothing is behind them. */
  readonly contract: boolean;
}

/**
 * Makes the files of a compilation: copies of the headers in which nothing can reach out of the temporary folder, the parts of
 * other files that count, headers of the user-space ABI that they include, and empty files for all other includes.
 *
 * @throws KhoError `E_KERNEL_TREE` for an include that leads out of the tree, `E_LIMIT` for too many files.
 */
export async function stageHeaders(
  tree: SourceTree,
  selected: SelectedHeaders,
  notes: ProbeNote[],
): Promise<Stage> {
  const files = new Map<string, string>([['prelude.h', PRELUDE]]);
  const options = new Map<string, ProbeNote>();
  const others = new Map(selected.other.map((other) => [other.items.text.file, other]));
  const done = new Set<string>();
  let pending: Source[] = [
    ...selected.abi.map(({ text, directives }) => ({ text, directives, contract: true })),
    ...selected.other.map(({ items }) => ({
      text: items.text,
      directives: items.directives,
      contract: false,
    })),
  ];
  const known = new Set(pending.map(({ text }) => text.file));
  const resolver = new Resolver(tree, known, files, notes);
  while (pending.length > 0) {
    const wanted = new Set<string>();
    await resolver.look(pending);
    for (const source of pending) {
      const { file } = source.text;
      done.add(file);
      const other = others.get(file);
      const kept = await resolver.includes(source, wanted, other !== undefined);
      const clean = blank(source.text, source.directives, kept, notes, source.contract);
      files.set(
        STAGED + file,
        other === undefined ? withLines(source.text, clean) : reduced(other, clean, kept),
      );
      if (!source.contract) continue;
      for (const [name, line] of wantedOptions(source.directives)) {
        if (!isFreeOption(name) || options.has(name)) continue;
        options.set(name, { place: { file, line }, text: `compiled as if ${name} were set` });
      }
    }
    const next = [...wanted].filter((path) => !done.has(path));
    if (done.size + next.length > MAX_INCLUDED)
      throw new KhoError('E_LIMIT', 'too many included headers', { expected: `at most ${MAX_INCLUDED}` });
    pending = [...(await tree.read(next))].map(([path, content]) => {
      const text = lexC(path, content);
      return { text, directives: splitDirectives(text).directives, contract: false };
    });
  }
  notes.push(...options.values());
  const order = [...selected.abi.map(({ text }) => text.file), ...others.keys()];
  const main = order.map((path) => `#include "${STAGED}${path}"\n`).join('');
  return { files, main: `${main}${END_OF_HEADERS}\n`, options: [...options.keys()] };
}

/** Name in an include, and whether it is in quotes; undefined for other directives and for names that a macro gives. */
function includeName({ text }: CText, { start, end }: CDirective): [string, boolean] | undefined {
  const match = /^(?:#|%:)\s*include\s*(?:<([^>\n]*)>|"([^"\n]*)")$/.exec(text.slice(start, end));
  return match === null ? undefined : [match[1] ?? match[2]!, match[2] !== undefined];
}

/** Decides what stands behind each include. */
class Resolver {
  readonly #tree: SourceTree;
  readonly #known: ReadonlySet<string>;
  readonly #files: Map<string, string>;
  readonly #notes: ProbeNote[];
  readonly #noted = new Set<string>();
  readonly #there = new Map<string, boolean>();

  constructor(tree: SourceTree, known: ReadonlySet<string>, files: Map<string, string>, notes: ProbeNote[]) {
    this.#tree = tree;
    this.#known = known;
    this.#files = files;
    this.#notes = notes;
  }

  /** Looks up at once which files exist that these sources may include: a lookup in git starts programs. */
  async look(sources: readonly Source[]): Promise<void> {
    const candidates = new Set<string>();
    for (const { text, directives } of sources) {
      for (const directive of directives) {
        const [name, quoted] = includeName(text, directive) ?? [];
        if (name === undefined || !isPlainPath(name)) continue;
        if (quoted) candidates.add(posix.join(posix.dirname(text.file), name));
        if (!isCovered(name)) candidates.add(`include/${name}`).add(`include/uapi/${name}`);
      }
    }
    const there = await this.#tree.read([...candidates]);
    for (const path of candidates) this.#there.set(path, there.has(path));
  }

  /** Includes of a file that may stay; what they need from the tree is added to `wanted`. */
  async includes(
    { text, directives, contract }: Source,
    wanted: Set<string>,
    onlyTree: boolean,
  ): Promise<Set<CDirective>> {
    const kept = new Set<CDirective>();
    for (const directive of directives) {
      if (!/^(include|include_next|import)$/.test(directive.name)) continue;
      const place = { file: text.file, line: directive.line };
      const [name, quoted] = includeName(text, directive) ?? [];
      if (name === undefined) {
        if (!onlyTree) this.#notes.push({ place, text: 'an include that is not written out was left out' });
        continue;
      }
      if (!isPlainPath(name)) {
        // Of other files only single declarations are taken, and they are full of such includes.
        if (onlyTree) continue;
        throw new KhoError('E_KERNEL_TREE', 'an include leads out of the include folders', {
          source: text.file,
          line: directive.line,
          found: name,
          hint: 'headers of a tree are not trusted: neither absolute paths nor `..` are followed',
        });
      }
      const found = await this.#find(name, quoted === true, text.file);
      if (found !== undefined) {
        kept.add(directive);
        if (!this.#known.has(found)) wanted.add(found);
      } else if (!onlyTree) {
        kept.add(directive);
        this.#stub(name, contract, place);
      }
    }
    return kept;
  }

  async #find(name: string, quoted: boolean, file: string): Promise<string | undefined> {
    if (quoted) {
      const near = posix.join(posix.dirname(file), name);
      if (await this.#usable(near)) return near;
    }
    if (isCovered(name)) return undefined;
    if (await this.#usable(`include/${name}`)) return `include/${name}`;
    if (await this.#exists(`include/${name}`)) return undefined;
    const uapi = `include/uapi/${name}`;
    return (await this.#exists(uapi)) ? uapi : undefined;
  }

  async #usable(path: string): Promise<boolean> {
    if (this.#known.has(path)) return true;
    return /^include\/(uapi\/|linux\/kho\/)/.test(path) && (await this.#exists(path));
  }

  async #exists(path: string): Promise<boolean> {
    let there = this.#there.get(path);
    if (there === undefined) {
      there = (await this.#tree.read([path])).has(path);
      this.#there.set(path, there);
    }
    return there;
  }

  #stub(name: string, contract: boolean, place: ProbeNote['place']): void {
    this.#files.set(`shims/${name}`, '');
    if (isCovered(name) || !contract || this.#noted.has(name)) return;
    this.#noted.add(name);
    this.#notes.push({ place, text: `<${name}> ${EMPTY_FILE}` });
  }
}

/** The text with every directive gone that could reach other files or steer the compiler; all offsets stay. */
function blank(
  { text, file }: CText,
  directives: readonly CDirective[],
  kept: ReadonlySet<CDirective>,
  notes: ProbeNote[],
  contract: boolean,
): string {
  const parts: string[] = [];
  let at = 0;
  for (const directive of directives) {
    const { name, args, start, end, line } = directive;
    const pack = name === 'pragma' && (args[0]?.text === 'pack' || args[0]?.text === 'once');
    if (KEPT.has(name) || kept.has(directive) || pack) continue;
    parts.push(text.slice(at, start), text.slice(start, end).replace(/[^\n]/g, ' '));
    at = end;
    if (contract && !/^(|include|warning|ident|line)$/.test(name)) {
      notes.push({ place: { file, line }, text: `#${name.slice(0, 20)} was left out` });
    }
  }
  return parts.join('') + text.slice(at);
}

/** Puts the line breaks of spliced lines behind the joined line, so that the compiler counts as the file does. */
function withLines({ lines }: CText, clean: string): string {
  const parts: string[] = [];
  let owed = 0;
  for (const [index, { at, splice }] of lines.entries()) {
    const next = lines[index + 1];
    if (splice) owed++;
    if (next === undefined) break;
    parts.push(clean.slice(at, next.at));
    if (next.splice) continue;
    parts.push('\n'.repeat(owed));
    owed = 0;
  }
  return parts.join('');
}

/** The taken parts of a file, each under its own line number. */
function reduced({ items, taken }: OtherFile, clean: string, kept: ReadonlySet<CDirective>): string {
  const { file } = items.text;
  const guard = `KHO_ABI_PART_${file.replace(/\W/g, '_')}`;
  const includes = items.directives
    .filter((directive) => kept.has(directive))
    .map(({ start, end }) => `${clean.slice(start, end)}\n`);
  const parts = items.items
    .filter((item) => taken.has(item))
    .map(({ start, end, line }) => `#line ${line} "${STAGED}${file}"\n${clean.slice(start, end)}\n`);
  return `#ifndef ${guard}\n#define ${guard}\n${includes.join('')}${parts.join('')}#endif\n`;
}
