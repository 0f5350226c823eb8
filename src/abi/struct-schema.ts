/** Schema of C structures in the files of abi/. They are data; layout.ts places them and struct-codec.ts reads and writes them. */
import { z } from 'zod';

const fieldName = z.string().regex(/^[a-z_][a-z0-9_]*$/);
const sentence = z.string().min(1);

const fieldRole = z.enum([
  'phys',
  'pfn',
  'size',
  'count',
  'flags',
  'order',
  'tag',
  'text',
  'bitmap',
  'value',
  'entry',
]);

/** One bitfield of a u64, in the order of declaration. */
export const structBits = z.strictObject({
  name: fieldName,
  width: z.int().min(1).max(63),
  role: fieldRole.optional(),
});

/** One field of a C structure, in source order. */
export const structField = z
  .strictObject({
    name: fieldName,
    type: z.enum(['u8', 'u16', 'u32', 'u64', 'char', 'struct']),
    offset: z.int().min(0),
    role: fieldRole,
    count: z.union([z.int().min(1), z.literal('rest-of-page')]).optional(),
    struct: fieldName.optional().describe('with type struct: which structure of the same file'),
    bits: z
      .array(structBits)
      .min(2)
      .optional()
      .describe(
        'bitfields of a u64 in the order of declaration: little-endian compilers place the first one at the low end, big-endian ones at the high end',
      ),
  })
  .refine((field) => (field.type === 'struct') === (field.struct !== undefined), {
    message: "'struct' goes with type struct, and only with it",
  })
  .refine((field) => field.bits === undefined || (field.type === 'u64' && field.count === undefined), {
    message: "'bits' goes with a single u64",
  })
  .refine((field) => field.bits === undefined || field.bits.reduce((sum, bit) => sum + bit.width, 0) === 64, {
    message: 'the widths of bitfields must add up to 64',
  });

/** One C structure. Offsets and size are written out and checked against the compiler rules. */
export const structLayout = z.strictObject({
  about: sentence,
  packed: z.boolean(),
  size: z.union([z.int().min(1), z.literal('page')]),
  fields: z.array(structField).min(1),
});

export type StructBits = z.infer<typeof structBits>;
export type StructField = z.infer<typeof structField>;
export type StructLayout = z.infer<typeof structLayout>;
