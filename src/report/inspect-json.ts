import { hex } from '../bytes/index.js';
import { clientAreas, type Handover } from '../handover/index.js';
import {
  addressHistogram,
  type ChunkSource,
  type MapContents,
  type RadixSource,
  type Reading,
  walkText,
} from '../map/index.js';
import { clientReport } from './clients-json.js';
import { fdtLayoutName } from './fdt-text.js';
import { CHART_ROWS } from './inspect-map.js';
import type { InspectReport, MapShapeReport } from './inspect-schema.js';
import { toolInfo } from './version.js';

/** Names of what was read. */
export interface InspectInput {
  readonly fdt: string;
  readonly memory?: string;
}

/** The report of a handover as plain data. */
export function inspectReport(
  handover: Handover,
  input: InspectInput,
  options: { walk?: boolean } = {},
): InspectReport {
  const orNull = (value: bigint | undefined): string | null => (value === undefined ? null : hex(value));
  const contents = (part: MapContents | undefined, reading: Reading): InspectReport['map'] =>
    part === undefined ? null : mapReport(handover, part, reading);
  return {
    tool: toolInfo(),
    input: { fdt: input.fdt, memory: input.memory ?? null },
    abi: handover.abi.id,
    abis: handover.abis.map(({ id }) => id),
    compatible: [...handover.compatible],
    byteOrder: handover.byteOrder ?? null,
    pageSize: handover.target === undefined ? null : 2 ** handover.target.pageShift,
    fdt: {
      address: orNull(handover.fdtAddress),
      totalsize: handover.root.bytes.length,
      layout: fdtLayoutName(handover.root.bytes),
    },
    map: contents(handover.contents, 'kernel'),
    recovered: contents(handover.recovered, 'recovered'),
    mapAddress: orNull(handover.mapAddress),
    ...(options.walk && handover.map !== undefined
      ? { walk: walkText(handover.map).trimEnd().split('\n') }
      : {}),
    subtrees: handover.subtrees.map(({ name, address: at, size, preserved }) => ({
      name,
      address: orNull(at),
      size: orNull(size),
      preserved: preserved ?? null,
    })),
    clients: handover.clients.map(clientReport),
    vmalloc: handover.clients.flatMap(clientAreas).map(({ path, chunks, entries }) => ({
      path,
      chunks: chunks.map(hex),
      entries: entries.length,
      bytes: hex(entries.reduce((sum, { bytes }) => sum + bytes, 0n)),
    })),
    alternatives: handover.alternatives.map((other) => inspectReport(other, input, options)),
    evidence: [...handover.evidence],
    notes: handover.notes.map(({ erratum, text }) => ({ erratum: erratum ?? null, text })),
  };
}

function mapReport(
  handover: Handover,
  { statistics, runs }: MapContents,
  reading: Reading,
): InspectReport['map'] {
  const { span, rows } = addressHistogram(handover.map!, CHART_ROWS, reading);
  return {
    root: hex(handover.mapAddress!),
    ...shapeReport(handover, statistics),
    blocks: statistics.blocks,
    bytes: hex(statistics.bytes),
    byOrder: Object.fromEntries([...statistics.byOrder].sort(([a], [b]) => a - b)),
    badKeys: statistics.badKeys,
    runs: runs.map(({ address: at, order, count }) => ({ address: hex(at), order, count })),
    histogram: {
      span: hex(span),
      rows: rows.map(({ start, preserved }) => ({ start: hex(start), preserved: hex(preserved) })),
    },
  };
}

/** The part of a map's report that depends on its kind. */
function shapeReport({ map }: Handover, { shape }: MapContents['statistics']): MapShapeReport {
  if (shape.kind === 'chunks') return { ...shape, bitmapBytes: (map as ChunkSource).geometry.bitmapBytes };
  return { ...shape, depth: (map as RadixSource).geometry.depth };
}
