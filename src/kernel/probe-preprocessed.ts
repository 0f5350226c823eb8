import { balanced } from './c-brackets.js';
import { PackState, splitDirectives } from './c-directives.js';
import { type CToken, lexC, MAX_PREPROCESSED, spell } from './c-lexer.js';
import { type CAggregate, type CBase, type CTypeDeclaration, readTypes } from './c-types.js';
import type { SourcePlace } from './model.js';
import { END_OF_HEADERS, STAGED } from './probe-stage.js';

/** Words around the expansion of a macro in the generated part of the main file. */
const MACRO_BEGIN = 'kho_abi_macro_begin';
const MACRO_END = 'kho_abi_macro_end';

/** Lines that make the preprocessor expand macros. */
export function expansionLines(names: readonly string[]): string {
  return names
    .map((name, index) => `#ifdef ${name}\n${MACRO_BEGIN} ${index} ${name} ${MACRO_END}\n#endif\n`)
    .join('');
}

/** A type declaration with its text and place. */
export interface PlacedType extends CTypeDeclaration {
  /** Place in the file that it is written in; of a copy in the temporary folder, of the file of the tree. */
  readonly place: SourcePlace;
  /** Whether it is of a file of the tree and not of the prelude. */
  readonly ofTree: boolean;
  readonly source: string;
  /** Alignment that `#pragma pack` gives it. */
  readonly pack: string | undefined;
}

/** What the preprocessor gave. */
export interface Preprocessed {
  readonly types: readonly PlacedType[];
  /** Macros that were defined, by name: their expansions. */
  readonly macros: ReadonlyMap<string, readonly CToken[]>;
  /** Every word of the type declarations: a word that is not here is not declared. */
  readonly words: ReadonlySet<string>;
}

/** Reads the output of `CC -E`. */
export function readPreprocessed(output: string, names: readonly string[]): Preprocessed {
  const text = lexC('preprocessed headers', output, MAX_PREPROCESSED);
  const { directives, tokens } = splitDirectives(text);
  const end = tokens.findIndex((token) => token.text === END_OF_HEADERS);
  const headers = end < 0 ? tokens : tokens.slice(0, end);
  const markers = directives.filter(({ name, args }) => /^\d+$/.test(name) && args[0]?.kind === 'string');
  const pack = new PackState();
  let marker = -1;
  let directive = 0;
  const types = readTypes(headers).map((declaration): PlacedType => {
    const first = headers[declaration.from]!;
    while (marker + 1 < markers.length && markers[marker + 1]!.start < first.start) marker++;
    while (directive < directives.length && directives[directive]!.start < first.start)
      pack.take(directives[directive++]!);
    const { name, args, line } = markers[marker] ?? { name: '1', args: [], line: first.line };
    // clang writes `./` before names that it found beside the main file.
    const file = (args[0]?.text ?? '""').slice(1, -1).replace(/^\.\//, '');
    const ofTree = file.startsWith(STAGED);
    return {
      ...declaration,
      place: { file: ofTree ? file.slice(STAGED.length) : file, line: Number(name) + first.line - line - 1 },
      ofTree,
      source: text.text.slice(first.start, headers[declaration.to - 1]!.end),
      pack: pack.current,
    };
  });
  const words = new Set<string>();
  for (const { from, to } of types) {
    for (const { kind, text: word } of headers.slice(from, to)) if (kind === 'word') words.add(word);
  }
  return { types, macros: expansions(tokens.slice(end + 1), names), words };
}

function expansions(tokens: readonly CToken[], names: readonly string[]): Map<string, readonly CToken[]> {
  const found = new Map<string, readonly CToken[]>();
  for (let index = 0; index < tokens.length; index++) {
    if (tokens[index]!.text !== MACRO_BEGIN) continue;
    const name = names[Number(tokens[index + 1]?.text)];
    let end = index + 2;
    while (end < tokens.length && tokens[end]!.text !== MACRO_END) end++;
    if (name !== undefined && !found.has(name)) found.set(name, tokens.slice(index + 2, end));
    index = end;
  }
  return found;
}

/** Text of a macro whose expansion is string literals only; undefined: it is something else. */
export function stringValue(expansion: readonly CToken[]): string | undefined {
  if (
    expansion.length === 0 ||
    !expansion.every(({ kind, text }) => kind === 'string' && text.startsWith('"'))
  )
    return undefined;
  return expansion.map(({ text }) => unescaped(text.slice(1, -1))).join('');
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function unescaped(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]+|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (code[0] === 'x' && code.length > 1)
      return String.fromCharCode(Number.parseInt(code.slice(1), 16) & 0xff);
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff);
    return ESCAPES[code] ?? code;
  });
}

/** Words of an expression that need no declaration. */
const LANGUAGE =
  /^(__builtin_\w+|__typeof__|typeof|sizeof|_Alignof|__alignof__|__extension__|const|volatile|struct|union|enum|void|char|short|int|long|float|double|signed|unsigned|_Bool)$/;

/**
 * Why an expansion cannot be an integer; empty: the compiler must decide. `quiet`: it is not even meant as one.
 */
export function whyNoInteger(
  expansion: readonly CToken[],
  words: ReadonlySet<string>,
): { text: string; quiet: boolean } | undefined {
  if (expansion.length === 0) return { text: 'is empty', quiet: true };
  // A string counts only by its length: `sizeof("luo-v5")`.
  const measured = (index: number): boolean => expansion[index - 2]?.text === 'sizeof';
  if (expansion.some(({ kind }, index) => kind === 'string' && !measured(index))) {
    return { text: 'is no number', quiet: true };
  }
  if (!balanced(expansion) || expansion.some(({ text }) => /^[{};]$/.test(text)))
    return { text: 'is no expression', quiet: true };
  if (
    /^(__attribute__|struct|union|enum|_Pragma|__asm__|asm|do|extern|static|inline)$/.test(expansion[0]!.text)
  ) {
    return { text: 'is no expression', quiet: true };
  }
  const unknown = expansion.find(
    ({ kind, text }) => kind === 'word' && !words.has(text) && !LANGUAGE.test(text),
  );
  return unknown === undefined
    ? undefined
    : { text: `${spell([unknown])} is declared elsewhere`, quiet: false };
}

/** Structures and typedefs of a compilation by name. */
export interface TypeTable {
  /** `struct foo` to its definition. */
  readonly aggregates: ReadonlyMap<string, CAggregate>;
  readonly typedefs: ReadonlyMap<
    string,
    { readonly base: CBase; readonly derivations: PlacedType['names'][number]['derivations'] }
  >;
}

/** Looks up what type names mean. */
export function typeTable(types: readonly PlacedType[]): TypeTable {
  const aggregates = new Map<string, CAggregate>();
  const typedefs = new Map<
    string,
    { base: CBase; derivations: PlacedType['names'][number]['derivations'] }
  >();
  for (const { tagged, names, base } of types) {
    for (const aggregate of tagged) aggregates.set(`${aggregate.kind} ${aggregate.tag}`, aggregate);
    for (const { name, derivations } of names) typedefs.set(name, { base: base!, derivations });
  }
  return { aggregates, typedefs };
}
