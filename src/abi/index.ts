export * from './layout.js';
export * from './registry.js';
export type {
  AbiFile,
  Erratum,
  PageSizeName,
  ProvenanceKind,
  RadixMap,
  StructField,
  StructLayout,
} from './schema.js';
export * from './struct-codec.js';
export * from './target.js';
