export * from './client-registry.js';
export type {
  ClientAbiFile,
  ClientComponent,
  ClientFdtNode,
  ClientOutcome,
  ClientReceiverRow,
} from './client-schema.js';

export * from './diff.js';

export * from './layout.js';
export { PAGE_SIZE_NAMES } from './page-sizes.js';
export * from './registry.js';
export * from './releases.js';
export type {
  AbiFile,
  ChunkMap,
  Erratum,
  PageSizeName,
  ProvenanceKind,
  RadixMap,
  StructField,
  StructLayout,
  VmallocRules,
} from './schema.js';
export * from './struct-codec.js';
export * from './target.js';
export { loadTreeMap } from './tree-map.js';
export type { MarkerScheme, TreeComponent, TreeMap } from './tree-map-schema.js';
