/** Schema of a fingerprint and of the baseline file that holds one (abi/schema/baseline.schema.json). */
import { z } from 'zod';

const text = z.string().min(1);
/** First 16 hex digits of a SHA-256. */
const shortHash = z.string().regex(/^[0-9a-f]{16}$/);

/** Schema of one member of a structure. */
export const fieldPrint = z.strictObject({
  name: text.describe('dotted through members without a tag: first.phys'),
  type: text.describe('C text of one element'),
  kind: z.enum(['integer', 'pointer', 'enum', 'struct', 'union', 'float']),
  bit: z.int().min(0).describe('first bit, from the start of the structure'),
  bits: z.int().min(0).describe('bits of all elements together'),
  count: z.int().min(0).optional().describe('elements of an array; 0: flexible array'),
  tag: text.optional().describe('structure, union or enum that an element is'),
});

/** Schema of one structure for one target. */
export const structPrint = z.strictObject({
  size: z.int().min(0).describe('bytes'),
  align: z.int().min(1).optional().describe('bytes'),
  fields: z.array(fieldPrint),
});

/** Schema of one component for one page size and byte order. */
export const targetPrint = z.strictObject({
  structs: z.record(z.string(), structPrint),
  constants: z.record(z.string(), z.string().regex(/^-?\d+$/)).describe('integer macros and enum constants'),
  facts: z
    .record(z.string(), z.int())
    .describe('what the bytes depend on, whatever the constants are called'),
});

/** Schema of a version. */
export const markerPrint = z.strictObject({
  component: text,
  scheme: z.enum(['fdt-compatible', 'struct-string', 'struct-u32', 'composite']),
  value: text,
  macro: text,
});

/** Schema of one component. */
export const componentPrint = z.strictObject({
  title: text,
  guard: z.array(text).describe('components whose version keeps an old kernel away as well'),
  markers: z.array(markerPrint),
  names: z.record(z.string(), z.string()).describe('string macros: names of nodes and properties'),
  source: z.record(z.string(), shortHash).describe('hash of the text of each macro and declaration'),
  docs: shortHash.describe('hash of the comments of its headers'),
  targets: z.record(z.string().regex(/^(le|be)-(4|16|64)k$/), targetPrint),
});

export const fingerprintSchema = z.strictObject({ components: z.record(z.string(), componentPrint) });

/** Schema of a baseline file. */
export const baselineSchema = z.strictObject({
  $schema: z.string().optional(),
  format: z.literal(1),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .describe('of the canonical text of components'),
  components: fingerprintSchema.shape.components,
});

/** One member of a structure, on the wire. */
export type FieldPrint = z.infer<typeof fieldPrint>;
/** One structure for one target. */
export type StructPrint = z.infer<typeof structPrint>;
/** One component for one page size and byte order. */
export type TargetPrint = z.infer<typeof targetPrint>;
/** A version as {component, scheme, value}, and the macro that gives it. */
export type MarkerPrint = z.infer<typeof markerPrint>;
/** One component. */
export type ComponentPrint = z.infer<typeof componentPrint>;
/** The ABI of a tree in a form that can be compared and kept. */
export type Fingerprint = z.infer<typeof fingerprintSchema>;
