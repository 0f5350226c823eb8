import type { CItem, CItems } from './c-items.js';
import { type CRawComment, spell } from './c-lexer.js';
import type { AbiHeader, CComment, CDeclaration, CMacro } from './model.js';

/**
 * A header as reports and lints see it.
 *
 * @param taken of a file that is no header of the contract: what counts of it; comments elsewhere are left out.
 */
export function abiHeader(
  { text, items }: CItems,
  kind: AbiHeader['kind'],
  taken?: ReadonlySet<CItem>,
): AbiHeader {
  const path = text.file;
  const counted = taken === undefined ? items : items.filter((item) => taken.has(item));
  const comments = joinLineComments(text.comments);
  const near =
    taken === undefined
      ? comments
      : comments.filter((comment) => counted.some((item) => belongs(comment, item)));
  return {
    path,
    kind,
    comments: near.map((comment) => ({
      // Tools name lines: the place is that of the first words, not of the mark above them.
      place: { file: path, line: comment.line + leadingLines(comment.text) },
      text: commentText(comment.text),
    })),
    macros: counted.filter((item) => item.kind === 'macro').map((item) => macro(item, path)),
    declarations: counted.flatMap((item) => declaration(item, path)),
  };
}

/** Inside the item, or right above it. */
function belongs(comment: CRawComment, item: CItem): boolean {
  const inside = comment.line >= item.line && comment.line <= item.lastLine;
  return inside || (comment.lastLine < item.line && item.line - comment.lastLine <= 2);
}

function macro({ name, line, params, tokens, conditions }: CItem, file: string): CMacro {
  return { name, place: { file, line }, params, body: spell(tokens), conditions };
}

function declaration(item: CItem, file: string): CDeclaration[] {
  const { kind, name, line, tokens, packed, conditions, constants } = item;
  if (kind === 'macro') return [];
  const place = { file, line };
  const text = spell(tokens);
  if (kind !== 'typedef') {
    return [
      { name, kind, place, text, packed, conditions, ...(constants === undefined ? {} : { constants }) },
    ];
  }
  // A typedef counts as the structure that it names; one of a plain type has no layout of its own.
  const base = tokens[1]?.text;
  const named = (base === 'struct' || base === 'union') && tokens.some((token) => token.text === '{');
  return named ? [{ name, kind: base, place, text, packed, conditions }] : [];
}

/** Neighbouring `//` lines are one comment. */
function joinLineComments(comments: readonly CRawComment[]): CRawComment[] {
  const joined: CRawComment[] = [];
  for (const comment of comments) {
    const last = joined.at(-1);
    if (last?.alone && comment.alone && comment.line === last.lastLine + 1) {
      joined[joined.length - 1] = {
        ...last,
        text: `${last.text}\n${comment.text}`,
        end: comment.end,
        lastLine: comment.lastLine,
      };
    } else {
      joined.push(comment);
    }
  }
  return joined;
}

/** Text without comment marks and leading stars. */
export function commentText(raw: string): CComment['text'] {
  const lines = bareLines(raw);
  while (lines[0] === '') lines.shift();
  while (lines.at(-1) === '') lines.pop();
  return lines.join('\n').trim();
}

/** Lines of a comment before its first words. */
function leadingLines(raw: string): number {
  return Math.max(
    0,
    bareLines(raw).findIndex((line) => line !== ''),
  );
}

function bareLines(raw: string): string[] {
  const inner = raw.startsWith('/*')
    ? raw.replace(/^\/\*+/, '').slice(0, -2)
    : raw.replace(/^[ \t]*\/\/+/gm, '');
  return inner.split('\n').map((line) => line.replace(/^[ \t]*\*[ \t]?|^[ \t]/, '').trimEnd());
}
