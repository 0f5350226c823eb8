import { z } from 'zod';
import { hex } from '../bytes/index.js';
import type { Handover } from '../handover/index.js';
import { type RadixContents, walkText } from '../map/index.js';
import { fdtLayoutName } from './fdt-text.js';
import { toolInfo } from './version.js';

const address = z
  .string()
  .regex(/^0x[0-9a-f]+$/)
  .describe('physical address or size, hex, exact');
const nullableAddress = address.nullable();

const map = z.strictObject({
  root: address,
  depth: z.int(),
  tables: z.int().describe('tables, root included'),
  leaves: z.int(),
  emptyLeaves: z.int(),
  blocks: z.int(),
  bytes: address.describe('sum of the sizes of all blocks'),
  byOrder: z.record(z.string(), z.int()),
  badKeys: z.int().describe('set bits that are no block'),
  runs: z
    .array(z.strictObject({ address, order: z.int(), count: z.int() }))
    .describe('neighbouring blocks of one order, in walk order'),
});

/** What `kho-abi inspect --json` and `kho-abi decode` print. */
export const inspectSchema = z.strictObject({
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  input: z.strictObject({ fdt: z.string(), memory: z.string().nullable() }),
  abi: z.string(),
  compatible: z.array(z.string()),
  byteOrder: z.enum(['little', 'big']).nullable(),
  pageSize: z.int().nullable().describe('bytes; null without memory'),
  fdt: z.strictObject({
    address: nullableAddress,
    totalsize: z.int(),
    layout: z.string().describe('how the blob was written: sequential, edited, other'),
  }),
  map: map.nullable().describe('as the receiving kernel reads it; null without memory'),
  recovered: map
    .nullable()
    .describe('the same with order-0 pages put right, for trees that lost their order bit (erratum B3)'),
  mapAddress: nullableAddress,
  walk: z.array(z.string()).optional().describe('one "address order" line a block, with --walk'),
  subtrees: z.array(
    z.strictObject({
      name: z.string(),
      address: nullableAddress,
      size: nullableAddress.describe('from blob-size; null in ABIs without it'),
      preserved: z.boolean().nullable().describe('whether the first page is preserved; null without memory'),
    }),
  ),
  evidence: z.array(z.string()).describe('how byte order and page size were found'),
  notes: z.array(z.strictObject({ erratum: z.string().nullable(), text: z.string() })),
});

export type InspectReport = z.infer<typeof inspectSchema>;

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
