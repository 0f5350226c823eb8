import { KhoError } from '../bytes/index.js';
import {
  BTF_ARRAY,
  BTF_CONST,
  BTF_ENUM,
  BTF_ENUM64,
  BTF_FLOAT,
  BTF_FUNC_PROTO,
  BTF_FWD,
  BTF_INT,
  BTF_PTR,
  BTF_RESTRICT,
  BTF_STRUCT,
  BTF_TYPE_TAG,
  BTF_TYPEDEF,
  BTF_UNION,
  BTF_VOLATILE,
} from './btf-format.js';
import type { BtfTypes } from './btf-types.js';
import type { CKind } from './model.js';

/** Typedefs, qualifiers, pointers and arrays on the way to what they stand for. Real chains have some six steps. */
const MAX_STEPS = 128;

/** The element that a type comes down to. */
export interface BtfElement {
  readonly kind: CKind;
  /** The INT, PTR, STRUCT, UNION, ENUM, ENUM64 or FLOAT itself. */
  readonly id: number;
  /** Bytes of one element. */
  readonly size: number;
  /** Elements of all dimensions; null: no array. */
  readonly count: number | null;
  /** The type of one element before typedefs and qualifiers are taken off. */
  readonly elementType: number;
}

const KINDS: Readonly<Record<number, CKind>> = {
  [BTF_INT]: 'integer',
  [BTF_PTR]: 'pointer',
  [BTF_ENUM]: 'enum',
  [BTF_ENUM64]: 'enum',
  [BTF_STRUCT]: 'struct',
  [BTF_UNION]: 'union',
  [BTF_FLOAT]: 'float',
};

/** Whether a kind only gives another type a name or a quality. */
function isTransparent(kind: number): boolean {
  return (
    kind === BTF_TYPEDEF ||
    kind === BTF_VOLATILE ||
    kind === BTF_CONST ||
    kind === BTF_RESTRICT ||
    kind === BTF_TYPE_TAG
  );
}

/**
 * Follows a type to the element that lies in memory.
 *
 * @param pointerSize bytes of a pointer: BTF does not say
 * @throws KhoError `E_BTF` for a type without a size, a circle, and an array larger than any memory
 */
export function resolveType(types: BtfTypes, type: number, pointerSize: number): BtfElement {
  let id = type;
  let elementType = type;
  let count: number | null = null;
  for (let step = 0; step < MAX_STEPS; step++) {
    const kind = types.kind(id);
    if (isTransparent(kind)) id = types.refersTo(id);
    else if (kind === BTF_ARRAY) {
      const array = types.array(id);
      count = (count ?? 1) * array.elements;
      id = array.type;
      elementType = id;
    } else {
      const found = KINDS[kind];
      if (found === undefined) throw bad(types, id, `${types.kindName(id)} has no size`);
      const size = found === 'pointer' ? pointerSize : types.size(id);
      if (!Number.isSafeInteger((count ?? 1) * size * 8))
        throw bad(types, type, 'the array has no possible size');
      return { kind: found, id, size, count, elementType };
    }
  }
  throw circle(types, type);
}

/**
 * C text of a type without its arrays' dimensions when it is given an element: `const char *`, `struct file *`.
 * Parameters of functions are left out.
 *
 * @throws KhoError `E_BTF` for a circle
 */
export function typeText(types: BtfTypes, type: number): string {
  let id = type;
  let declarator = '';
  let qualifiers = '';
  for (let step = 0; step < MAX_STEPS; step++) {
    const kind = types.kind(id);
    if (kind === BTF_PTR) {
      declarator = `*${qualifiers}${declarator}`;
      qualifiers = '';
    } else if (kind === BTF_ARRAY) {
      declarator = `${inParentheses(declarator)}[${types.array(id).elements}]`;
    } else if (kind === BTF_FUNC_PROTO) {
      declarator = `${inParentheses(declarator)}()`;
    } else if (kind === BTF_CONST || kind === BTF_VOLATILE || kind === BTF_RESTRICT) {
      qualifiers = `${types.kindName(id).toLowerCase()} ${qualifiers}`;
    } else if (kind !== BTF_TYPE_TAG) {
      const text = `${qualifiers}${baseText(types, id)}`;
      return (declarator === '' ? text : `${text} ${declarator}`).trim();
    }
    id = kind === BTF_ARRAY ? types.array(id).type : types.refersTo(id);
  }
  throw circle(types, type);
}

function inParentheses(declarator: string): string {
  return declarator.startsWith('*') ? `(${declarator.trim()})` : declarator;
}

function baseText(types: BtfTypes, id: number): string {
  const kind = types.kind(id);
  const name = types.name(id);
  if (kind === 0) return 'void';
  if (kind === BTF_ENUM || kind === BTF_ENUM64) return `enum ${name}`.trim();
  // A forward declaration says by its flag whether a union comes.
  if (kind === BTF_UNION || (kind === BTF_FWD && types.kindFlag(id))) return `union ${name}`.trim();
  if (kind === BTF_STRUCT || kind === BTF_FWD) return `struct ${name}`.trim();
  return name === '' ? types.kindName(id) : name;
}

function circle(types: BtfTypes, id: number): KhoError {
  return bad(types, id, 'types refer to each other without an end');
}

/** An error that names the type it is about. */
export function bad(types: BtfTypes, id: number, what: string): KhoError {
  const name = types.name(id).slice(0, 100);
  return new KhoError('E_BTF', what, {
    source: types.source,
    path: `type ${id}${name === '' ? '' : ` (${name})`}`,
    hint: 'the type information is damaged',
  });
}
