import type { CText, CToken } from './c-lexer.js';

/** A line of the preprocessor. */
export interface CDirective {
  /** `define`, `include`; empty for a lone `#`. A line marker has its number. */
  readonly name: string;
  /** What follows the name. */
  readonly args: readonly CToken[];
  /** From `#` to the end of the last token, in `CText.text`. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

/** Directives of a text, and its tokens outside of them. */
export function splitDirectives(text: CText): { directives: CDirective[]; tokens: CToken[] } {
  const directives: CDirective[] = [];
  const outside: CToken[] = [];
  const { tokens } = text;
  for (let index = 0; index < tokens.length; ) {
    const token = tokens[index]!;
    if (!token.first || token.text !== '#') {
      outside.push(token);
      index++;
      continue;
    }
    let end = index + 1;
    while (end < tokens.length && !tokens[end]!.first) end++;
    const name = tokens[index + 1];
    directives.push({
      name: end > index + 1 ? name!.text : '',
      args: tokens.slice(index + 2, end),
      start: token.start,
      end: tokens[end - 1]!.end,
      line: token.line,
    });
    index = end;
  }
  return { directives, tokens: outside };
}

/** A block between `#if` and `#endif`, as far as it counts. */
interface Level {
  guard: boolean;
  /** Conditions of the branches before this one. */
  before: string[];
  /** Of the current branch; undefined: no CONFIG_ in it. */
  now: string | undefined;
}

/**
 * Follows `#if` blocks and tells the `CONFIG_…` conditions of the current place. The include guard, the first `#ifndef X` whose
 * next directive is `#define X`, is no condition.
 */
export class Conditions {
  readonly #levels: Level[] = [];
  /** Name of the include guard; undefined: none. */
  readonly guard: string | undefined;

  constructor(directives: readonly CDirective[]) {
    const [first, second] = directives;
    const name = guardName(first);
    const defines = second?.name === 'define' && second.args[0]?.text === name;
    this.guard = name !== undefined && defines ? name : undefined;
  }

  /** Conditions from the outermost block to the innermost. */
  get current(): readonly string[] {
    const all = this.#levels.flatMap(({ before, now }) => [
      ...before.map(negate),
      ...(now === undefined ? [] : [now]),
    ]);
    return all.filter((condition) => condition.includes('CONFIG_'));
  }

  /** Takes the next directive. */
  take(directive: CDirective): void {
    const top = this.#levels.at(-1);
    switch (directive.name) {
      case 'if':
      case 'ifdef':
      case 'ifndef': {
        const guard =
          this.#levels.length === 0 && guardName(directive) === this.guard && this.guard !== undefined;
        this.#levels.push({ guard, before: [], now: guard ? undefined : conditionText(directive) });
        break;
      }
      case 'elif':
      case 'else':
        if (top === undefined) break;
        if (top.now !== undefined) top.before.push(top.now);
        top.now = directive.name === 'elif' ? conditionText(directive) : undefined;
        break;
      case 'endif':
        this.#levels.pop();
        break;
    }
  }
}

function guardName(directive: CDirective | undefined): string | undefined {
  if (directive?.name === 'ifndef') return directive.args[0]?.text;
  const words = directive?.name === 'if' ? directive.args.map(({ text }) => text).join('') : '';
  return /^!defined\(?([A-Za-z_]\w*)\)?$/.exec(words)?.[1];
}

/** `CONFIG_X`, `!CONFIG_X`, or the expression with `defined(CONFIG_X)` and `IS_ENABLED(CONFIG_X)` shortened to the name. */
function conditionText(directive: CDirective): string {
  const { args, name } = directive;
  if (name === 'ifdef') return args[0]?.text ?? '';
  if (name === 'ifndef') return `!${args[0]?.text ?? ''}`;
  const joined = args.map(({ text }) => text).join(' ');
  return joined
    .replace(/\b(?:defined|IS_ENABLED|IS_BUILTIN|IS_REACHABLE) (?:\( (\w+) \)|(\w+))/g, (_, a, b) => a ?? b)
    .replace(/! /g, '!');
}

function negate(condition: string): string {
  if (/^\w+$/.test(condition)) return `!${condition}`;
  return /^!\w+$/.test(condition) ? condition.slice(1) : `!(${condition})`;
}

/** Names of CONFIG_ options that a text asks for without `!`: with them on, more of the text counts. */
export function wantedOptions(directives: readonly CDirective[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const directive of directives) {
    if (!['if', 'ifdef', 'elif'].includes(directive.name)) continue;
    const text = conditionText(directive);
    for (const [, not, name] of text.matchAll(/(!?)\b(CONFIG_\w+)/g)) {
      if (not === '' && !found.has(name!)) found.set(name!, directive.line);
    }
  }
  return found;
}

/** Follows `#pragma pack`, which packs structures without a word at them. */
export class PackState {
  readonly #stack: (string | undefined)[] = [];
  /** Largest alignment that members get now, as it is written; undefined: the usual one. */
  current: string | undefined;

  /** Takes the next directive. */
  take({ name, args }: CDirective): void {
    if (name !== 'pragma' || args[0]?.text !== 'pack') return;
    const words = args.slice(1).filter(({ kind }) => kind !== 'punct');
    const value = words.find(({ kind }) => kind === 'number')?.text;
    if (words[0]?.text === 'push') this.#stack.push(this.current);
    if (words[0]?.text === 'pop') this.current = this.#stack.pop();
    else if (words.length === 0 || value !== undefined) this.current = value;
  }

  /** The text with the pragma around it that makes it mean the same elsewhere. */
  static wrap(text: string, pack: string | undefined): string {
    return pack === undefined ? text : `#pragma pack(push, ${pack})\n${text}\n#pragma pack(pop)`;
  }
}
