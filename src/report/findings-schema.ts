import { z } from 'zod';

const address = z
  .string()
  .regex(/^0x[0-9a-f]+$/)
  .describe('physical address, hex, exact');
const severity = z.enum(['error', 'warning', 'note']);
const counts = z.strictObject({ error: z.int(), warning: z.int(), note: z.int() });

const finding = z.strictObject({
  rule: z.string().regex(/^KHO[0-9]+$/),
  severity,
  message: z.string(),
  input: z.int().describe('index into inputs'),
  path: z.string().nullable().describe('inside the blob; may hold any byte of an untrusted blob'),
  offset: z.int().nullable().describe('byte offset in the file or blob'),
  address: address.nullable(),
  length: z.int().nullable().describe('bytes that are meant'),
  window: z.array(
    z.strictObject({
      text: z.string().describe('one hexdump line'),
      mark: z
        .strictObject({ from: z.int(), to: z.int() })
        .nullable()
        .describe('first marked byte of the line, and the one after the last'),
    }),
  ),
  found: z.string().nullable(),
  expected: z.string().nullable(),
  hint: z.string().nullable(),
  erratum: z.string().nullable(),
});

/** What `kho-abi validate --format json` writes. */
export const findingsSchema = z.strictObject({
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  dtc: z.string().nullable().describe('version of dtc; null when it was not used'),
  started: z.string().nullable().describe('ISO 8601 in UTC'),
  inputs: z.array(
    z.strictObject({
      path: z.string(),
      kind: z.string(),
      bytes: z.int(),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .nullable(),
      noHash: z.string().nullable().describe('why there is no hash'),
    }),
  ),
  subject: z.strictObject({
    abi: z.string().nullable(),
    byteOrder: z.enum(['little', 'big']).nullable(),
    pageSize: z.int().nullable().describe('bytes'),
    fdtAddress: address.nullable(),
  }),
  rules: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      area: z.enum(['fdt', 'map', 'vmalloc', 'clients', 'environment', 'tree']),
      title: z.string(),
      severity,
      run: z.boolean(),
      skipped: z.string().nullable().describe('why it did not run'),
      counts: counts.describe('findings that count, listed or not'),
      shown: z.int().describe('findings of it that are listed'),
      suppressed: z.int(),
    }),
  ),
  findings: z.array(finding),
  suppressed: z.array(
    z.strictObject({ finding, reason: z.string(), expires: z.string().describe('YYYY-MM-DD') }),
  ),
  problems: z.array(
    z.strictObject({
      kind: z.enum(['profile', 'suppression']),
      message: z.string(),
      place: z.string().nullable().describe('file:line:column'),
    }),
  ),
  counts,
  verdict: z.enum(['accepted', 'accepted with warnings', 'refused']),
  receiver: z.string().describe('for whom the verdict holds'),
});

/** What `validate --format json` writes, as a type. */
export type FindingsReport = z.infer<typeof findingsSchema>;
