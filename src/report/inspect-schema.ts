import { z } from 'zod';
import { clientSchema } from './clients-schema.js';

const address = z
  .string()
  .regex(/^0x[0-9a-f]+$/)
  .describe('physical address or size, hex, exact');
const nullableAddress = address.nullable();

const common = {
  root: address.describe('root table or first chunk; 0x0 when nothing is preserved'),
  blocks: z.int(),
  bytes: address.describe('sum of the sizes of all blocks'),
  byOrder: z.record(z.string(), z.int()),
  badKeys: z.int().describe('set bits that are no block'),
  runs: z
    .array(z.strictObject({ address, order: z.int(), count: z.int() }))
    .describe('neighbouring blocks of one order, in walk order'),
  histogram: z
    .strictObject({
      span: address.describe('bytes of addresses of a row'),
      rows: z.array(z.strictObject({ start: address, preserved: address })),
    })
    .describe('preserved memory by address, each page once; 16 rows at most'),
};

const radixShape = {
  kind: z.literal('radix'),
  depth: z.int(),
  tables: z.int().describe('tables, root included'),
  leaves: z.int(),
  emptyLeaves: z.int(),
};

const chunkShape = {
  kind: z.literal('chunks'),
  bitmapBytes: z.int(),
  chunks: z.int(),
  bitmaps: z.int(),
  emptyBitmaps: z.int(),
};

const map = z.discriminatedUnion('kind', [
  z.strictObject({ ...radixShape, ...common }),
  z.strictObject({ ...chunkShape, ...common }),
]);

const shape = z.discriminatedUnion('kind', [z.strictObject(radixShape), z.strictObject(chunkShape)]);

const hexdump = z.strictObject({
  path: z.string(),
  structure: z.string().describe('name in its ABI file, fdt, or bytes'),
  format: z.string().describe('id of the ABI or client format that has the layout'),
  address: nullableAddress,
  byteOrder: z.enum(['little', 'big']).describe('of the structure itself; a device tree is big endian'),
  bytes: z.string().describe('all bytes, hex pairs'),
  fields: z.array(
    z.strictObject({
      offset: z.int(),
      length: z.int(),
      name: z.string(),
      value: z.string(),
      role: z.string().nullable().describe('what the ABI file says the field is'),
    }),
  ),
  omitted: z.array(z.string()),
});

/** Numbers of a map that depend on its kind. */
export type MapShapeReport = z.infer<typeof shape>;

/** What `kho-abi inspect --json` and `kho-abi decode` print. */
export const inspectSchema = z.strictObject({
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  input: z.strictObject({ fdt: z.string(), memory: z.string().nullable() }),
  abi: z.string().describe('ABI that the bytes were read as'),
  abis: z.array(z.string()).describe('all ABIs for which the bytes say the same'),
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
  ranges: z.array(z.string()).optional().describe('"start-end bytes" of each preserved range, with --ranges'),
  hexdump: hexdump.optional().describe('one structure with its fields, with --hexdump'),
  subtrees: z.array(
    z.strictObject({
      name: z.string(),
      address: nullableAddress,
      size: nullableAddress.describe('from blob-size; null in ABIs without it'),
      preserved: z.boolean().nullable().describe('whether the first page is preserved; null without memory'),
    }),
  ),
  clients: z.array(clientSchema).describe('what the subtrees hand over; empty without memory'),
  vmalloc: z
    .array(
      z.strictObject({
        path: z.string().describe('whose it is: /LUO/sessions/0/files/1/folios'),
        chunks: z.array(address),
        entries: z.int(),
        bytes: address,
      }),
    )
    .describe('vmalloc areas that clients hold'),
  get alternatives() {
    return z
      .array(inspectSchema)
      .describe('other readings that the bytes allow, where nothing in them decides');
  },
  evidence: z.array(z.string()).describe('how version, byte order and page size were found'),
  notes: z.array(z.strictObject({ erratum: z.string().nullable(), text: z.string() })),
});

/** What `inspect --json` prints, as a type. */
export type InspectReport = z.infer<typeof inspectSchema>;
