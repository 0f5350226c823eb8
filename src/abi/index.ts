export * from './client-registry.js';
export type {
  ClientAbiFile,
  ClientComponent,
  ClientFdtNode,
  ClientOutcome,
  ClientReceiverRow,
} from './client-schema.js';
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
