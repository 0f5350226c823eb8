import { hex } from '../bytes/index.js';
import { FDT_DEFECTS, type FdtCheck, type FdtDefect, readHeader } from '../fdt/index.js';
import { grouped, safe, style } from './style.js';

/** How a blob was written, seen from where its blocks stand. */
export function fdtLayoutName(bytes: Uint8Array): string {
  const header = readHeader(bytes, () => {});
  if (header === undefined) return 'other';
  if (header.offReserve === 48 && header.offStruct === 64) return 'sequential';
  return header.offReserve === 40 && header.offStruct === 56 ? 'edited' : 'other';
}

/** Result of `kho-abi fdt --check` as text. */
export function fdtCheckText(source: string, check: FdtCheck): string {
  const lines: string[] = [];
  const { header } = check;
  if (header !== undefined) {
    lines.push(
      `${source}: version ${header.version}, totalsize ${grouped(header.totalsize)}, ` +
        `${grouped(check.nodes)} nodes, ${grouped(check.properties)} properties`,
    );
  }
  for (const defect of check.defects) lines.push(defectText(source, defect));
  if (check.suppressed > 0) lines.push(`${source}: ${grouped(check.suppressed)} more of the same kinds`);
  const count = (severity: string): number =>
    check.defects.filter((defect) => defect.severity === severity).length;
  lines.push(
    count('error') + count('warning') + count('note') === 0
      ? style.good(`${source}: no defects`)
      : `${source}: ${count('error')} errors, ${count('warning')} warnings, ${count('note')} notes`,
  );
  return `${lines.join('\n')}\n`;
}

function defectText(
  source: string,
  { id, severity, offset, path, found, expected, hint }: FdtDefect,
): string {
  const paint = severity === 'error' ? style.bad : severity === 'warning' ? style.note : style.dim;
  const parts = [`${source}:${hex(offset)}: ${paint(severity)}: ${FDT_DEFECTS[id].title} [${id}]`];
  if (path !== undefined) parts.push(`at ${safe(path)}`);
  if (found !== undefined) parts.push(`found ${safe(found)}`);
  if (expected !== undefined) parts.push(`expected ${safe(expected)}`);
  if (hint !== undefined) parts.push(safe(hint));
  return parts.join('; ');
}
