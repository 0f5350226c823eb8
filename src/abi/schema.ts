/**
 * Schema of the files in abi/. The JSON Schema beside them (abi/schema/) is generated from this and checked in,
 * so that editors help and other languages can validate.
 */
import { z } from 'zod';
import { PAGE_SIZE_NAMES } from './page-sizes.js';
import { structLayout } from './struct-schema.js';

export { type StructField, type StructLayout, structField, structLayout } from './struct-schema.js';

const identifier = z.string().regex(/^[a-z][a-z0-9._-]*$/);
const fieldName = z.string().regex(/^[a-z_][a-z0-9_]*$/);
const sentence = z.string().min(1);
const errno = z.int().min(-4095).max(0);
const shift = z.int().min(0).max(63);

const pageSizeName = z.enum(PAGE_SIZE_NAMES);

/** One value for each page size. */
const perPageSize = <T extends z.ZodType>(value: T) =>
  z.strictObject({ '4K': value, '16K': value, '64K': value });

const provenanceKind = z.enum(['documented', 'witness', 'kernel-code', 'kernel', 'baseline']);

const rootProperty = z.strictObject({
  name: z.string().min(1),
  type: z.enum(['string', 'u64']),
  byteOrder: z.enum(['cpu']).optional().describe('u64 values are memory of the CPU, not big-endian cells'),
  role: z.enum(['version', 'phys', 'size']),
  points: z.string().optional().describe('what the address points to'),
  nonZero: z.boolean().optional().describe('the receiving kernel refuses 0'),
});

const subtreeProperty = rootProperty.extend({ role: z.enum(['phys', 'size']) });

const radixGeometry = z.strictObject({
  pageShift: z.int(),
  order0Bit: shift.describe('bit that marks order 0: 64 - page shift'),
  tableBits: shift.describe('log2 of the entries of a table: log2(page size / 8)'),
  bitmapBits: shift.describe('log2 of the bits of a leaf: page shift + 3'),
  depth: z.int().min(2).max(8).describe('levels, leaf included'),
  shifts: z.array(shift).describe('key shift of each table level, from level 1 upward'),
});

const radixMap = z.strictObject({
  kind: z.literal('radix'),
  depthCountsOrderBit: z
    .boolean()
    .describe('whether the depth formula leaves room for the order bit of order 0'),
  geometry: perPageSize(radixGeometry),
});

const chunkGeometry = z.strictObject({
  pageShift: z.int(),
  bitmapBytes: z.int().describe('size of one bitmap: 512, or one page'),
  entriesPerChunk: z.int().describe('(page size - 16) / 16'),
});

const chunkMap = z.strictObject({
  kind: z.literal('chunked-bitmaps'),
  chunk: fieldName.describe('structure of a chunk, one page'),
  entry: fieldName.describe('structure of one entry of a chunk'),
  bitmap: z.enum(['512-bytes', 'page']).describe('size of a bitmap'),
  missingBitmap: z
    .enum(['endless-loop', 'warning'])
    .describe('what unpreserving a block does whose bitmap was never made'),
  geometry: perPageSize(chunkGeometry),
});

const erratum = z.strictObject({
  id: z.string().regex(/^B[0-9]+$/),
  title: sentence,
  when: z.strictObject({ pageSize: pageSizeName }).optional(),
  effect: sentence,
  recovery: sentence.optional().describe('how a reader can still read it right'),
  recoveryOrder: z
    .int()
    .optional()
    .describe('blocks of this order or more are order-0 pages whose PFN is the raw key'),
  ambiguous: z.boolean().optional().describe('one version string has several formats because of this'),
  fixed: sentence.optional(),
});

/** A whole ABI file. */
export const abiSchema = z.strictObject({
  id: identifier,
  rung: z.int().min(1).describe('place on the ladder of formats, oldest first'),
  component: z.literal('kho'),
  title: sentence,
  compatible: z.string().min(1),
  match: z
    .literal('string-list')
    .describe('the receiver looks for its own string anywhere in the NUL-separated list'),
  releases: z.strictObject({ tagged: z.array(z.string()), note: sentence }),
  commits: z.array(z.strictObject({ subject: sentence, release: sentence })),
  provenance: z.array(z.strictObject({ kind: provenanceKind, text: sentence })).min(1),
  fdt: z.strictObject({
    writer: z
      .enum(['in-place', 'sequential'])
      .describe('in-place: made at boot and edited; sequential: written in one go at finalize'),
    root: z.array(rootProperty).min(1),
    subtree: z.array(subtreeProperty).min(1),
    results: z.strictObject({
      duplicateName: errno,
      noRoomForNode: errno,
      noRoomForProperty: errno,
      halfNodeStays: z.boolean(),
    }),
    sizes: z.strictObject({
      empty: z.int(),
      fixedStruct: z.int(),
      strings: z.strictObject({ empty: z.int(), subtree: z.int() }),
    }),
  }),
  finalize: z
    .strictObject({
      again: errno.describe('result of a second finalize'),
      preserveAfter: errno.describe('result of preserving after finalize'),
      preservesFdt: z.boolean().describe('whether finalize preserves the FDT page'),
      abort: z.strictObject({ allowed: z.boolean(), refusal: errno }),
    })
    .optional()
    .describe('absent: there is no finalize, FDT and map are current at all times'),
  memoryMap: z.discriminatedUnion('kind', [radixMap, chunkMap]),
  ranges: z.strictObject({
    trailingZerosOfZero: z.union([z.literal(-1), z.literal(64)]),
    orderLimit: z.int(),
    numaClamp: z.strictObject({ preserve: z.boolean(), unpreserve: z.boolean() }),
    maxFolioOrder: perPageSize(z.int()),
  }),
  vmalloc: z
    .strictObject({
      descriptor: fieldName,
      chunk: fieldName,
      entriesPerChunk: perPageSize(z.int()),
      flags: z.array(z.strictObject({ name: z.string(), value: z.int(), vmFlag: z.int() })),
      unsupported: errno,
    })
    .optional()
    .describe('absent: vmalloc areas cannot be preserved'),
  structs: z.record(fieldName, structLayout),
  handoff: z.strictObject({
    setupData: z.strictObject({ struct: fieldName, type: z.int(), len: z.int() }),
    chosen: z.strictObject({ fdt: z.string(), scratch: z.string() }),
    fdtSize: z.literal('page'),
    scratchArrayAlign: z.int(),
    scratchAligned: z.boolean().describe('whether areas are aligned to the largest buddy block'),
  }),
  kernelInit: z.strictObject({ preservesFdt: z.boolean() }),
  clients: z
    .strictObject({
      registeredAt: z.enum(['boot', 'finalize']).describe('when memblock and the self-test register'),
      partialPage: z
        .enum(['dropped', 'refused'])
        .describe("what becomes of a memblock region's last partial page"),
      metadata: identifier.optional(),
      khoTest: identifier.optional(),
      luo: identifier.optional(),
      memfd: identifier.optional(),
      memblock: identifier.optional(),
    })
    .describe('formats of clients/ that kernels of this ABI write; an absent one does not exist there'),
  receiver: z.strictObject({
    onMismatch: z.enum(['cold boot']),
    mapProperty: z
      .enum(['checked at boot', 'not checked'])
      .describe('whether a map property that is missing or has the wrong length makes a cold boot'),
    zeroMap: z.enum(['cold boot', 'nothing reserved']).describe('what a map address of 0 makes'),
    blockSize: z
      .enum(['signed 32-bit', '64-bit'])
      .describe('arithmetic of the size that is reserved for a block'),
    log: z
      .strictObject({
        mapFdt: z.string(),
        invalid: z.string(),
        incompatible: z.string(),
        mapMissing: z.string().optional(),
        mapScratch: z.string(),
        success: z.string(),
        closing: z.string(),
        sizeMissing: z.string().optional(),
      })
      .describe('what the receiving kernel prints, with the format directives of C'),
  }),
  errata: z.array(erratum),
});

export { PAGE_SIZE_NAMES, type PageSizeName } from './page-sizes.js';

/** One ABI as its file says it. */
export type AbiFile = z.infer<typeof abiSchema>;
export type RadixMap = z.infer<typeof radixMap>;
export type ChunkMap = z.infer<typeof chunkMap>;
export type VmallocRules = NonNullable<AbiFile['vmalloc']>;
export type Erratum = z.infer<typeof erratum>;
export type ProvenanceKind = z.infer<typeof provenanceKind>;
