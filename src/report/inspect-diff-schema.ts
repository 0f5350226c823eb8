import { z } from 'zod';

const hex = z
  .string()
  .regex(/^0x[0-9a-f]+$/)
  .describe('hex, exact');

const only = z.strictObject({
  count: z.int().describe('ranges in all'),
  bytes: hex.describe('in all'),
  ranges: z.array(z.strictObject({ start: hex, end: hex, order: z.int() })).describe('the first 1000'),
});

const side = z.strictObject({ fdt: z.string(), memory: z.string().nullable(), abi: z.string() });

/** What `kho-abi diff --json` prints. */
export const handoverDiffSchema = z.strictObject({
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  a: side,
  b: side,
  ignoreAddresses: z.boolean(),
  same: z.boolean(),
  differences: z.array(
    z.strictObject({
      area: z.enum([
        'version',
        'target',
        'addresses',
        'subtrees',
        'metadata',
        'regions',
        'self-test',
        'sessions',
        'files',
        'flbs',
        'vmalloc',
        'memory',
        'bytes',
      ]),
      path: z.string(),
      a: z.string().nullable().describe('null: only in B'),
      b: z.string().nullable().describe('null: only in A'),
    }),
  ),
  memory: z
    .strictObject({ onlyA: only, onlyB: only })
    .nullable()
    .describe('preserved memory by address and order; null when it was not compared by address'),
  notes: z.array(z.string()),
});

/** The report of two handovers, as plain data. */
export type HandoverDiffReport = z.infer<typeof handoverDiffSchema>;
