/** One item of a tree: its line, lines that belong to it, and what is below it. */
export interface TreeItem {
  readonly text: string;
  readonly lines?: readonly string[];
  readonly children?: readonly TreeItem[];
}

/** How a tree is drawn. */
export interface TreeStyle {
  /** Box-drawing and block characters; without them plain ASCII. */
  readonly unicode: boolean;
  /** Columns of a line at most. */
  readonly width: number;
}

/** What a pipe or a file gets. */
export const PLAIN_TREE: TreeStyle = { unicode: false, width: 100 };

const BOX = { tee: '├─ ', last: '└─ ', bar: '│  ', none: '   ' };
const ASCII = { tee: '|- ', last: '`- ', bar: '|  ', none: '   ' };

/** Lines of a tree. Items are our own and nest a handful of levels. */
export function treeLines(item: TreeItem, style: TreeStyle): string[] {
  const marks = style.unicode ? BOX : ASCII;
  const out: string[] = [];
  const visit = ({ text, lines = [], children = [] }: TreeItem, head: string, rest: string): void => {
    const below = children.length > 0 ? marks.bar : marks.none;
    // Further lines stand three columns farther in than the first.
    const room = style.width - head.length;
    const parts = columnsOf(text) <= room ? [text] : wrapped(text, room - 3);
    for (const [index, line] of parts.entries())
      out.push(index === 0 ? `${head}${line}` : `${rest}${below}${line}`);
    for (const line of lines)
      for (const part of wrapped(line, style.width - rest.length - 3)) out.push(`${rest}${below}${part}`);
    for (const [index, child] of children.entries()) {
      const last = index === children.length - 1;
      visit(child, rest + (last ? marks.last : marks.tee), rest + (last ? marks.none : marks.bar));
    }
  };
  visit(item, '', '');
  return out.map((line) => line.trimEnd());
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character
const COLOUR = /\u001b\[[0-9;]*m/g;

/** Columns that a text takes on a terminal. */
export function columnsOf(text: string): number {
  return text.replace(COLOUR, '').length;
}

/** Breaks a text at blanks so that no line is wider; further lines are indented. A word that is wider itself is cut. */
export function wrapped(text: string, width: number): string[] {
  if (columnsOf(text) <= width) return [text];
  const indent = `${/^ */.exec(text)![0]}    `;
  const lines: string[] = [];
  let line = '';
  for (const word of text.trimStart().split(/(?<=\S) (?=\S|$)/)) {
    const room = width - (lines.length === 0 ? 0 : indent.length);
    const start = line === '' && lines.length === 0 ? /^ */.exec(text)![0] : line;
    const joined = line === '' ? `${start}${word}` : `${line} ${word}`;
    if (columnsOf(joined) <= room) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(lines.length === 0 ? line : indent + line);
    line = cut(word, width - indent.length);
  }
  if (line !== '') lines.push(lines.length === 0 ? line : indent + line);
  return lines;
}

/** A text of at most so many columns; colours are lost where it is cut. */
export function cut(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  return `${text.replace(COLOUR, '').slice(0, Math.max(0, width - 3))}...`;
}
