import { behindAttributes, behindBracket } from './c-brackets.js';
import { type CToken, spell } from './c-lexer.js';

/** One step from a name to its base type, read outward: `*a[4]` is an array, then a pointer. */
export type CDerivation =
  | { readonly kind: 'array'; readonly size: readonly CToken[] }
  | { readonly kind: 'pointer' }
  | { readonly kind: 'function'; readonly args: readonly CToken[] };

/** What stands between the base type and the comma or semicolon. */
export interface CDeclarator {
  /** Empty for a bit-field without a name, or no declarator at all. */
  readonly name: string;
  readonly derivations: readonly CDerivation[];
  readonly bitField: boolean;
  /** Index behind it: of a `,`, `;`, or the end. */
  readonly next: number;
}

const QUALIFIER = /^(const|volatile|restrict|__restrict|__restrict__|__const|__volatile__|_Atomic)$/;

/** Whether a word says nothing of size or kind. */
export function isQualifier(text: string): boolean {
  return QUALIFIER.test(text);
}

/** Reads one declarator that begins at `start`. Anything that is not understood is skipped up to the next `,` or `;`. */
export function readDeclarator(tokens: readonly CToken[], start: number): CDeclarator {
  let index = start;
  // Signs on the left of the name: `*` and open brackets.
  const left: ('*' | '(')[] = [];
  for (;;) {
    index = behindAttributes(tokens, index);
    const text = tokens[index]?.text ?? '';
    if (text === '*' || text === '(') left.push(text);
    else if (!QUALIFIER.test(text)) break;
    index++;
  }
  const named = tokens[index]?.kind === 'word';
  const name = named ? tokens[index++]!.text : '';
  const derivations: CDerivation[] = [];
  for (;;) {
    index = behindAttributes(tokens, index);
    const text = tokens[index]?.text;
    if (text === '[' || text === '(') {
      const end = behindBracket(tokens, index);
      const inside = tokens.slice(index + 1, end - 1);
      derivations.push(text === '[' ? { kind: 'array', size: inside } : { kind: 'function', args: inside });
      index = end;
      continue;
    }
    // Back over the left side to the bracket that this one closes.
    let sign = left.pop();
    for (; sign === '*'; sign = left.pop()) derivations.push({ kind: 'pointer' });
    if (sign === undefined || text !== ')') break;
    index++;
  }
  const bitField = tokens[index]?.text === ':';
  while (index < tokens.length && tokens[index]!.text !== ',' && tokens[index]!.text !== ';') {
    index = /^[([{]$/.test(tokens[index]!.text) ? behindBracket(tokens, index) : index + 1;
  }
  return { name, derivations, bitField, next: index };
}

/** C text of a type: `u8`, `struct foo *`, `int (*)(void)`. */
export function spellType(base: string, derivations: readonly CDerivation[]): string {
  let text = '';
  for (const step of derivations) {
    if (step.kind === 'pointer') {
      text = `*${text}`;
      continue;
    }
    const inner = text.startsWith('*') ? `(${text})` : text;
    text = step.kind === 'array' ? `${inner}[${spell(step.size)}]` : `${inner}(${spell(step.args)})`;
  }
  return text === '' ? base : `${base} ${text}`;
}
