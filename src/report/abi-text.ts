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
  lines.push('', style.title('Radix tree'), ...geometryLines(file));
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

function geometryLines(file: Abi['file']): string[] {
  const geometry = PAGE_SHIFTS.map((shift) => file.memoryMap.geometry[pageSizeName(shift)]);
  const row = (title: string, pick: (entry: (typeof geometry)[number]) => string): string[] => [
    title,
    ...geometry.map(pick),
  ];
  return columns(
    [
      ['page size', ...PAGE_SHIFTS.map((shift) => pageSizeName(shift))],
      row('order-0 bit', ({ order0Bit }) => `${order0Bit}`),
      row('entries of a table', ({ tableBits }) => `${2 ** tableBits}`),
      row('bits of a leaf', ({ bitmapBits }) => `${2 ** bitmapBits}`),
      row('depth', ({ depth }) => `${depth}`),
      row('shifts', ({ shifts }) => shifts.join(' ')),
      [
        'vmalloc entries',
        ...PAGE_SHIFTS.map((shift) => `${file.vmalloc.entriesPerChunk[pageSizeName(shift)]}`),
      ],
    ],
    '  ',
  );
}
