import type { CToken } from './c-lexer.js';

const OPEN: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const CLOSE = new Set(Object.values(OPEN));

/** Words that are followed by brackets and say something of a type: an opening brace behind them is no function body. */
const ATTRIBUTES = new Set([
  '__attribute__',
  '__attribute',
  '_Alignas',
  '__aligned',
  '__declspec',
  '__section',
]);

/** Index behind the bracket that closes the one at `open`; the length of the list when nothing closes it. */
export function behindBracket(tokens: readonly CToken[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    const { text, kind } = tokens[index]!;
    if (kind !== 'punct') continue;
    if (OPEN[text] !== undefined) depth++;
    else if (CLOSE.has(text) && --depth <= 0) return index + 1;
  }
  return tokens.length;
}

/** Whether brackets match each other. */
export function balanced(tokens: readonly CToken[]): boolean {
  const open: string[] = [];
  for (const { kind, text } of tokens) {
    if (kind !== 'punct') continue;
    if (OPEN[text] !== undefined) open.push(OPEN[text]);
    else if (CLOSE.has(text) && open.pop() !== text) return false;
  }
  return open.length === 0;
}

/** Whether `[[`, `__attribute__((…))` or the like begins at `index`. */
export function isAttribute(tokens: readonly CToken[], index: number): boolean {
  const [here, next] = [tokens[index]?.text, tokens[index + 1]?.text];
  if (here === '[' && next === '[') return true;
  return here !== undefined && ATTRIBUTES.has(here) && next === '(';
}

/** Index behind attributes that begin at `index`. */
export function behindAttributes(tokens: readonly CToken[], start: number): number {
  let index = start;
  for (;;) {
    if (isAttribute(tokens, index)) {
      index = behindBracket(tokens, tokens[index]!.text === '[' ? index : index + 1);
    } else if (/^__(packed|extension__|randomize_layout|designated_init)$/.test(tokens[index]?.text ?? '')) {
      index++;
    } else {
      return index;
    }
  }
}

/**
 * Cuts tokens at file level into declarations: up to a `;`, or to the end of a function body. Yields index ranges.
 * `loose`: a `}` in the first column ends a declaration at any depth, for text whose `#if` branches do not balance.
 */
export function* topDeclarations(
  tokens: readonly CToken[],
  loose?: { readonly text: string },
): Generator<readonly [number, number]> {
  let start = 0;
  let depth = 0;
  let body = false;
  let lastParen = -1;
  const opens: number[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const { text, kind, start: at } = tokens[index]!;
    if (kind !== 'punct') continue;
    let ends = false;
    if (OPEN[text] !== undefined) {
      if (depth === 0 && text === '{')
        body = tokens[index - 1]?.text === ')' && isFunction(tokens, lastParen);
      opens.push(index);
      depth++;
    } else if (CLOSE.has(text)) {
      const open = opens.pop() ?? -1;
      depth = Math.max(0, depth - 1);
      if (text === ')' && depth === 0) lastParen = open;
      if (text === '}' && loose !== undefined && depth > 0 && (at === 0 || loose.text[at - 1] === '\n')) {
        depth = 0;
        opens.length = 0;
      }
      ends = depth === 0 && text === '}' && body;
    } else {
      ends = text === ';' && depth === 0;
    }
    if (!ends) continue;
    yield [start, index + 1];
    start = index + 1;
    body = false;
  }
}

function isFunction(tokens: readonly CToken[], paren: number): boolean {
  const before = tokens[paren - 1];
  return before !== undefined && !ATTRIBUTES.has(before.text) && before.kind === 'word';
}
