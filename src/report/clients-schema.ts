/** Schema of what reports say of clients: every value with the physical address at which it stands. */
import { z } from 'zod';

const hex = z
  .string()
  .regex(/^0x[0-9a-f]+$/)
  .describe('hex, exact');
const at = hex.describe('physical address of the value');
const text = z.strictObject({ value: z.string(), address: at });
const number = z.strictObject({ value: z.int(), address: at });
const wide = z.strictObject({ value: hex, address: at });

const metadata = z.strictObject({
  kind: z.literal('kexec-metadata'),
  version: number,
  previousRelease: text,
  kexecCount: number,
});

const memblock = z.strictObject({
  kind: z.literal('memblock'),
  regions: z.array(
    z.strictObject({
      name: text,
      compatible: text.nullable(),
      start: wide.nullable(),
      size: wide.nullable(),
    }),
  ),
});

const khoTest = z.strictObject({
  kind: z.literal('kho-test'),
  magic: number.nullable(),
  folioCount: number.nullable(),
  form: z.enum(['inline', 'vmalloc']).nullable(),
  folios: z.array(z.strictObject({ address: hex, order: z.int(), at })),
  checksum: number.nullable(),
  computed: z.int().nullable(),
  status: z.enum(['match', 'match-folded', 'mismatch', 'not in dump', 'not computed']),
});

const memfd = z.strictObject({
  format: z.string(),
  position: wide,
  size: wide,
  seals: number.nullable().describe('null in formats without seals'),
  flags: number.nullable(),
  folioCount: wide,
  folios: z
    .strictObject({ address: at, first: hex, totalPages: z.int(), flags: z.int(), order: z.int() })
    .describe('descriptor of the array of folios'),
  runs: z
    .array(
      z.strictObject({
        address: at,
        pfn: hex,
        index: hex.describe('page of the file'),
        count: z.int(),
        stride: z.int().describe('pages from one folio to the next, in memory and in the file'),
        flags: z.int().describe('1 dirty, 2 uptodate'),
      }),
    )
    .describe('folios that follow one another'),
  read: z.int(),
  omitted: z.int(),
});

const luo = z.strictObject({
  kind: z.literal('luo'),
  liveupdateNumber: wide.nullable(),
  sessionsAddress: wide.nullable(),
  flbsAddress: wide.nullable(),
  sessions: z.array(
    z.strictObject({
      address: at,
      name: text,
      filesAddress: wide,
      count: wide,
      files: z.array(
        z.strictObject({
          address: at,
          compatible: text,
          data: wide,
          token: wide,
          memfd: memfd.nullable(),
        }),
      ),
    }),
  ),
  flbs: z.array(z.strictObject({ address: at, name: text, data: wide, count: wide })),
});

/** One client of a handover. */
export const clientSchema = z.strictObject({
  name: z.string(),
  address: hex,
  size: hex.nullable(),
  component: z.string().nullable().describe('null when nobody of that name is known'),
  format: z.string().nullable().describe('id of the format in abi/clients'),
  version: text.nullable(),
  data: z.discriminatedUnion('kind', [metadata, memblock, khoTest, luo]).nullable(),
  problems: z.array(
    z.strictObject({
      kind: z.enum(['damaged', 'not-in-dump', 'unknown', 'limit', 'note']),
      path: z.string(),
      address: hex.nullable(),
      text: z.string(),
      erratum: z.string().nullable(),
      outcome: z.string().nullable().describe('what a receiving kernel makes of it'),
    }),
  ),
});

/** One client of a handover, as plain data. */
export type ClientReport = z.infer<typeof clientSchema>;
