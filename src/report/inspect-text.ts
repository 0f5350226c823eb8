import { targetName } from '../abi/index.js';
import { hex } from '../bytes/index.js';
import type { Handover } from '../handover/index.js';
import type { ChunkSource, MapContents, RadixSource } from '../map/index.js';
import { clientLines } from './clients-text.js';
import { fdtLayoutName } from './fdt-text.js';
import { columns, grouped, humanBytes, safe, style } from './style.js';

/** Runs and orders printed at most. */
const SHOWN = 16;

/** A handover as text for people. */
export function inspectText(handover: Handover): string {
  const lines: string[] = [style.title(`KHO handover, ${handover.abis.map(({ id }) => id).join(' or ')}`)];
  const unknown = (value: string | undefined, hint: string): string => value ?? `unknown (${hint})`;
  lines.push(
    ...columns(
      [
        ['compatible', handover.compatible.map((text) => `'${safe(text)}'`).join(', ')],
        ['byte order', unknown(handover.byteOrder, 'give --memory or --byte-order')],
        [
          'page size',
          unknown(
            handover.target && `${2 ** handover.target.pageShift} bytes`,
            'nothing in the FDT tells it; give --memory',
          ),
        ],
        ['root FDT', fdtLine(handover)],
        ['map root', handover.mapAddress === undefined ? 'unknown' : hex(handover.mapAddress)],
      ],
      '  ',
    ),
  );
  if (handover.contents !== undefined) lines.push('', ...mapLines(handover, handover.contents));
  if (handover.recovered !== undefined) lines.push('', ...recoveredLines(handover.recovered));
  lines.push('', style.title(`Subtrees (${handover.subtrees.length})`), ...subtreeLines(handover));
  if (handover.clients.length > 0)
    lines.push(
      '',
      style.title('Clients, each value @ its physical address'),
      ...clientLines(handover.clients),
    );
  if (handover.notes.length > 0) {
    lines.push('', style.title('Notes'));
    for (const { erratum, text } of handover.notes) {
      lines.push(`  ${style.note(erratum === undefined ? 'note' : `erratum ${erratum}`)}: ${safe(text)}`);
    }
  }
  for (const other of handover.alternatives) lines.push('', ...alternativeLines(other));
  if (handover.evidence.length > 0) {
    lines.push('', style.title('Evidence'));
    for (const text of handover.evidence) lines.push(style.dim(`  ${safe(text)}`));
  }
  return `${lines.join('\n')}\n`;
}

/** Another reading that the bytes allow, shown as fully as the first: the map is what differs. */
function alternativeLines(other: Handover): string[] {
  return [
    style.note(`The same bytes read as ${other.abis.map(({ id }) => id).join(' or ')}`),
    ...(other.contents === undefined ? [] : mapLines(other, other.contents)),
    ...(other.recovered === undefined ? [] : recoveredLines(other.recovered)),
  ];
}

function fdtLine(handover: Handover): string {
  const where = handover.fdtAddress === undefined ? '' : `at ${hex(handover.fdtAddress)}, `;
  return `${where}${handover.root.bytes.length} bytes, ${fdtLayoutName(handover.root.bytes)} layout`;
}

function mapLines(handover: Handover, { statistics, runs }: MapContents): string[] {
  const { blocks, bytes, byOrder, badKeys } = statistics;
  const lines = [
    style.title(`Preserved memory, ${targetName(handover.target!)}`),
    ...columns(
      [
        ...shapeRows(handover, statistics),
        ['blocks', `${grouped(blocks)} (${humanBytes(bytes)})`],
        ...(badKeys === 0 ? [] : [['bad keys', style.bad(grouped(badKeys))]]),
      ],
      '  ',
    ),
  ];
  if (byOrder.size > 0) {
    const rows = [...byOrder]
      .sort(([a], [b]) => a - b)
      .map(([order, count]) => [`order ${order}`, grouped(count)]);
    lines.push(...columns(rows, '    '));
  }
  if (runs.length > 0) {
    lines.push('  runs, in walk order');
    lines.push(
      ...columns(
        runs
          .slice(0, SHOWN)
          .map((run) => [hex(run.address), `order ${run.order}`, `x ${grouped(run.count)}`]),
        '    ',
      ),
    );
    if (runs.length > SHOWN)
      lines.push(`    (${grouped(runs.length - SHOWN)} more; --walk lists every block)`);
  }
  return lines;
}

function shapeRows({ map }: Handover, { shape }: MapContents['statistics']): string[][] {
  const left = (empty: number): string => (empty === 0 ? '' : ` (${grouped(empty)} empty)`);
  if (shape.kind === 'chunks') {
    return [
      ['chunks', grouped(shape.chunks)],
      [
        'bitmaps',
        `${grouped(shape.bitmaps)} of ${(map as ChunkSource).geometry.bitmapBytes} bytes${left(shape.emptyBitmaps)}`,
      ],
    ];
  }
  return [
    ['depth', `${(map as RadixSource).geometry.depth}`],
    ['tables', grouped(shape.tables)],
    ['leaves', `${grouped(shape.leaves)}${left(shape.emptyLeaves)}`],
  ];
}

function recoveredLines({ statistics, runs }: MapContents): string[] {
  const rows = runs
    .slice(0, SHOWN)
    .map((run) => [hex(run.address), `order ${run.order}`, `x ${grouped(run.count)}`]);
  return [
    style.title('What was meant (order-0 pages put right)'),
    `  ${grouped(statistics.blocks)} blocks (${humanBytes(statistics.bytes)})`,
    ...columns(rows, '    '),
    ...(runs.length > SHOWN ? [`    (${grouped(runs.length - SHOWN)} more)`] : []),
  ];
}

function subtreeLines(handover: Handover): string[] {
  return columns(
    handover.subtrees.map(({ name, address, size, preserved }) => [
      safe(name) === '' ? '(empty name)' : safe(name),
      address === undefined ? 'no address' : hex(address),
      size === undefined ? '' : `${grouped(size)} bytes`,
      preserved === undefined ? '' : preserved ? 'preserved' : style.note('not preserved'),
    ]),
    '  ',
  ).map((line) => line.trimEnd());
}
