/**
 * What is known of the ABI of one kernel tree, as a compiler and the text of its headers give it. Collected by `collectTree`
 * (text and compiler) or read from BTF; the fingerprint is made from it.
 */
import type { PageShift } from '../abi/index.js';
import type { ByteOrder } from '../bytes/index.js';

/** A line of a file of the tree. */
export interface SourcePlace {
  /** Relative to the root of the tree, with `/`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** What a field's element is. */
export type CKind = 'integer' | 'pointer' | 'enum' | 'struct' | 'union' | 'float';

/** One member of a structure. */
export interface CField {
  /** Empty for an anonymous struct or union, whose members are in `fields`. */
  readonly name: string;
  /** C text of the element's type, in one spelling: `u64`, `char`, `struct kho_vmalloc_chunk *`. */
  readonly type: string;
  /** Kind of the element. */
  readonly kind: CKind;
  /** From the start of the outermost structure, in bits; in big endian counted from the most significant bit of a byte. */
  readonly bitOffset: number;
  /** Bits of the whole member, all elements together. */
  readonly bitSize: number;
  /** Elements of an array, all dimensions multiplied; null: no array; 0: flexible array. */
  readonly count: number | null;
  /** A bit-field. */
  readonly bitField: boolean;
  /** Tag of a struct, union or enum element that has one. */
  readonly tag?: string;
  /** Members of an element without a tag; their offsets count from the outermost structure. */
  readonly fields?: readonly CField[];
}

/** One structure or union with a name. */
export interface CStruct {
  readonly name: string;
  readonly kind: 'struct' | 'union';
  /** Bytes. */
  readonly size: number;
  /** Bytes; null where the source does not tell, as in BTF. */
  readonly align: number | null;
  /** In the order of declaration. */
  readonly fields: readonly CField[];
}

/** What one compilation gives. */
export interface CLayouts {
  readonly structs: ReadonlyMap<string, CStruct>;
  /** Integer macros and enum constants by name. */
  readonly constants: ReadonlyMap<string, bigint>;
}

/** A comment of a header. */
export interface CComment {
  /** Line of its first words. */
  readonly place: SourcePlace;
  /** Without comment marks and leading stars; lines kept. */
  readonly text: string;
}

/** A macro as it is written. */
export interface CMacro {
  readonly name: string;
  readonly place: SourcePlace;
  /** Parameter names; null for a macro without a parameter list. */
  readonly params: readonly string[] | null;
  /** Body with comments removed and white space reduced to single blanks. */
  readonly body: string;
  /** Value of a macro that is a string after expansion. */
  readonly string?: string;
  /** `CONFIG_…` conditions around it that are not part of the include guard. */
  readonly conditions: readonly string[];
}

/** A structure, union or enum as it is written. */
export interface CDeclaration {
  readonly name: string;
  readonly kind: 'struct' | 'union' | 'enum';
  readonly place: SourcePlace;
  /** Text in one spelling: comments removed, white space reduced. */
  readonly text: string;
  readonly packed: boolean;
  /** Of an enum: its constants, in order. */
  readonly constants?: readonly string[];
  readonly conditions: readonly string[];
}

/** One file that holds a part of the ABI. */
export interface AbiHeader {
  /** Relative to the root of the tree. */
  readonly path: string;
  /** `abi`: a header of the contract, everything in it counts. `other`: only declarations with known names were taken. */
  readonly kind: 'abi' | 'other';
  readonly comments: readonly CComment[];
  readonly macros: readonly CMacro[];
  readonly declarations: readonly CDeclaration[];
}

/** Page size and byte order of one compilation. */
export interface TreeTarget {
  readonly pageShift: PageShift;
  readonly byteOrder: ByteOrder;
}

/** One compilation. */
export interface CompiledTarget extends TreeTarget {
  /** Architectures whose compilers were asked, in order. */
  readonly arches: readonly string[];
  readonly layouts: CLayouts;
}

/** A compiler that was asked. */
export interface CompilerUse {
  readonly arch: string;
  /** As it was called: `aarch64-linux-gnu-gcc`. */
  readonly command: string;
  /** First line of `--version`. */
  readonly version: string;
}

/** Where compilers of two architectures do not agree. */
export interface ArchDisagreement extends TreeTarget {
  readonly arches: readonly [string, string];
  /** `struct kho_vmalloc` or a constant's name. */
  readonly item: string;
  readonly first: string;
  readonly second: string;
}

/** The ABI of one kernel tree. */
export interface TreeAbi {
  readonly tree: {
    /** As the user named it. */
    readonly path: string;
    /** Commit of a tree that was read from git; null: the files as they are. */
    readonly revision: string | null;
    /** From the top Makefile: `7.3.4`; null when there is none. */
    readonly release: string | null;
  };
  readonly compilers: readonly CompilerUse[];
  readonly headers: readonly AbiHeader[];
  readonly targets: readonly CompiledTarget[];
  readonly disagreements: readonly ArchDisagreement[];
  /** What could not be taken as it is: an include that was replaced by an empty file, a macro that is no expression. */
  readonly notes: readonly { readonly place: SourcePlace; readonly text: string }[];
}
