import { type ByteOrder, KhoError, Reader, readU64, writeU64 } from '../bytes/index.js';
import type { PlacedField, PlacedStruct } from './layout.js';
import type { StructBits } from './struct-schema.js';

/**
 * A value to be written: a number or bigint; text for char arrays; an array for counted fields; an object for a nested
 * structure and for a u64 of bitfields (value by bitfield name); an array of objects for counted structures.
 */
export type StructValue =
  | number
  | bigint
  | string
  | StructValues
  | readonly (number | bigint | StructValues)[];

/** Values of one structure by field name. */
export interface StructValues {
  readonly [field: string]: StructValue;
}

/** Values of one structure as they are read: numbers up to 32 bits, bigints for 64, text for char arrays. */
export type PlainValues = Record<string, number | bigint | string>;

/** Bytes of a structure. Fields that are not given are zero; a text is padded with NULs and always keeps one. */
export function encodeStruct(struct: PlacedStruct, values: StructValues, order: ByteOrder): Uint8Array {
  const bytes = new Uint8Array(struct.size);
  for (const field of struct.fields) {
    const value = values[field.name];
    if (value !== undefined) encodeField(bytes, struct, field, value, order);
  }
  const unknown = Object.keys(values).find((key) => !struct.fields.some((field) => field.name === key));
  if (unknown !== undefined) throw new KhoError('E_USAGE', `${struct.name} has no field ${unknown}`);
  return bytes;
}

function encodeField(
  bytes: Uint8Array,
  struct: PlacedStruct,
  field: PlacedField,
  value: StructValue,
  order: ByteOrder,
): void {
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
    bytes.set(text, field.offset);
    return;
  }
  const list = isList(value) ? value : [value];
  if (list.length > field.elements)
    throw new KhoError('E_USAGE', 'too many elements', { path, found: `${list.length}` });
  for (const [index, element] of list.entries()) {
    const at = field.offset + index * field.elementSize;
    if (typeof element !== 'object') bytes.set(wide(BigInt(element), field, path, order), at);
    else if (field.nested !== undefined) bytes.set(encodeStruct(field.nested, element, order), at);
    else if (field.bits !== undefined) writeU64(bytes, at, packBits(field.bits, element, order, path), order);
    else throw new KhoError('E_USAGE', 'an object where a number belongs', { path });
  }
}

function isList(value: StructValue): value is readonly (number | bigint | StructValues)[] {
  return Array.isArray(value);
}

/** Bytes of one number of the field's size. */
function wide(value: bigint, field: PlacedField, path: string, order: ByteOrder): Uint8Array {
  if (field.nested !== undefined) throw new KhoError('E_USAGE', 'a number where an object belongs', { path });
  if (value < 0n || value >= 1n << BigInt(8 * field.elementSize)) {
    throw new KhoError('E_USAGE', 'value does not fit', { path, found: `${value}`, expected: field.type });
  }
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, value, order);
  return order === 'little' ? bytes.subarray(0, field.elementSize) : bytes.subarray(8 - field.elementSize);
}

/**
 * Fields of a structure at `offset`: single numbers, text, bitfields and nested structures as objects, counted structures as
 * arrays of objects. Arrays of numbers and arrays that run to the end of the page are left to their own readers.
 *
 * @typeParam Values the shape that the structure's fields give; only the caller knows the file
 * @throws KhoError `E_HANDOVER` when the structure does not lie whole in `bytes`
 */
export function decodeStruct<Values extends object = PlainValues>(
  struct: PlacedStruct,
  bytes: Uint8Array,
  order: ByteOrder,
  offset = 0,
): Values {
  new Reader(bytes, order, { code: 'E_HANDOVER' }, offset).take(struct.size, struct.name);
  const values: Record<string, unknown> = {};
  for (const field of struct.fields) {
    const value = decodeField(struct, field, bytes, order, offset + field.offset);
    if (value !== undefined) values[field.name] = value;
  }
  return values as Values;
}

function decodeField(
  struct: PlacedStruct,
  field: PlacedField,
  bytes: Uint8Array,
  order: ByteOrder,
  at: number,
): unknown {
  const path = `${struct.name}.${field.name}`;
  const reader = new Reader(bytes, order, { code: 'E_HANDOVER' }, at);
  if (field.type === 'char') {
    const text = Buffer.from(reader.take(field.elements, path)).toString('latin1');
    return text.split('\0', 1)[0]!;
  }
  if (field.count === 'rest-of-page') return undefined;
  const { nested } = field;
  if (nested !== undefined) {
    const one = (index: number): object => decodeStruct(nested, bytes, order, at + index * nested.size);
    return field.count === undefined
      ? one(0)
      : Array.from({ length: field.elements }, (_, index) => one(index));
  }
  if (field.count !== undefined) return undefined;
  if (field.bits !== undefined) return unpackBits(field.bits, readU64(bytes, at, order), order);
  if (field.elementSize === 8) return reader.u64(path);
  if (field.elementSize === 4) return reader.u32(path);
  return field.elementSize === 2 ? reader.u16(path) : reader.u8(path);
}

/** Bit numbers of each bitfield: compilers begin at the low end on little-endian machines, at the high end on big-endian ones. */
function bitPlaces(
  bits: readonly StructBits[],
  order: ByteOrder,
): { name: string; width: number; low: number }[] {
  let used = 0;
  return bits.map(({ name, width }) => {
    const low = order === 'little' ? used : 64 - used - width;
    used += width;
    return { name, width, low };
  });
}

/**
 * A reader of one bitfield that works on 32-bit halves and makes no bigint, for long arrays of entries.
 *
 * @returns takes the high and the low half of the word, in the CPU's byte order; exact, because no bitfield here is wider than 53
 */
export function bitfieldReader(
  field: PlacedField,
  name: string,
  order: ByteOrder,
): (high: number, low: number) => number {
  const place = bitPlaces(field.bits ?? [], order).find((bits) => bits.name === name);
  if (place === undefined || place.width > 53)
    throw new KhoError('E_ABI_FILE', `no bitfield ${name} to read`);
  const { low: from, width } = place;
  if (from >= 32) {
    const scale = 2 ** (from - 32);
    return (high) => Math.floor(high / scale) % 2 ** width;
  }
  const fromLow = Math.min(width, 32 - from);
  const scale = 2 ** from;
  return (high, low) =>
    (Math.floor(low / scale) % 2 ** fromLow) + (high % 2 ** (width - fromLow)) * 2 ** fromLow;
}

function packBits(bits: readonly StructBits[], values: StructValues, order: ByteOrder, path: string): bigint {
  const unknown = Object.keys(values).find((key) => !bits.some(({ name }) => name === key));
  if (unknown !== undefined) throw new KhoError('E_USAGE', `no bitfield ${unknown}`, { path });
  let word = 0n;
  for (const { name, width, low } of bitPlaces(bits, order)) {
    const value = values[name] ?? 0;
    if (typeof value !== 'number' && typeof value !== 'bigint')
      throw new KhoError('E_USAGE', 'a bitfield takes a number', { path: `${path}.${name}` });
    const wideValue = BigInt(value);
    if (wideValue < 0n || wideValue >= 1n << BigInt(width)) {
      throw new KhoError('E_USAGE', 'value does not fit', {
        path: `${path}.${name}`,
        found: `${wideValue}`,
        expected: `${width} bits`,
      });
    }
    word |= wideValue << BigInt(low);
  }
  return word;
}

function unpackBits(bits: readonly StructBits[], word: bigint, order: ByteOrder): Record<string, bigint> {
  const values: Record<string, bigint> = {};
  for (const { name, width, low } of bitPlaces(bits, order))
    values[name] = (word >> BigInt(low)) & ((1n << BigInt(width)) - 1n);
  return values;
}
