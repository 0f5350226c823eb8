import { KhoError } from '../bytes/index.js';
import { behindAttributes, behindBracket, topDeclarations } from './c-brackets.js';
import { type CDerivation, isQualifier, readDeclarator } from './c-declarator.js';
import { enumConstants } from './c-items.js';
import { type CToken, spell } from './c-lexer.js';

/** A type name before its `*` and `[]`. */
export interface CBase {
  /** `name`: an arithmetic type or a typedef. */
  readonly kind: 'struct' | 'union' | 'enum' | 'name';
  /** Tag; of a `name`, the typedef. Empty for a type without a tag. */
  readonly tag: string;
  /** `u64`, `struct foo`, `unsigned int`. */
  readonly text: string;
  /** Members, when they stand right here. */
  readonly body?: CAggregate;
}

/** One member of a structure. */
export interface CMember {
  /** Empty: an anonymous structure or union. */
  readonly name: string;
  readonly base: CBase;
  readonly derivations: readonly CDerivation[];
  readonly bitField: boolean;
}

/** The definition of a structure or union. */
export interface CAggregate {
  readonly kind: 'struct' | 'union';
  readonly tag: string;
  readonly members: readonly CMember[];
  /** Tokens between the braces, and attributes before and behind them. */
  readonly body: readonly CToken[];
  readonly attributes: string;
}

/** A declaration at file level that defines or names types. */
export interface CTypeDeclaration {
  /** Index range in the token list. */
  readonly from: number;
  readonly to: number;
  readonly kind: 'type' | 'typedef' | 'assert';
  readonly base?: CBase;
  /** Every structure that is defined in it and has a tag, the inner ones first. */
  readonly tagged: readonly CAggregate[];
  /** Of a typedef: the names. */
  readonly names: readonly { readonly name: string; readonly derivations: readonly CDerivation[] }[];
  readonly constants: readonly string[];
}

/** Structures in structures: more is no real header. */
const MAX_DEPTH = 32;
const MAX_MEMBERS = 20_000;

/**
 * Type declarations of a preprocessed text. Functions, objects and prototypes are left out: they say nothing of a layout.
 *
 * @throws KhoError `E_LIMIT` for deeper nesting or more members than any real header has.
 */
export function readTypes(tokens: readonly CToken[]): CTypeDeclaration[] {
  const found: CTypeDeclaration[] = [];
  for (const [from, to] of topDeclarations(tokens)) {
    const range = tokens.slice(from, to);
    const start = behindAttributes(range, 0);
    const first = range[start]?.text ?? '';
    if (first === '_Static_assert') {
      found.push({ from, to, kind: 'assert', tagged: [], names: [], constants: [] });
    } else if (first === 'typedef') {
      const read = readSpecifiers(range, start + 1);
      found.push({ from, to, kind: 'typedef', ...summary(read), names: declarators(range, read.next) });
    } else if (/^(struct|union|enum)$/.test(first)) {
      const read = readSpecifiers(range, start);
      const defines = read.base.body !== undefined || read.constants.length > 0;
      // Without a body it is a prototype or an object, or a name to come.
      const forward = range[read.next]?.text === ';';
      if (defines || forward)
        found.push({ from, to: from + read.next, kind: 'type', ...summary(read), names: [] });
    }
  }
  return found;
}

function summary({
  base,
  tagged,
  constants,
}: Specifiers): Pick<CTypeDeclaration, 'base' | 'tagged' | 'constants'> {
  return { base, tagged, constants };
}

function declarators(
  tokens: readonly CToken[],
  start: number,
): { name: string; derivations: readonly CDerivation[] }[] {
  const names: { name: string; derivations: readonly CDerivation[] }[] = [];
  for (let index = start; index < tokens.length; ) {
    const { name, derivations, next } = readDeclarator(tokens, index);
    if (name !== '') names.push({ name, derivations });
    index = next + 1;
  }
  return names;
}

interface Specifiers {
  readonly base: CBase;
  readonly tagged: readonly CAggregate[];
  readonly constants: readonly string[];
  readonly next: number;
}

/** A structure whose members are being read. */
interface Frame {
  readonly kind: 'struct' | 'union';
  readonly tag: string;
  readonly before: string;
  readonly open: number;
  readonly members: CMember[];
}

/**
 * Reads a type with all bodies in it, from `start` to the first token behind it. Structures in structures are kept on a list of
 * our own, not on the stack.
 */
function readSpecifiers(tokens: readonly CToken[], start: number): Specifiers {
  const frames: Frame[] = [];
  const tagged: CAggregate[] = [];
  const constants: string[] = [];
  let index = start;
  let count = 0;
  let base: CBase | undefined;
  for (;;) {
    if (base === undefined) {
      if (frames.length > 0 && (tokens[index]?.text === '}' || index >= tokens.length)) {
        const frame = frames.pop()!;
        const behind = behindAttributes(tokens, index + 1);
        const aggregate: CAggregate = {
          kind: frame.kind,
          tag: frame.tag,
          members: frame.members,
          body: tokens.slice(frame.open + 1, index),
          attributes: `${frame.before} ${spell(tokens.slice(index + 1, behind))}`.trim(),
        };
        if (aggregate.tag !== '') tagged.push(aggregate);
        index = behind;
        base = {
          kind: frame.kind,
          tag: frame.tag,
          text: `${frame.kind} ${frame.tag}`.trim(),
          body: aggregate,
        };
      } else {
        const simple = readSimple(tokens, index);
        constants.push(...simple.constants);
        index = simple.next;
        if (simple.open !== undefined) {
          if (frames.length >= MAX_DEPTH) throw tooMuch('nested structures', MAX_DEPTH);
          frames.push({ ...simple.open, members: [] });
          continue;
        }
        base = simple.base;
      }
    }
    const frame = frames.at(-1);
    if (frame === undefined) return { base, tagged, constants, next: index };
    // Qualifiers and attributes may stand behind the type as well.
    index = readMembers(tokens, index, base, frame);
    count = count + 1;
    if (count > MAX_MEMBERS) throw tooMuch('members of structures', MAX_MEMBERS);
    base = undefined;
  }
}

/** Takes the declarators of one member declaration, up to behind its `;`. */
function readMembers(tokens: readonly CToken[], start: number, base: CBase, frame: Frame): number {
  let index = start;
  while (isQualifier(tokens[index]?.text ?? '')) index++;
  if (tokens[index]?.text === ';') {
    // Kernels are built with -fms-extensions: `struct tag;` and `struct tag { … };` are anonymous members like `struct { … };`.
    const anonymous = base.kind === 'struct' || base.kind === 'union';
    if (anonymous) frame.members.push({ name: '', base, derivations: [], bitField: false });
    return index + 1;
  }
  for (;;) {
    const { name, derivations, bitField, next } = readDeclarator(tokens, index);
    if (name !== '') frame.members.push({ name, base, derivations, bitField });
    if (tokens[next]?.text !== ',') return next + 1;
    index = next + 1;
  }
}

interface Simple {
  readonly base: CBase;
  readonly open?: Pick<Frame, 'kind' | 'tag' | 'before' | 'open'>;
  readonly constants: readonly string[];
  readonly next: number;
}

/** Reads a type up to its first brace of members, or to its end. */
function readSimple(tokens: readonly CToken[], start: number): Simple {
  const words: string[] = [];
  let index = start;
  for (;;) {
    index = behindAttributes(tokens, index);
    const token = tokens[index];
    if (token === undefined || token.kind !== 'word') break;
    const { text } = token;
    if (text === 'struct' || text === 'union' || text === 'enum') return readTagged(tokens, index, text);
    if (/^(__)?typeof(_unqual)?(__)?$|^_Atomic$/.test(text) && tokens[index + 1]?.text === '(') {
      const end = behindBracket(tokens, index + 1);
      const name = spell(tokens.slice(index, end));
      return { base: { kind: 'name', tag: '', text: name }, constants: [], next: end };
    }
    const arithmetic = ARITHMETIC.test(text);
    // The second plain word is the member's name.
    if (!isQualifier(text) && !arithmetic && words.length > 0) break;
    index++;
    if (!isQualifier(text)) words.push(text);
    if (!isQualifier(text) && !arithmetic) break;
  }
  if (index === start) index++;
  const text = arithmeticName(words);
  return {
    base: { kind: 'name', tag: ARITHMETIC.test(words[0] ?? '') ? '' : text, text },
    constants: [],
    next: index,
  };
}

const ARITHMETIC =
  /^(void|char|short|int|long|float|double|signed|unsigned|__signed__|_Bool|__int128|_Complex)$/;

/** One spelling of `unsigned long int` and the like. */
function arithmeticName(words: readonly string[]): string {
  if (words.length < 2)
    return words[0] === 'unsigned' || words[0] === 'signed' ? `${words[0]} int` : (words[0] ?? '');
  const has = (word: string): boolean => words.includes(word);
  const size = has('char') ? 'char' : has('short') ? 'short' : '';
  const longs = words.filter((word) => word === 'long').join(' ');
  const rest = words.filter((word) => !/^(unsigned|signed|__signed__|long|short|char|int)$/.test(word));
  const name = [size, longs, ...rest].filter((part) => part !== '').join(' ');
  const sign = has('unsigned') ? 'unsigned ' : has('signed') && size === 'char' ? 'signed ' : '';
  return sign + (name === '' ? 'int' : name);
}

function readTagged(tokens: readonly CToken[], at: number, kind: 'struct' | 'union' | 'enum'): Simple {
  const tagAt = behindAttributes(tokens, at + 1);
  const tag = tokens[tagAt]?.kind === 'word' ? tokens[tagAt]!.text : '';
  const behindTag = tag === '' ? tagAt : tagAt + 1;
  const open = behindAttributes(tokens, behindTag);
  const before = spell([...tokens.slice(at + 1, tagAt), ...tokens.slice(behindTag, open)]);
  const base: CBase = { kind, tag, text: `${kind} ${tag}`.trim() };
  if (tokens[open]?.text !== '{') return { base, constants: [], next: behindTag };
  if (kind !== 'enum') return { base, open: { kind, tag, before, open }, constants: [], next: open + 1 };
  const end = behindBracket(tokens, open);
  return { base, constants: enumConstants(tokens.slice(open, end)), next: behindAttributes(tokens, end) };
}

function tooMuch(what: string, most: number): KhoError {
  return new KhoError('E_LIMIT', `too many ${what} in the headers`, { expected: `at most ${most}` });
}
