import { behindAttributes, behindBracket, topDeclarations } from './c-brackets.js';
import { type CDirective, Conditions, PackState, splitDirectives } from './c-directives.js';
import type { CText, CToken } from './c-lexer.js';

/** A macro, type or enum of a header as it is written. */
export interface CItem {
  readonly kind: 'macro' | 'struct' | 'union' | 'enum' | 'typedef';
  /** Tag, macro's name or typedef's name; empty for an enum without a tag. */
  readonly name: string;
  /** From its first token to the end of its last one, in `CText.text`. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly lastLine: number;
  readonly conditions: readonly string[];
  /** Of a macro: its body. Else all tokens of the declaration. */
  readonly tokens: readonly CToken[];
  /** Of a macro. */
  readonly params: readonly string[] | null;
  readonly packed: boolean;
  /** Of an enum. */
  readonly constants?: readonly string[];
}

/** What a header holds at file level. */
export interface CItems {
  readonly text: CText;
  readonly directives: readonly CDirective[];
  /** In the order of the file. */
  readonly items: readonly CItem[];
}

/** Takes a header apart. Functions, objects and assertions are left out, and so is the include guard's macro. */
export function readItems(text: CText): CItems {
  const { directives, tokens } = splitDirectives(text);
  const items: CItem[] = [];
  const conditions = new Conditions(directives);
  const pack = new PackState();
  // Conditions at the places of directives and of declarations: both lists are in the order of the file.
  let next = 0;
  const upTo = (offset: number): readonly string[] => {
    for (; next < directives.length && directives[next]!.start < offset; next++) {
      const directive = directives[next]!;
      if (directive.name === 'define' && directive.args[0]?.text !== conditions.guard) {
        const macro = readMacro(directive, conditions.current);
        if (macro !== undefined) items.push(macro);
      }
      conditions.take(directive);
      pack.take(directive);
    }
    return conditions.current;
  };
  for (const [from, to] of declarations(tokens, text)) {
    const range = tokens.slice(from, to);
    const item = readDeclaration(range, upTo(range[0]!.start));
    if (item !== undefined) items.push(pack.current === undefined ? item : { ...item, packed: true });
  }
  upTo(Number.POSITIVE_INFINITY);
  return { text, directives, items: items.sort((a, b) => a.start - b.start) };
}

/** Text whose branches of `#if` hold half a function each does not balance: then braces in the first column decide. */
function declarations(tokens: readonly CToken[], text: CText): (readonly [number, number])[] {
  const strict = [...topDeclarations(tokens)];
  const end = strict.at(-1)?.[1] ?? 0;
  return end === tokens.length ? strict : [...topDeclarations(tokens, text)];
}

function readMacro({ args, start, end, line }: CDirective, conditions: readonly string[]): CItem | undefined {
  const name = args[0];
  if (name?.kind !== 'word') return undefined;
  let body = 1;
  let params: string[] | null = null;
  // A parameter list only when the bracket touches the name.
  if (args[1]?.text === '(' && !args[1].spaced) {
    body = behindBracket(args, 1);
    const inside = args.slice(2, body - 1);
    params = [];
    for (const { text } of inside) {
      if (text === '...' && params.length > 0 && inside.at(-2)?.text !== ',')
        params[params.length - 1] += '...';
      else if (text !== ',') params.push(text);
    }
  }
  return {
    kind: 'macro',
    name: name.text,
    start,
    end,
    line,
    lastLine: args.at(-1)!.line,
    conditions,
    tokens: args.slice(body),
    params,
    packed: false,
  };
}

function readDeclaration(tokens: readonly CToken[], conditions: readonly string[]): CItem | undefined {
  const [first, last] = [tokens[0]!, tokens.at(-1)!];
  const common = {
    start: first.start,
    end: last.end,
    line: first.line,
    lastLine: last.line,
    conditions,
    tokens,
    params: null,
    packed: isPacked(tokens),
  };
  if (first.text === 'typedef') {
    const name = typedefName(tokens);
    return name === undefined ? undefined : { ...common, kind: 'typedef', name };
  }
  const kind = first.text;
  if (kind !== 'struct' && kind !== 'union' && kind !== 'enum') return undefined;
  let at = behindAttributes(tokens, 1);
  // An unknown attribute macro may stand before the tag: the last word before the brace is the tag.
  let name = '';
  while (tokens[at]?.kind === 'word') {
    name = tokens[at]!.text;
    at = behindAttributes(tokens, at + 1);
  }
  if (tokens[at]?.text !== '{') return undefined;
  if (kind !== 'enum') return name === '' ? undefined : { ...common, kind, name };
  return { ...common, kind, name, constants: enumConstants(tokens.slice(at, behindBracket(tokens, at))) };
}

/** Names of the constants between braces. */
export function enumConstants(body: readonly CToken[]): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [index, { text, kind }] of body.entries()) {
    const before = body[index - 1]?.text;
    if (kind === 'word' && depth === 1 && (before === '{' || before === ',')) names.push(text);
    if (text === '(' || text === '[' || text === '{') depth++;
    if (text === ')' || text === ']' || text === '}') depth--;
  }
  return names;
}

function typedefName(tokens: readonly CToken[]): string | undefined {
  let name: string | undefined;
  for (let index = 1; index < tokens.length; index++) {
    const { text, kind } = tokens[index]!;
    if (text === '(' && tokens[index + 1]?.text === '*') return tokens[index + 2]?.text;
    if (text === '{' || text === '(' || text === '[') index = behindBracket(tokens, index) - 1;
    else if (kind === 'word' && text !== '__packed') name = text;
  }
  return name;
}

/** Packed as a whole: an attribute outside of the braces. */
function isPacked(tokens: readonly CToken[]): boolean {
  let depth = 0;
  for (const { text } of tokens) {
    if (text === '{') depth++;
    else if (text === '}') depth--;
    else if (depth === 0 && /^(__packed|packed|__packed__)$/.test(text)) return true;
  }
  return false;
}
