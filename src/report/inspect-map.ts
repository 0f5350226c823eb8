import { hex } from '../bytes/index.js';
import type { Handover } from '../handover/index.js';
import {
  addressHistogram,
  type BlockRun,
  type ChunkSource,
  type Histogram,
  type MapContents,
  type MapSource,
  type RadixSource,
  type Reading,
} from '../map/index.js';
import type { TreeItem, TreeStyle } from './inspect-tree.js';
import { columns, grouped, humanBytes, style } from './style.js';

/** Runs shown: the biggest ones. */
const SHOWN = 8;

/** Rows and columns of the chart at most. */
export const CHART_ROWS = 16;
const CHART_COLUMNS = 40;

/** The map as one item: its shape, blocks by order, a chart of addresses, the biggest runs. */
export function mapItem(
  handover: Handover,
  contents: MapContents,
  reading: Reading,
  title: string,
  look: TreeStyle,
): TreeItem {
  const { map, target } = handover;
  const { statistics, runs } = contents;
  const { blocks, bytes, byOrder, badKeys } = statistics;
  const pageShift = target!.pageShift;
  const orders = [...byOrder]
    .sort(([a], [b]) => a - b)
    .map(([order, count]) => [
      `  order ${order}`,
      grouped(count),
      humanBytes(BigInt(count) << BigInt(order + pageShift)),
    ]);
  return {
    text: title,
    lines: [
      ...columns([
        ...shapeRows(map!, statistics),
        ['blocks', `${grouped(blocks)} (${humanBytes(bytes)})`],
        ...(badKeys === 0 ? [] : [['bad keys', style.bad(grouped(badKeys))]]),
      ]),
      ...columns(orders),
    ],
    children:
      blocks === 0
        ? []
        : [chartItem(addressHistogram(map!, CHART_ROWS, reading), look), runsItem(runs, pageShift)],
  };
}

function shapeRows(map: MapSource, { shape }: MapContents['statistics']): string[][] {
  const left = (empty: number): string => (empty === 0 ? '' : ` (${grouped(empty)} empty)`);
  if (shape.kind === 'chunks') {
    const { bitmapBytes } = (map as ChunkSource).geometry;
    return [
      ['chunks', grouped(shape.chunks)],
      ['bitmaps', `${grouped(shape.bitmaps)} of ${bitmapBytes} bytes${left(shape.emptyBitmaps)}`],
    ];
  }
  return [
    ['depth', `${(map as RadixSource).geometry.depth}`],
    ['tables', grouped(shape.tables)],
    ['leaves', `${grouped(shape.leaves)}${left(shape.emptyLeaves)}`],
  ];
}

/** A bar for each row of addresses, the longest over all columns; where anything is preserved there is at least one mark. */
export function chartItem({ span, rows }: Histogram, { unicode }: TreeStyle): TreeItem {
  const most = rows.reduce((max, { preserved }) => (preserved > max ? preserved : max), 1n);
  const mark = unicode ? '█' : '#';
  const lines = columns(
    rows.map(({ start, preserved }) => {
      const exact = Number((preserved * BigInt(CHART_COLUMNS)) / most);
      const length = preserved === 0n ? 0 : Math.max(1, exact);
      return [
        hex(start),
        mark.repeat(length).padEnd(CHART_COLUMNS),
        preserved === 0n ? '' : humanBytes(preserved),
      ];
    }),
  );
  return { text: `where it lies, ${humanBytes(span)} of addresses a row`, lines };
}

function runsItem(runs: readonly BlockRun[], pageShift: number): TreeItem {
  const size = ({ order, count }: BlockRun): number => count * 2 ** order;
  const biggest: BlockRun[] = [];
  // One pass: there may be a million runs.
  for (const run of runs) {
    if (biggest.length === SHOWN && size(run) <= size(biggest.at(-1)!)) continue;
    const place = biggest.findIndex((other) => size(other) < size(run));
    biggest.splice(place < 0 ? biggest.length : place, 0, run);
    if (biggest.length > SHOWN) biggest.pop();
  }
  const lines = columns(
    biggest.map((run) => [
      hex(run.address),
      `order ${run.order}`,
      `x ${grouped(run.count)}`,
      humanBytes(BigInt(run.count) << BigInt(run.order + pageShift)),
    ]),
  );
  const rest = runs.length - biggest.length;
  return {
    text: 'biggest runs',
    lines:
      rest > 0 ? [...lines, `(${grouped(rest)} more; --walk lists every block, --ranges joins them)`] : lines,
  };
}
