import { type ByteOrder, KhoError, Reader, Writer } from '../bytes/index.js';
import type { StructField, StructLayout } from './schema.js';

const SIZES = { u8: 1, u16: 2, u32: 4, u64: 8, char: 1 } as const;

/** Values of one structure: numbers up to 32 bits, bigints for 64, text for char arrays, arrays for counted fields. */
export type StructValue = number | bigint | string | readonly (number | bigint)[];
export type StructValues = Record<string, StructValue>;

/** A field with its place worked out. */
export interface PlacedField extends StructField {
  readonly offset: number;
  readonly elementSize: number;
  readonly elements: number;
}

/** A structure for one page size. */
export interface PlacedStruct {
  readonly name: string;
  readonly size: number;
  readonly fields: readonly PlacedField[];
}

/**
 * Places the fields of a C structure as a compiler for a 64-bit machine does: natural alignment unless packed, size rounded
 * up to the largest alignment. The offsets and the size in the file must agree; they are written out so that a person can
 * check them, and checked here so that they cannot drift.
 *
 * @throws KhoError `E_ABI_FILE`
 */
export function placeStruct(name: string, layout: StructLayout, pageSize: number): PlacedStruct {
  const fields: PlacedField[] = [];
  let offset = 0;
  let largest = 1;
  for (const field of layout.fields) {
    const elementSize = SIZES[field.type];
    const alignment = layout.packed ? 1 : elementSize;
    largest = Math.max(largest, alignment);
    offset = Math.ceil(offset / alignment) * alignment;
    if (offset !== field.offset) throw disagree(name, field.name, 'offset', field.offset, offset);
    const elements =
      field.count === 'rest-of-page' ? Math.floor((pageSize - offset) / elementSize) : (field.count ?? 1);
    fields.push({ ...field, offset, elementSize, elements });
    offset += elementSize * elements;
  }
  const size = Math.ceil(offset / largest) * largest;
  const declared = layout.size === 'page' ? pageSize : layout.size;
  if (size !== declared) throw disagree(name, '(whole)', 'size', declared, size);
  return { name, size, fields };
}

/** Bytes of a structure. Fields that are not given are zero; a text is padded with NULs and always keeps one. */
export function encodeStruct(struct: PlacedStruct, values: StructValues, order: ByteOrder): Uint8Array {
  const bytes = new Uint8Array(struct.size);
  for (const field of struct.fields) {
    const value = values[field.name];
    if (value === undefined) continue;
    bytes.set(encodeField(struct, field, value, order), field.offset);
  }
  const unknown = Object.keys(values).find((key) => !struct.fields.some((field) => field.name === key));
  if (unknown !== undefined) throw new KhoError('E_USAGE', `${struct.name} has no field ${unknown}`);
  return bytes;
}

function encodeField(
  struct: PlacedStruct,
  field: PlacedField,
  value: StructValue,
  order: ByteOrder,
): Uint8Array {
  const out = new Writer(order);
  const path = `${struct.name}.${field.name}`;
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'latin1');
    if (field.type !== 'char' || text.length >= field.elements) {
      throw new KhoError('E_USAGE', 'text does not fit', {
        path,
        found: `${text.length} bytes`,
        expected: `at most ${field.elements - 1}`,
      });
    }
    return text;
  }
  const list = typeof value === 'number' || typeof value === 'bigint' ? [value] : value;
  if (list.length > field.elements)
    throw new KhoError('E_USAGE', 'too many elements', { path, found: `${list.length}` });
  for (const element of list) {
    const wide = BigInt(element);
    if (wide < 0n || wide >= 1n << BigInt(8 * field.elementSize)) {
      throw new KhoError('E_USAGE', 'value does not fit', { path, found: `${wide}`, expected: field.type });
    }
    if (field.elementSize === 8) out.u64(wide);
    else if (field.elementSize === 4) out.u32(Number(wide));
    else if (field.elementSize === 2) out.u16(Number(wide));
    else out.u8(Number(wide));
  }
  return out.finish();
}

/**
 * Single-valued fields of a structure at `offset`; counted fields other than text are left to their own readers.
 *
 * @throws KhoError `E_HANDOVER` when the structure does not lie whole in `bytes`
 */
export function decodeStruct(
  struct: PlacedStruct,
  bytes: Uint8Array,
  order: ByteOrder,
  offset = 0,
): Record<string, number | bigint | string> {
  const whole = new Reader(bytes, order, { code: 'E_HANDOVER' }, offset);
  whole.take(struct.size, struct.name);
  const values: Record<string, number | bigint | string> = {};
  for (const field of struct.fields) {
    const path = `${struct.name}.${field.name}`;
    const reader = new Reader(bytes, order, { code: 'E_HANDOVER' }, offset + field.offset);
    if (field.type === 'char') {
      const text = Buffer.from(reader.take(field.elements, path)).toString('latin1');
      values[field.name] = text.split('\0', 1)[0]!;
    } else if (field.elements === 1 && field.count === undefined) {
      if (field.elementSize === 8) values[field.name] = reader.u64(path);
      else if (field.elementSize === 4) values[field.name] = reader.u32(path);
      else values[field.name] = field.elementSize === 2 ? reader.u16(path) : reader.u8(path);
    }
  }
  return values;
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
