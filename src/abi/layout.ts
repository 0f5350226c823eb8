import { KhoError } from '../bytes/index.js';
import type { StructField, StructLayout } from './struct-schema.js';

const SIZES = { u8: 1, u16: 2, u32: 4, u64: 8, char: 1 } as const;

/** Structures inside structures inside structures: no format needs more, and it bounds a file that refers to itself. */
const MAX_NESTING = 4;

/** A field with its place worked out. */
export interface PlacedField extends StructField {
  readonly offset: number;
  readonly elementSize: number;
  readonly elements: number;
  /** With type `struct`: the structure that each element is. */
  readonly nested?: PlacedStruct;
}

/** A structure for one page size. */
export interface PlacedStruct {
  readonly name: string;
  readonly size: number;
  /** What its address is a multiple of inside another structure: 1 when packed. */
  readonly alignment: number;
  readonly fields: readonly PlacedField[];
}

/**
 * Places the fields of a C structure as a compiler for a 64-bit machine does: natural alignment unless packed, size rounded
 * up to the largest alignment. The offsets and the size in the file must agree; they are written out so that a person can
 * check them, and checked here so that they cannot drift. A structure of a page whose last field runs to the end of the page
 * may leave less than one element unused there.
 *
 * @param structs the other structures of the file, for fields of type `struct`
 * @throws KhoError `E_ABI_FILE`
 */
export function placeStruct(
  name: string,
  layout: StructLayout,
  pageSize: number,
  structs: Readonly<Record<string, StructLayout>> = {},
): PlacedStruct {
  return place(name, layout, pageSize, structs, 0);
}

function place(
  name: string,
  layout: StructLayout,
  pageSize: number,
  structs: Readonly<Record<string, StructLayout>>,
  level: number,
): PlacedStruct {
  const fields: PlacedField[] = [];
  let offset = 0;
  let largest = 1;
  for (const field of layout.fields) {
    const nested =
      field.type === 'struct' ? nestedStruct(name, field, pageSize, structs, level + 1) : undefined;
    const elementSize = nested?.size ?? SIZES[field.type as keyof typeof SIZES];
    const alignment = layout.packed ? 1 : (nested?.alignment ?? elementSize);
    largest = Math.max(largest, alignment);
    offset = Math.ceil(offset / alignment) * alignment;
    if (offset !== field.offset) throw disagree(name, field.name, 'offset', field.offset, offset);
    const elements =
      field.count === 'rest-of-page' ? Math.floor((pageSize - offset) / elementSize) : (field.count ?? 1);
    fields.push({ ...field, offset, elementSize, elements, ...(nested === undefined ? {} : { nested }) });
    offset += elementSize * elements;
  }
  const fills = layout.size === 'page' && layout.fields.at(-1)?.count === 'rest-of-page';
  const size = fills ? pageSize : Math.ceil(offset / largest) * largest;
  const declared = layout.size === 'page' ? pageSize : layout.size;
  if (size !== declared) throw disagree(name, '(whole)', 'size', declared, size);
  return { name, size, alignment: largest, fields };
}

function nestedStruct(
  outer: string,
  field: StructField,
  pageSize: number,
  structs: Readonly<Record<string, StructLayout>>,
  level: number,
): PlacedStruct {
  const path = `${outer}.${field.name}`;
  const name = field.struct ?? '';
  const layout = Object.hasOwn(structs, name) ? structs[name] : undefined;
  if (layout === undefined) throw new KhoError('E_ABI_FILE', 'no such structure', { path, found: name });
  if (level > MAX_NESTING) {
    throw new KhoError('E_ABI_FILE', 'structures are nested too deep', {
      path,
      expected: `at most ${MAX_NESTING} levels`,
      hint: 'a structure that contains itself has no size',
    });
  }
  return place(name, layout, pageSize, structs, level);
}

/** A placed field by name; the names come from code, so a miss is a mistake in an ABI file. */
export function fieldOf(struct: PlacedStruct, name: string): PlacedField {
  const field = struct.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new KhoError('E_ABI_FILE', `structure ${struct.name} has no field ${name}`);
  return field;
}

function disagree(struct: string, field: string, what: string, declared: number, computed: number): KhoError {
  return new KhoError('E_ABI_FILE', `${what} does not follow from the fields`, {
    path: `${struct}.${field}`,
    found: `${declared} in the file`,
    expected: `${computed}`,
  });
}
