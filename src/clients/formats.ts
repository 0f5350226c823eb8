import type { ClientAbi } from '../abi/index.js';

/**
 * Which client formats the kernels of one KHO ABI write; absent ones do not exist there. The matrix is data: it stands in
 * golden/scenarios/README.md and in the files of abi/.
 */
export interface ClientFormats {
  /** `finalize`: clients take their pages at boot, and preserve and register them when the handover is finalized. */
  readonly registeredAt: 'boot' | 'finalize';
  /** What becomes of a memblock region's last partial page. */
  readonly partialPage: 'dropped' | 'refused';
  readonly metadata?: ClientAbi | undefined;
  readonly khoTest?: ClientAbi | undefined;
  readonly luo?: ClientAbi | undefined;
  readonly memfd?: ClientAbi | undefined;
  readonly memblock?: ClientAbi | undefined;
}

/** A region that memblock reserves. */
export interface MemblockRegion {
  readonly name: string;
  readonly start: bigint;
  readonly size: bigint;
}

/** What is registered without being asked for at a line of its own. */
export interface BootClients {
  readonly metadata?: { readonly release: string; readonly count: number } | undefined;
  /** Order of each folio of the self-test. */
  readonly khoTest?: readonly number[] | undefined;
  readonly luo?: { readonly number: bigint } | undefined;
  readonly memblock?: readonly MemblockRegion[] | undefined;
}

/** Folios of a memfd: `count` of them, each of 2^order pages, from `pfn`; `index` is the first one's page in the file. */
export interface FolioRun {
  readonly pfn: bigint;
  readonly count: number;
  readonly order: number;
  /** Default: the page after the folios before. */
  readonly index?: bigint;
}

/** A memfd of a session. */
export interface MemfdFile {
  readonly token: bigint;
  readonly size: bigint;
  readonly position: bigint;
  readonly seals: number;
  readonly folios: readonly FolioRun[];
}
