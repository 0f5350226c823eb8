import { KhoError, parseU64, U64_MAX } from '../bytes/index.js';

/** A word and the column, from 1, at which it starts. */
interface Word {
  readonly text: string;
  readonly column: number;
}

/** A line that says something. */
export interface Line {
  readonly source: string;
  readonly number: number;
  readonly words: readonly Word[];
}

/** Words of a line without its comment; undefined for an empty line. */
export function splitLine(raw: string, source: string, number: number): Line | undefined {
  const text = raw.split('#', 1)[0]!;
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], column: match.index + 1 }));
  return words.length === 0 ? undefined : { source, number, words };
}

/** Takes the words of one line from left to right; every complaint names the word's column. */
export class LineReader {
  readonly #line: Line;
  /** Index of the next word. */
  position = 0;

  constructor(line: Line) {
    this.#line = line;
  }

  keyword(): string {
    return this.word('operation');
  }

  more(): boolean {
    return this.position < this.#line.words.length;
  }

  peek(): string | undefined {
    return this.#line.words[this.position]?.text;
  }

  word(what: string): string {
    const word = this.#line.words[this.position];
    if (word === undefined) throw this.error(this.position, `${what} is missing`);
    this.position++;
    return word.text;
  }

  oneOf(what: string, allowed: readonly string[]): string {
    const at = this.position;
    const word = this.word(what);
    if (!allowed.includes(word)) throw this.error(at, `unknown ${what}`, allowed.join(' or '));
    return word;
  }

  /** A C-style number up to `max`; `skip` leading characters of the word are not part of it. */
  number(what: string, max = U64_MAX, skip = 0): bigint {
    const at = this.position;
    return this.#parse(this.word(what).slice(skip), what, max, at, skip);
  }

  /** `least` to `most` numbers joined by colons. */
  numbers(what: string, least: number, most: number): bigint[] {
    const at = this.position;
    const parts = this.word(what).split(':');
    if (parts.length < least || parts.length > most) throw this.error(at, `not ${what}`);
    let skip = 0;
    return parts.map((part) => {
      const value = this.#parse(part, what, U64_MAX, at, skip);
      skip += part.length + 1;
      return value;
    });
  }

  /** Complains about words that are left over. */
  end(): void {
    if (this.more()) throw this.error(this.position, 'too many words');
  }

  /** An error at the word of that index, or behind the last word. */
  error(at: number, summary: string, expected?: string, skip = 0): KhoError {
    const { source, number, words } = this.#line;
    const word = words[at];
    const last = words[words.length - 1]!;
    return new KhoError('E_SCENARIO', summary, {
      source,
      line: number,
      column: (word?.column ?? last.column + last.text.length) + skip,
      ...(word === undefined ? {} : { found: `'${word.text}'` }),
      ...(expected === undefined ? {} : { expected }),
    });
  }

  #parse(text: string, what: string, max: bigint, at: number, skip: number): bigint {
    const value = parseU64(text);
    if (value === undefined)
      throw this.error(at, `${what} is not a number`, '0x…, decimal or 0… octal', skip);
    if (value > max) throw this.error(at, `${what} is too large`, `at most ${max}`, skip);
    return value;
  }
}
