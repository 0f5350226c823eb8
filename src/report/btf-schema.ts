import { z } from 'zod';

const registry = z
  .strictObject({
    same: z.array(z.string()).describe('files of abi/ and abi/clients/ with the same bytes'),
    nearest: z.string().nullable().describe('where no file has them'),
    differences: z.array(z.string()).describe('from the nearest file'),
  })
  .nullable()
  .describe('null: no file of the registry has a structure of this name');

/** What `kho-abi btf --json` prints. */
export const btfSchema = z.strictObject({
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  source: z.string(),
  types: z.int().describe('all types of the file'),
  byteOrder: z.enum(['little', 'big']),
  kho: z.boolean().describe('false: the kernel was built without KHO'),
  pageSize: z.enum(['4K', '16K', '64K']).nullable().describe('as the structures were compared'),
  pageStruct: z.string().nullable().describe('structure that fills a page and so gives its size'),
  structs: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['struct', 'union']),
      size: z.int().describe('bytes'),
      fields: z.array(
        z.strictObject({
          name: z.string().describe('dotted through members without a tag: first.phys'),
          type: z.string(),
          bit: z.int().describe('first bit, from the start of the structure'),
          bits: z.int().describe('bits of all elements together'),
          count: z.int().nullable().describe('elements of an array; 0: flexible array'),
        }),
      ),
      registry,
    }),
  ),
  enums: z.array(z.strictObject({ name: z.string(), constants: z.record(z.string(), z.string()) })),
  constants: z
    .array(z.strictObject({ component: z.string(), registry }))
    .describe('numbers that the bytes depend on, such as the depth of the tree'),
  baseline: z
    .strictObject({
      path: z.string(),
      changes: z.array(
        z.strictObject({
          class: z.enum(['wire', 'names', 'source', 'docs']),
          component: z.string(),
          item: z.string(),
          message: z.string(),
        }),
      ),
      missing: z.array(z.string()).describe('structures of the baseline that the kernel has not'),
    })
    .nullable(),
  departures: z.int().describe('structures and constants with other bytes; not 0: exit status 4'),
  notes: z.array(z.string()),
});

/** What `kho-abi btf --json` prints, as a type. */
export type BtfReport = z.infer<typeof btfSchema>;
