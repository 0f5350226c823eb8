/**
 * Schema of the files in abi/clients/: the formats of those who hand over state through Kexec Handover. The JSON Schema in
 * abi/schema/ is generated from this and checked in.
 */
import { z } from 'zod';
import { structLayout } from './struct-schema.js';

const identifier = z.string().regex(/^[a-z][a-z0-9._-]*$/);
const fieldName = z.string().regex(/^[a-z_][a-z0-9_]*$/);
const sentence = z.string().min(1);
const count = z.int().min(0);

/** Who writes the format. */
export const CLIENT_COMPONENTS = [
  'kexec-metadata',
  'kho-test',
  'luo',
  'memblock',
  'memfd',
  'kho-block',
] as const;

const fdtProperty = z.strictObject({
  name: z.string().min(1),
  type: z
    .enum(['string', 'u32', 'u64', 'u64-array', 'kho_vmalloc'])
    .describe('numbers are memory of the CPU, not big-endian cells'),
  role: z.enum(['version', 'tag', 'phys', 'size', 'count', 'value']),
  value: z.union([z.string(), z.int()]).optional().describe('what it always holds'),
  points: z.string().optional().describe('what the address points to'),
});

const fdtNode = z.strictObject({
  path: z
    .string()
    .regex(/^\/[a-z*-]*$/)
    .describe('/* stands for one node for each region'),
  properties: z.array(fdtProperty).min(1).describe('in the order in which they are on the wire'),
});

const fdtShape = z.strictObject({
  writer: z.literal('sequential'),
  nodes: z.array(fdtNode).min(1),
  totalsizes: z
    .array(z.strictObject({ when: sentence, size: z.int() }))
    .describe('totalsize of examples that were run'),
});

const capacity = z.strictObject({
  pages: z.int().min(1).describe('contiguous pages of the container'),
  header: fieldName.optional().describe('structure at its beginning'),
  entry: fieldName,
  '4K': z.int(),
  '16K': z.int(),
  '64K': z.int(),
});

/** What a receiving kernel does with the data of this client. */
export const clientOutcome = z.enum(['fresh', 'ignored', 'panic', 'open-fails', 'restored', 'error']);

const receiverRow = z.strictObject({
  id: z.string().regex(/^[a-z][a-z-]*$/),
  condition: sentence,
  log: z.string().optional().describe("the kernel's text, with its printf directives"),
  outcome: clientOutcome,
  note: sentence.optional(),
});

const pairing = z.strictObject({ outcome: clientOutcome, reason: sentence });

const erratum = z.strictObject({
  id: z.string().regex(/^B[0-9]+$/),
  title: sentence,
  effect: sentence,
  recovery: sentence.optional(),
});

const luoShape = z.strictObject({
  root: z
    .enum(['fdt', 'fdt-header', 'struct'])
    .describe(
      'a device tree with the addresses; one with the address of a structure of addresses; that structure alone',
    ),
  sessions: z.enum(['array', 'blocks']),
  files: z.enum(['array', 'blocks']),
  flbs: z.boolean().describe('whether there are FLBs at all'),
  sessionsAddress: z.enum(['boot', 'reboot']).describe('when the address of the sessions is written'),
});

/** A whole client file. */
export const clientAbiSchema = z.strictObject({
  id: identifier,
  component: z.enum(CLIENT_COMPONENTS),
  rung: z.int().min(1).describe('place among the formats of the component, oldest first'),
  title: sentence,
  version: z.strictObject({
    scheme: z.enum(['fdt-string', 'struct-string', 'u32', 'fixed']),
    value: z.union([z.string(), z.int()]),
    where: sentence,
  }),
  subtree: z.string().optional().describe('name of the node in the root FDT'),
  releases: z.strictObject({ tagged: z.array(z.string()), note: sentence }),
  provenance: z
    .array(
      z.strictObject({
        kind: z.enum(['documented', 'witness', 'kernel-code', 'kernel', 'baseline']),
        text: sentence,
      }),
    )
    .min(1),
  fdt: fdtShape.optional(),
  structs: z.record(fieldName, structLayout),
  capacities: z.record(z.string(), capacity),
  limits: z.record(z.string(), count).describe('bounds that are no matter of page size'),
  luo: luoShape.optional(),
  khoTest: z.strictObject({ foliosInfo: z.enum(['inline', 'vmalloc']) }).optional(),
  receiver: z.array(receiverRow).min(1),
  mismatch: pairing.describe('what a receiver of this format makes of another version'),
  sameVersion: z
    .array(pairing.extend({ from: identifier }))
    .optional()
    .describe('other formats that carry the same version, and what a receiver of this one makes of them'),
  errata: z.array(erratum),
});

export type ClientComponent = (typeof CLIENT_COMPONENTS)[number];
/** One client format as its file says it. */
export type ClientAbiFile = z.infer<typeof clientAbiSchema>;
export type ClientOutcome = z.infer<typeof clientOutcome>;
export type ClientReceiverRow = z.infer<typeof receiverRow>;
export type ClientFdtNode = z.infer<typeof fdtNode>;
