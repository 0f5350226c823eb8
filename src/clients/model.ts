import type { ClientComponent, ClientOutcome } from '../abi/index.js';
import type { ClientFault, ClientProblemKind } from './faults.js';

/** A value and the physical address at which it stands. */
export interface Located<Value> {
  readonly value: Value;
  readonly address: bigint;
}

/** Something that is wrong, could not be read, or is worth knowing. */
export interface ClientProblem {
  readonly kind: ClientProblemKind;
  /** What exactly it is. */
  readonly fault: ClientFault;
  /** Where, from the subtree's name on: `/LUO/sessions/0/files/1`. */
  readonly path: string;
  readonly address: bigint | undefined;
  readonly text: string;
  readonly erratum: string | undefined;
  /** Row of the format's receiver table that applies, with what the kernel does. */
  readonly receiver:
    | { readonly id: string; readonly log?: string; readonly outcome: ClientOutcome }
    | undefined;
}

/** Memory that a client points to and that therefore must be preserved. */
export interface ClientReference {
  readonly what: string;
  readonly path: string;
  readonly address: bigint;
  readonly bytes: bigint;
  /** How many pieces of `bytes` there are, `step` bytes apart. */
  readonly count: number;
  readonly step: bigint;
}

/** One subtree as far as it could be read. */
export interface DecodedClient {
  readonly name: string;
  readonly address: bigint;
  /** What blob-size says; undefined for ABIs without it. */
  readonly size: bigint | undefined;
  /** Undefined when nobody of that name is known. */
  readonly component: ClientComponent | undefined;
  /** Id of the format in abi/clients; undefined when the version is not known or cannot be read. */
  readonly format: string | undefined;
  /** Version as the bytes say it. */
  readonly version: Located<string> | undefined;
  readonly data: ClientData | undefined;
  readonly problems: readonly ClientProblem[];
  readonly references: readonly ClientReference[];
}

/** What a client handed over. */
export type ClientData = MetadataData | KhoTestData | LuoData | MemblockData;

/** kexec-metadata. */
export interface MetadataData {
  readonly kind: 'kexec-metadata';
  readonly version: Located<number>;
  readonly previousRelease: Located<string>;
  readonly kexecCount: Located<number>;
}

/** Regions of memblock. */
export interface MemblockData {
  readonly kind: 'memblock';
  readonly regions: readonly {
    readonly name: Located<string>;
    readonly compatible: Located<string> | undefined;
    readonly start: Located<bigint> | undefined;
    readonly size: Located<bigint> | undefined;
  }[];
}

/**
 * Whether the self-test's folios have the recorded checksum: exactly as the target's machine computes it, only when folded to
 * 16 bits (another machine's), not at all, or not to be said.
 */
export type ChecksumStatus = 'match' | 'match-folded' | 'mismatch' | 'not in dump' | 'not computed';

/** The self-test. */
export interface KhoTestData {
  readonly kind: 'kho-test';
  readonly magic: Located<number> | undefined;
  readonly folioCount: Located<number> | undefined;
  readonly form: 'inline' | 'vmalloc' | undefined;
  /** In the order of the list; `at` is where the list holds it. */
  readonly folios: readonly { readonly address: bigint; readonly order: number; readonly at: bigint }[];
  readonly checksum: Located<number> | undefined;
  readonly computed: number | undefined;
  readonly status: ChecksumStatus;
}

/** LUO: sessions with files, and FLBs. */
export interface LuoData {
  readonly kind: 'luo';
  readonly liveupdateNumber: Located<bigint> | undefined;
  readonly sessionsAddress: Located<bigint> | undefined;
  readonly flbsAddress: Located<bigint> | undefined;
  readonly sessions: readonly LuoSession[];
  readonly flbs: readonly LuoFlb[];
}

/** One session. */
export interface LuoSession {
  readonly address: bigint;
  readonly name: Located<string>;
  readonly filesAddress: Located<bigint>;
  readonly count: Located<bigint>;
  readonly files: readonly LuoFile[];
}

/** One file of a session. */
export interface LuoFile {
  readonly address: bigint;
  readonly compatible: Located<string>;
  readonly data: Located<bigint>;
  readonly token: Located<bigint>;
  readonly memfd: MemfdData | undefined;
}

/** State that belongs to all files of one kind. */
export interface LuoFlb {
  readonly address: bigint;
  readonly name: Located<string>;
  readonly data: Located<bigint>;
  readonly count: Located<bigint>;
}

/** A memfd. */
export interface MemfdData {
  readonly format: string;
  readonly position: Located<bigint>;
  readonly size: Located<bigint>;
  /** Undefined for formats without seals. */
  readonly seals: Located<number> | undefined;
  readonly flags: Located<number> | undefined;
  readonly folioCount: Located<bigint>;
  readonly folios: {
    readonly address: bigint;
    readonly first: bigint;
    readonly totalPages: number;
    readonly flags: number;
    readonly order: number;
  };
  readonly runs: readonly MemfdRun[];
  /** Entries that were read, and how many of them the runs leave out. */
  readonly read: number;
  readonly omitted: number;
}

/** Folios that follow one another in memory and in the file, `stride` pages apart in both. */
export interface MemfdRun {
  /** Where the first entry stands. */
  readonly address: bigint;
  readonly pfn: bigint;
  readonly index: bigint;
  readonly count: number;
  readonly stride: number;
  /** 1 dirty, 2 uptodate. */
  readonly flags: number;
}
