import { type Abi, PAGE_SHIFTS, pageSizeName } from '../abi/index.js';
import { columns, style } from './style.js';

/** The ladder: one line an ABI. */
export function abiListText(abis: readonly Abi[]): string {
  const rows = abis.map(({ file }) => [
    file.id,
    `'${file.compatible}'`,
    file.releases.tagged.length === 0 ? 'no tagged release' : `Linux ${file.releases.tagged.join(', ')}`,
    file.title,
  ]);
  return `${columns(rows).join('\n')}\n`;
}

/** One ABI for people; the file itself has more. */
export function abiShowText({ file, id }: Abi): string {
  const lines = [style.title(`${id}: ${file.title}`), ''];
  const releases =
    file.releases.tagged.length === 0 ? 'none tagged' : `Linux ${file.releases.tagged.join(', ')}`;
  lines.push(
    ...columns([
      ['compatible', `'${file.compatible}'`],
      ['releases', releases],
      ['', file.releases.note],
      ['root properties', file.fdt.root.map(({ name, type }) => `${name} (${type})`).join(', ')],
      ['subtree properties', file.fdt.subtree.map(({ name, type }) => `${name} (${type})`).join(', ')],
    ]),
  );
  lines.push(
    '',
    style.title(file.memoryMap.kind === 'radix' ? 'Radix tree' : 'Chunk lists of bitmaps'),
    ...geometryLines(file),
  );
  lines.push('', style.title('Structures'));
  for (const [name, { about, size, packed, fields }] of Object.entries(file.structs)) {
    lines.push(
      `  ${name}: ${size === 'page' ? 'one page' : `${size} bytes`}${packed ? ', packed' : ''}. ${about}`,
    );
    const rows = fields.map(({ offset, type, name: field, count, role }) => [
      `${offset}`.padStart(6),
      count === undefined ? type : `${type}[${count}]`,
      field,
      role,
    ]);
    lines.push(...columns(rows, '  '));
  }
  lines.push('', style.title('Known defects'));
  for (const { id: erratum, title, when, effect } of file.errata) {
    lines.push(`  ${erratum}${when === undefined ? '' : ` (${when.pageSize} pages)`}: ${title}. ${effect}`);
  }
  lines.push('', style.title('Provenance'));
  for (const { kind, text } of file.provenance) lines.push(`  ${kind}: ${text}`);
  return `${lines.join('\n')}\n`;
}

function geometryLines({ memoryMap: map, vmalloc }: Abi['file']): string[] {
  const names = PAGE_SHIFTS.map((shift) => pageSizeName(shift));
  const rows = [['page size', ...names]];
  const row = <Entry>(
    title: string,
    of: Record<(typeof names)[number], Entry>,
    pick: (entry: Entry) => string,
  ): void => {
    rows.push([title, ...names.map((name) => pick(of[name]))]);
  };
  if (map.kind === 'radix') {
    row('order-0 bit', map.geometry, ({ order0Bit }) => `${order0Bit}`);
    row('entries of a table', map.geometry, ({ tableBits }) => `${2 ** tableBits}`);
    row('bits of a leaf', map.geometry, ({ bitmapBits }) => `${2 ** bitmapBits}`);
    row('depth', map.geometry, ({ depth }) => `${depth}`);
    row('shifts', map.geometry, ({ shifts }) => shifts.join(' '));
  } else {
    row('bytes of a bitmap', map.geometry, ({ bitmapBytes }) => `${bitmapBytes}`);
    row('bits of a bitmap', map.geometry, ({ bitmapBytes }) => `${bitmapBytes * 8}`);
    row('entries of a chunk', map.geometry, ({ entriesPerChunk }) => `${entriesPerChunk}`);
  }
  if (vmalloc !== undefined) row('vmalloc entries', vmalloc.entriesPerChunk, (entries) => `${entries}`);
  return columns(rows, '  ');
}
