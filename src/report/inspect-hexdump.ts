import { hex, toHex } from '../bytes/index.js';
import type { AnnotatedField, Annotation } from '../handover/index.js';
import type { InspectReport } from './inspect-schema.js';
import { grouped, safe, style } from './style.js';

/** Bytes on a line. */
const PER_LINE = 8;

/** Zero bytes at the end of a field from which on they are counted instead of shown. */
const HIDDEN = 3 * PER_LINE;

/** A structure as a hexdump whose lines say what their bytes are. Bytes that no field names are shown only where they are not zero. */
export function hexdumpText(annotation: Annotation): string {
  const { structure, format, address, byteOrder, bytes, omitted } = annotation;
  const where = address === undefined ? '' : ` at ${hex(address)}`;
  const lines = [
    style.title(`${structure} of ${format}${where}, ${grouped(bytes.length)} bytes, ${byteOrder} endian`),
  ];
  const parts = covering(annotation);
  const names = Math.min(32, Math.max(0, ...parts.map(({ name }) => safe(name).length)));
  const offsets = hex(bytes.length).length;
  const addresses = hex((address ?? 0n) + BigInt(bytes.length)).length;
  for (const { offset, length, name, value } of parts) {
    const end = offset + length;
    const filled = lastFilled(bytes, offset, end);
    // A few zero lines are quicker read than counted.
    const shown = end - filled < HIDDEN ? end : Math.max(filled, offset + Math.min(PER_LINE, length));
    for (let at = offset; at < shown; at += PER_LINE) {
      const part = bytes.subarray(at, Math.min(at + PER_LINE, end));
      const place = [
        ...(address === undefined ? [] : [hex(address + BigInt(at)).padStart(addresses)]),
        `+${hex(at)}`.padStart(offsets + 1),
      ].join('  ');
      const pairs = (toHex(part).match(/../g) ?? []).join(' ').padEnd(3 * PER_LINE - 1);
      const said = at === offset ? `  ${safe(name).padEnd(names)}  ${value}` : '';
      lines.push(`${style.dim(place)}  ${pairs}${said}`.trimEnd());
    }
    const hidden = end - offset - PER_LINE * Math.ceil((shown - offset) / PER_LINE);
    if (hidden > 0) lines.push(style.dim(`${''.padStart(addresses)}  (${hidden} zero bytes more)`));
  }
  for (const text of omitted) lines.push(style.dim(`(${text})`));
  return `${lines.join('\n')}\n`;
}

/** End of the last byte that is not zero. */
function lastFilled(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && bytes[end - 1] === 0) end--;
  return end;
}

/** Fields, and the bytes between them that are not zero; all of them when nothing is named. */
function covering({ fields, bytes, structure }: Annotation): AnnotatedField[] {
  // A part of a blob is shown alone.
  const whole = fields.length === 0 || fields[0]!.offset === 0;
  const parts: AnnotatedField[] = [];
  let at = whole ? 0 : fields[0]!.offset;
  const gap = (to: number): void => {
    const name = structure === 'bytes' ? '' : '(no field)';
    if (to > at && bytes.subarray(at, to).some((byte) => byte !== 0))
      parts.push({ offset: at, length: to - at, name, value: '' });
  };
  for (const field of fields) {
    gap(field.offset);
    parts.push(field);
    at = Math.max(at, field.offset + field.length);
  }
  if (whole) gap(bytes.length);
  return parts;
}

/** The same as plain data. */
export function hexdumpReport(path: string, annotation: Annotation): NonNullable<InspectReport['hexdump']> {
  const { structure, format, address, byteOrder, bytes, fields, omitted } = annotation;
  return {
    path,
    structure,
    format,
    address: address === undefined ? null : hex(address),
    byteOrder,
    bytes: toHex(bytes),
    fields: fields.map(({ offset, length, name, value, role }) => ({
      offset,
      length,
      name,
      value,
      role: role ?? null,
    })),
    omitted: [...omitted],
  };
}
