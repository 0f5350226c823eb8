import { hex } from '../bytes/index.js';
import type { Handover } from '../handover/index.js';
import { type RadixContents, walkText } from '../map/index.js';
import { fdtLayoutName } from './fdt-text.js';
import type { InspectReport } from './inspect-schema.js';
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
  const contents = (part: RadixContents | undefined): InspectReport['map'] =>
    part === undefined ? null : mapReport(handover, part);
  return {
    tool: toolInfo(),
    input: { fdt: input.fdt, memory: input.memory ?? null },
    abi: handover.abi.id,
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
    mapAddress: orNull(handover.map),
    ...(options.walk && handover.tree !== undefined
      ? { walk: walkText(handover.tree).trimEnd().split('\n') }
      : {}),
    subtrees: handover.subtrees.map(({ name, address: at, size, preserved }) => ({
      name,
      address: orNull(at),
      size: orNull(size),
      preserved: preserved ?? null,
    })),
    evidence: [...handover.evidence],
    notes: handover.notes.map(({ erratum, text }) => ({ erratum: erratum ?? null, text })),
  };
}

function mapReport(handover: Handover, { statistics, runs }: RadixContents): InspectReport['map'] {
  return {
    root: hex(handover.map!),
    depth: handover.tree!.geometry.depth,
    tables: statistics.tables,
    leaves: statistics.leaves,
    emptyLeaves: statistics.emptyLeaves,
    blocks: statistics.blocks,
    bytes: hex(statistics.bytes),
    byOrder: Object.fromEntries([...statistics.byOrder].sort(([a], [b]) => a - b)),
    badKeys: statistics.badKeys,
    runs: runs.map(({ address: at, order, count }) => ({ address: hex(at), order, count })),
  };
}
