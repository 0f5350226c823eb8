import { decodeStruct, type PlacedField, type PlacedStruct } from '../abi/index.js';
import { type ByteOrder, hex, printable, Reader } from '../bytes/index.js';

/** Bytes with a name and a meaning. */
export interface AnnotatedField {
  /** Offset from the first byte of the structure. */
  readonly offset: number;
  readonly length: number;
  /** `folios.first`, `table[3]`, `FDT_PROP`. */
  readonly name: string;
  /** The value as text; safe for a terminal. */
  readonly value: string;
  /** Role that the ABI file gives the field: `phys`, `count`, … */
  readonly role?: string;
}

/** A structure's bytes with the fields in them, ascending; bytes that no field names are padding or zero entries. */
export interface Annotation {
  /** Name of the structure in its ABI file, or `fdt`. */
  readonly structure: string;
  /** Id of the ABI or client format that has the layout. */
  readonly format: string;
  /** Physical address of the first byte; undefined for a blob that came from a file. */
  readonly address: bigint | undefined;
  readonly byteOrder: ByteOrder;
  readonly bytes: Uint8Array;
  readonly fields: readonly AnnotatedField[];
  /** What was left out: `511 zero entries of table`. */
  readonly omitted: readonly string[];
}

/** Roles whose values are counted, not pointed to: shown in decimal. */
const DECIMAL = new Set(['count', 'order', 'size']);

/**
 * Names the fields of a structure, nested ones too (`folios.first`), by the layout of its ABI file. Of arrays only elements that
 * are not zero are listed.
 *
 * @param at offset of the structure in `bytes`
 * @throws KhoError `E_HANDOVER` when it does not lie whole in `bytes`
 */
export function structFields(
  layout: PlacedStruct,
  bytes: Uint8Array,
  order: ByteOrder,
  at = 0,
): { fields: AnnotatedField[]; omitted: string[] } {
  const fields: AnnotatedField[] = [];
  const omitted: string[] = [];
  new Reader(bytes, order, { code: 'E_HANDOVER' }, at).take(layout.size, layout.name);
  addStruct({ fields, omitted, bytes, order }, layout, at, '');
  return { fields, omitted };
}

interface Sink {
  readonly fields: AnnotatedField[];
  readonly omitted: string[];
  readonly bytes: Uint8Array;
  readonly order: ByteOrder;
}

/** Layouts nest a few levels at most (layout.ts refuses more), so the recursion is bounded by our own data. */
function addStruct(sink: Sink, layout: PlacedStruct, at: number, prefix: string): void {
  for (const field of layout.fields) {
    const name = prefix + field.name;
    const start = at + field.offset;
    if (field.type === 'char' || (field.type === 'u8' && field.elements > 1)) {
      sink.fields.push(textField(sink.bytes, field, start, name));
    } else if (field.count === undefined) {
      addElement(sink, layout, field, start, at, name);
    } else {
      let zero = 0;
      for (let index = 0; index < field.elements; index++) {
        const element = start + index * field.elementSize;
        if (isZero(sink.bytes, element, field.elementSize)) zero++;
        else addElement(sink, layout, field, element, at, `${name}[${index}]`);
      }
      if (zero > 0) sink.omitted.push(`${zero} zero ${zero === 1 ? 'entry' : 'entries'} of ${name}`);
    }
  }
}

function addElement(
  sink: Sink,
  layout: PlacedStruct,
  field: PlacedField,
  start: number,
  structAt: number,
  name: string,
): void {
  if (field.nested !== undefined) {
    addStruct(sink, field.nested, start, `${name}.`);
    return;
  }
  const { bytes, order } = sink;
  const value =
    field.bits === undefined
      ? numberText(numberAt(bytes, start, field.elementSize, order), field.role)
      : bitsText(layout, field, bytes, order, structAt);
  sink.fields.push({ offset: start, length: field.elementSize, name, value, role: field.role });
}

function bitsText(
  layout: PlacedStruct,
  field: PlacedField,
  bytes: Uint8Array,
  order: ByteOrder,
  at: number,
): string {
  const values = decodeStruct<Record<string, Record<string, bigint>>>(layout, bytes, order, at);
  return Object.entries(values[field.name]!)
    .map(([name, value]) => `${name} ${hex(value)}`)
    .join(', ');
}

function textField(bytes: Uint8Array, field: PlacedField, offset: number, name: string): AnnotatedField {
  const length = field.elements;
  const raw = Buffer.from(bytes.subarray(offset, offset + length)).toString('latin1');
  const end = raw.indexOf('\0');
  const shown = `'${printable(end < 0 ? raw : raw.slice(0, end))}'`;
  const value = field.type === 'u8' ? '' : end < 0 ? `${shown}, not terminated` : shown;
  return { offset, length, name, value, role: field.role };
}

/** A number as text: decimal for counts and sizes, hex for the rest. */
export function numberText(value: bigint, role: string | undefined): string {
  return role !== undefined && DECIMAL.has(role) ? `${value}` : hex(value);
}

/** The number of 1, 2, 4 or 8 bytes at an offset that the caller has checked. */
export function numberAt(bytes: Uint8Array, offset: number, size: number, order: ByteOrder): bigint {
  const reader = new Reader(bytes, order, { code: 'E_HANDOVER' }, offset);
  if (size === 8) return reader.u64('number');
  return BigInt(size === 4 ? reader.u32('number') : size === 2 ? reader.u16('number') : reader.u8('number'));
}

function isZero(bytes: Uint8Array, offset: number, length: number): boolean {
  for (let at = offset; at < offset + length; at++) if (bytes[at] !== 0) return false;
  return true;
}
