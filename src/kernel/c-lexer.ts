import { KhoError } from '../bytes/index.js';

/** A token of C. White space and comments are between tokens. */
export interface CToken {
  readonly kind: 'word' | 'number' | 'string' | 'char' | 'punct';
  readonly text: string;
  /** Place in `CText.text`. */
  readonly start: number;
  readonly end: number;
  /** Line of the file, from 1. */
  readonly line: number;
  /** Nothing but white space and comments stands before it on its line: a `#` here begins a directive. */
  readonly first: boolean;
  /** White space or a comment stands before it. */
  readonly spaced: boolean;
}

/** A comment with its marks. */
export interface CRawComment {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  /** Line of its last character. */
  readonly lastLine: number;
  /** A `//` comment that has its line for itself. */
  readonly alone: boolean;
}

/** A file of C, cut into tokens. */
export interface CText {
  readonly file: string;
  /** The file with line splices (`\` at the end of a line) removed. */
  readonly text: string;
  readonly tokens: readonly CToken[];
  readonly comments: readonly CRawComment[];
  /** Where a new line of the file begins in `text`; `splice`: it was joined to the line before. */
  readonly lines: readonly { readonly at: number; readonly splice: boolean }[];
}

/** Largest file that is taken apart. The largest file of a kernel that can hold a part of the ABI has 100 KiB. */
export const MAX_SOURCE = 4 * 1024 * 1024;
/** The text that a compiler gives back after preprocessing. */
export const MAX_PREPROCESSED = 16 * 1024 * 1024;

const SPACE = /[ \t\r\f\v]+/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const NUMBER = /\.?[0-9](?:[eEpP][+-]|[\w.])*/y;
const STRING = /(?:u8|[uUL])?"(?:[^"\\\n]|\\.)*"/y;
const CHAR = /[uUL]?'(?:[^'\\\n]|\\.)*'/y;
const PUNCT = /<<=|>>=|\.\.\.|%:%:|##|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|<:|:>|<%|%>|%:|./y;

/** Digraphs mean what these say. */
const DIGRAPHS: Readonly<Record<string, string>> = {
  '<:': '[',
  ':>': ']',
  '<%': '{',
  '%>': '}',
  '%:': '#',
  '%:%:': '##',
};

/**
 * Cuts C into tokens, as the compiler's first steps do: lines are joined, comments become blanks. A stray quote is taken as a
 * sign of its own, because text that the preprocessor skips may hold an apostrophe. Work is linear in the input.
 *
 * @throws KhoError `E_LIMIT` for a file above `limit` characters, `E_KERNEL_TREE` for a comment without end.
 */
export function lexC(file: string, source: string, limit = MAX_SOURCE): CText {
  if (source.length > limit) {
    throw new KhoError('E_LIMIT', 'source file too large', {
      source: file,
      found: `${source.length} characters`,
      expected: `at most ${limit}`,
    });
  }
  const { text, lines } = joinLines(source);
  const tokens: CToken[] = [];
  const comments: CRawComment[] = [];
  let at = 0;
  let line = 1;
  let first = true;
  let spaced = false;
  const lineAt = (offset: number): number => {
    while (line < lines.length && lines[line]!.at <= offset) line++;
    return line;
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const char = text[at]!;
    if (char === '\n') {
      at++;
      first = true;
      spaced = true;
      continue;
    }
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      spaced = true;
      continue;
    }
    const next = text[at + 1];
    if (char === '/' && (next === '*' || next === '/')) {
      const start = at;
      const startLine = lineAt(start);
      at = endOfComment(text, at, file, startLine);
      const alone = next === '/' && first;
      const comment = text.slice(start, at);
      comments.push({
        text: comment,
        start,
        end: at,
        line: startLine,
        lastLine: lineAt(Math.max(start, at - 1)),
        alone,
      });
      spaced = true;
      continue;
    }
    const [kind, found] = tokenAt(match);
    const start = at;
    at += found.length;
    const digraph = kind === 'punct' ? DIGRAPHS[found] : undefined;
    tokens.push({ kind, text: digraph ?? found, start, end: at, line: lineAt(start), first, spaced });
    first = false;
    spaced = false;
  }
  return { file, text, tokens, comments, lines };
}

function tokenAt(match: (pattern: RegExp) => string | undefined): [CToken['kind'], string] {
  const string = match(STRING);
  if (string !== undefined) return ['string', string];
  const char = match(CHAR);
  if (char !== undefined) return ['char', char];
  const word = match(WORD);
  if (word !== undefined) return ['word', word];
  const number = match(NUMBER);
  if (number !== undefined) return ['number', number];
  // The pattern ends with "any character but a line end", and line ends are taken before.
  return ['punct', match(PUNCT) ?? ' '];
}

function endOfComment(text: string, at: number, file: string, line: number): number {
  if (text[at + 1] === '/') {
    const end = text.indexOf('\n', at);
    return end < 0 ? text.length : end;
  }
  const end = text.indexOf('*/', at + 2);
  if (end < 0) throw new KhoError('E_KERNEL_TREE', 'a comment has no end', { source: file, line });
  return end + 2;
}

/** Removes line splices and remembers where the lines of the file were. */
function joinLines(source: string): Pick<CText, 'text' | 'lines'> {
  const lines: { at: number; splice: boolean }[] = [{ at: 0, splice: false }];
  const parts: string[] = [];
  let length = 0;
  for (const raw of source.split(/\r?\n/)) {
    const splice = raw.endsWith('\\');
    const part = splice ? raw.slice(0, -1) : `${raw}\n`;
    parts.push(part);
    length += part.length;
    lines.push({ at: length, splice });
  }
  return { text: parts.join(''), lines };
}

/**
 * Tokens in one spelling: comments are gone, white space is a single blank where there was any. Two texts that mean the same to
 * the compiler and differ in layout only become equal as far as possible: blanks beside brackets and before commas go too.
 */
export function spell(tokens: readonly Pick<CToken, 'text' | 'spaced' | 'kind'>[]): string {
  let out = '';
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    const tight =
      before === undefined ||
      !token.spaced ||
      [')', ']', ',', ';'].includes(token.text) ||
      ['(', '['].includes(before.text);
    out += tight ? token.text : ` ${token.text}`;
  }
  return out;
}
