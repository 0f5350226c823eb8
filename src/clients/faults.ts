/**
 * `damaged`: bytes contradict each other or the format; `not-in-dump`: the dump lacks them; `unknown`: a version that no
 * format here has; `limit`: more than is read; `note`: sound, but a receiving kernel has trouble with it.
 */
export type ClientProblemKind = 'damaged' | 'not-in-dump' | 'unknown' | 'limit' | 'note';

/** Everything that a reader of clients can find wrong, with its kind. Validation has a rule for each. */
export const CLIENT_FAULTS = {
  // Addresses
  'not-in-dump': 'not-in-dump',
  'address-range': 'damaged',
  'address-zero': 'damaged',
  'address-misaligned': 'damaged',
  'reached-twice': 'damaged',
  // Blobs and device trees
  'blob-size': 'damaged',
  'too-small': 'damaged',
  tree: 'damaged',
  node: 'damaged',
  property: 'damaged',
  string: 'damaged',
  unterminated: 'damaged',
  version: 'unknown',
  'version-form': 'damaged',
  limit: 'limit',
  // Containers of entries
  'array-overflow': 'damaged',
  'block-count': 'damaged',
  'block-empty-last': 'damaged',
  'block-limit': 'limit',
  // LUO
  'node-version': 'unknown',
  'flb-node-absent': 'note',
  'session-duplicate': 'damaged',
  'files-null': 'damaged',
  'files-count': 'damaged',
  // vmalloc areas and memfds
  area: 'damaged',
  'area-flags': 'note',
  'memfd-version': 'unknown',
  'memfd-seals': 'damaged',
  'memfd-flags': 'note',
  'list-overflow': 'damaged',
  'entry-pfn-zero': 'note',
  'entry-range': 'damaged',
  'index-order': 'damaged',
  'index-beyond': 'damaged',
  // memblock
  'region-version': 'unknown',
  'region-range': 'damaged',
  'region-partial-page': 'note',
  // The self-test
  magic: 'damaged',
  'list-ambiguous': 'note',
  'folio-entry': 'damaged',
  checksum: 'damaged',
} as const satisfies Record<string, ClientProblemKind>;

/** Name of something that is wrong. */
export type ClientFault = keyof typeof CLIENT_FAULTS;
