import { hex } from '../bytes/index.js';
import type { Handover } from '../handover/index.js';
import { type ChunkSource, type MapContents, type RadixSource, walkText } from '../map/index.js';
import { clientReport } from './clients-json.js';
import { fdtLayoutName } from './fdt-text.js';
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
  const contents = (part: MapContents | undefined): InspectReport['map'] =>
    part === undefined ? null : mapReport(handover, part);
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
    map: contents(handover.contents),
    recovered: contents(handover.recovered),
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
    alternatives: handover.alternatives.map((other) => inspectReport(other, input, options)),
    evidence: [...handover.evidence],
    notes: handover.notes.map(({ erratum, text }) => ({ erratum: erratum ?? null, text })),
  };
}

function mapReport(handover: Handover, { statistics, runs }: MapContents): InspectReport['map'] {
  return {
    root: hex(handover.mapAddress!),
    ...shapeReport(handover, statistics),
    blocks: statistics.blocks,
    bytes: hex(statistics.bytes),
    byOrder: Object.fromEntries([...statistics.byOrder].sort(([a], [b]) => a - b)),
    badKeys: statistics.badKeys,
    runs: runs.map(({ address: at, order, count }) => ({ address: hex(at), order, count })),
  };
}

/** The part of a map's report that depends on its kind. */
function shapeReport({ map }: Handover, { shape }: MapContents['statistics']): MapShapeReport {
  if (shape.kind === 'chunks') return { ...shape, bitmapBytes: (map as ChunkSource).geometry.bitmapBytes };
  return { ...shape, depth: (map as RadixSource).geometry.depth };
}
