/** Schema of abi/tree.yaml: how the ABI headers of a kernel tree are found and divided into components. */
import { z } from 'zod';

const text = z.string().min(1);
const id = z.string().regex(/^[a-z][a-z0-9-]*$/);
const regex = text.refine(compiles, { message: 'not a regular expression' });

/** How a version is written down, and where it stands on the wire. */
export const MARKER_SCHEMES = ['fdt-compatible', 'struct-string', 'struct-u32', 'composite'] as const;

const marker = z.strictObject({
  macro: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
  scheme: z.enum(MARKER_SCHEMES),
});

const fact = z
  .array(z.strictObject({ constant: text, add: z.int().optional() }))
  .min(1)
  .describe('the first constant that the tree has gives the fact; add is put on it');

/** One component of the ABI of a tree. */
export const treeComponentSchema = z.strictObject({
  id,
  title: text,
  files: z.array(text).describe('ends of paths; names decide first'),
  names: z.array(regex).describe('whole names of structures, enums, constants and macros'),
  markers: z.array(marker),
  guard: z
    .array(id)
    .optional()
    .describe('components whose version keeps an old kernel away as well, nearest first'),
  facts: z.record(z.string(), fact).optional(),
  registry: z
    .strictObject({
      component: text.describe('component of the files of abi/ or abi/clients/ that describe it'),
      names: z
        .enum(['root-fdt', 'subtree'])
        .optional()
        .describe('which names of those files its string macros must be'),
      structs: z.record(text, text).optional().describe('structure of the tree to structure of the file'),
    })
    .optional(),
});

/** The whole file. */
export const treeMapSchema = z.strictObject({
  headers: z.strictObject({
    abi: z.array(text).min(1),
    other: z.array(text),
    contains: z.array(regex),
    names: z.array(regex),
  }),
  markers: z.strictObject({ names: regex, strings: regex }),
  components: z.array(treeComponentSchema).min(1),
  lints: z.strictObject({ commentMacros: regex, nativeTypes: regex }),
});

export type TreeComponent = z.infer<typeof treeComponentSchema>;
export type TreeMap = z.infer<typeof treeMapSchema>;
export type MarkerScheme = (typeof MARKER_SCHEMES)[number];

function compiles(source: string): boolean {
  try {
    return new RegExp(`^(?:${source})$`).source !== '';
  } catch {
    return false;
  }
}
