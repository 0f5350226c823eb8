import picocolors from 'picocolors';
import { printable } from '../bytes/index.js';

// Left to itself picocolors also colours what a CI job writes to a pipe.
const onTerminal = process.stdout.isTTY === true || process.env.FORCE_COLOR !== undefined;
const pc = picocolors.createColors(picocolors.isColorSupported && onTerminal);

/** Colours for a terminal; none for pipes and when NO_COLOR is set. */
export const style = {
  title: pc.bold,
  good: pc.green,
  bad: pc.red,
  note: pc.yellow,
  dim: pc.dim,
};

/** Names from blobs are untrusted: control characters never reach the terminal. */
export const safe = printable;

/** `1234567` as `1,234,567`. */
export function grouped(value: number | bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Bytes as `1.5 GiB`, exact values below 1 KiB. */
export function humanBytes(bytes: bigint): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  let unit = 0;
  let scaled = Number(bytes);
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${Number.isInteger(scaled) ? scaled : scaled.toFixed(1)} ${units[unit]}`;
}

/** Rows of cells as lines with aligned columns; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[], indent = ''): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows.map(
    (row) =>
      indent +
      row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index]!))).join('  '),
  );
}
