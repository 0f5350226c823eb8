/** What lies where in a structure, whatever its parts are called: the form in which a registry and a compiler can be compared. */
import type { PlacedField, PlacedStruct } from '../abi/index.js';
import { KhoError } from '../bytes/index.js';
import type { CField, CStruct } from './model.js';

/** One number in a structure, or one array of them, by place: `64:64*511/64` is bit, bits, elements, distance in bits. */
export type Slot = string;

/** Slots with the name of the member at each; the first name wins where a union has several. */
export type Slots = ReadonlyMap<Slot, string>;

/** Arrays inside arrays of structures, and structures inside structures. */
const MAX_NESTING = 8;
/** Members that a structure unfolds to; the largest of KHO has some ten. */
const MAX_MEMBERS = 1 << 14;

interface Repeat {
  readonly count: number;
  readonly stride: number;
}

/** Slots of a structure of the registry. */
export function slotsOfPlaced(struct: PlacedStruct): Slots {
  const slots = new Map<Slot, string>();
  placed(struct, 0, [], '', slots);
  return slots;
}

function placed(
  struct: PlacedStruct,
  base: number,
  repeats: readonly Repeat[],
  prefix: string,
  slots: Map<Slot, string>,
): void {
  for (const field of struct.fields) {
    const bit = base + field.offset * 8;
    const inner = repeated(repeats, field.count === undefined ? null : field.elements, field.elementSize * 8);
    const name = `${prefix}${field.name}`;
    if (field.nested !== undefined) placed(field.nested, bit, inner, `${name}.`, slots);
    else for (const part of bitsOf(field, bit, name)) put(slots, part.bit, part.bits, inner, part.name);
  }
}

/** Compilers place bit-fields in the order of declaration, counted from the end where the byte order begins. */
function bitsOf(
  field: PlacedField,
  start: number,
  name: string,
): { bit: number; bits: number; name: string }[] {
  if (field.bits === undefined) return [{ bit: start, bits: field.elementSize * 8, name }];
  let bit = start;
  return field.bits.map((part) => {
    const own = { bit, bits: part.width, name: part.name };
    bit += part.width;
    return own;
  });
}

/**
 * Slots of a structure as built. `structs` has the structures that lie in it; one that is missing counts as a whole.
 *
 * @throws KhoError `E_LIMIT` for structures that hold each other so often that they unfold to more than any structure has
 */
export function slotsOfBuilt(struct: CStruct, structs: ReadonlyMap<string, CStruct>, source: string): Slots {
  const slots = new Map<Slot, string>();
  let left = MAX_MEMBERS;
  const built = (
    fields: readonly CField[],
    base: number,
    repeats: readonly Repeat[],
    prefix: string,
    depth: number,
  ): void => {
    left -= fields.length;
    if (left < 0) {
      throw new KhoError('E_LIMIT', 'too many members', {
        source,
        path: `struct ${struct.name.slice(0, 100)}`,
        expected: `at most ${MAX_MEMBERS}`,
        hint: 'structures that hold each other have no size; the type information is damaged',
      });
    }
    for (const field of fields) {
      // A flexible array takes no room of its own.
      if (field.count === 0) continue;
      const bit = base + field.bitOffset;
      const bits = field.bitSize / (field.count ?? 1);
      const inner = repeated(repeats, field.count, bits);
      const name = `${prefix}${field.name}`;
      const next = field.name === '' ? prefix : `${name}.`;
      const tagged = field.tag === undefined || field.kind === 'enum' ? undefined : structs.get(field.tag);
      if (field.fields !== undefined) built(field.fields, base, inner, next, depth);
      else if (tagged !== undefined && depth < MAX_NESTING) built(tagged.fields, bit, inner, next, depth + 1);
      else put(slots, bit, bits, inner, name);
    }
  };
  built(struct.fields, 0, [], '', 0);
  return slots;
}

function repeated(repeats: readonly Repeat[], count: number | null, stride: number): readonly Repeat[] {
  return count === null ? repeats : [...repeats, { count, stride }];
}

function put(
  slots: Map<Slot, string>,
  bit: number,
  bits: number,
  repeats: readonly Repeat[],
  name: string,
): void {
  const slot = `${bit}:${bits}${repeats.map(({ count, stride }) => `*${count}/${stride}`).join('')}`;
  if (!slots.has(slot)) slots.set(slot, name);
}

/** A slot in words: `8 bytes at byte 16`, `511 x 8 bytes at byte 8`, `12 bits at bit 52`. */
export function slotText(slot: Slot): string {
  const [, bit, bits, repeats] = /^(\d+):(\d+)(.*)$/.exec(slot) ?? [];
  const times = [...(repeats ?? '').matchAll(/\*(\d+)/g)].map(([, count]) => `${count} x `).join('');
  const whole = Number(bit) % 8 === 0 && Number(bits) % 8 === 0;
  return whole
    ? `${times}${Number(bits) / 8} bytes at byte ${Number(bit) / 8}`
    : `${times}${bits} bits at bit ${bit}`;
}
