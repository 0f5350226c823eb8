/**
 * Numbers of the BPF Type Format: Documentation/bpf/btf.rst of the kernel and include/uapi/linux/btf.h. Linux 7.3 widened the
 * kind to 7 bits and the count of members to 24; older writers left those bits zero, so one reading fits all.
 */
export const BTF_MAGIC = 0xeb9f;
/** Header up to the string section; what comes after it came later. */
export const BTF_HEADER = 24;
/** Header with the layout section, from 7.3 on. */
export const BTF_HEADER_WITH_LAYOUT = 32;
/** Bytes of a type before what its kind adds: name, info, size or type. */
export const BTF_TYPE = 12;

export const BTF_INT = 1;
export const BTF_PTR = 2;
export const BTF_ARRAY = 3;
export const BTF_STRUCT = 4;
export const BTF_UNION = 5;
export const BTF_ENUM = 6;
export const BTF_FWD = 7;
export const BTF_TYPEDEF = 8;
export const BTF_VOLATILE = 9;
export const BTF_CONST = 10;
export const BTF_RESTRICT = 11;
export const BTF_FUNC = 12;
export const BTF_FUNC_PROTO = 13;
export const BTF_VAR = 14;
export const BTF_DATASEC = 15;
export const BTF_FLOAT = 16;
export const BTF_DECL_TAG = 17;
export const BTF_TYPE_TAG = 18;
export const BTF_ENUM64 = 19;

/** What a kind adds to a type, in bytes, and where type ids and names are. */
export interface BtfKind {
  readonly name: string;
  /** Bytes after the type, once. */
  readonly extra: number;
  /** Bytes for each of its vlen members. */
  readonly each: number;
  /** Whether the third word is a type id rather than a size. */
  readonly refers: boolean;
  /** Offsets of type ids and names in the extra bytes or in a member. */
  readonly ids: readonly number[];
  readonly names: readonly number[];
}

const kind = (
  name: string,
  { extra = 0, each = 0, refers = false, ids = [], names = [] }: Partial<BtfKind> = {},
): BtfKind => ({ name, extra, each, refers, ids, names });

/** All kinds by number; 0 is void, which has no record of its own. The vlen of a FUNC is its linkage. */
export const BTF_KINDS: readonly (BtfKind | undefined)[] = [
  undefined,
  kind('INT', { extra: 4 }),
  kind('PTR', { refers: true }),
  kind('ARRAY', { extra: 12, ids: [0, 4] }),
  kind('STRUCT', { each: 12, names: [0], ids: [4] }),
  kind('UNION', { each: 12, names: [0], ids: [4] }),
  kind('ENUM', { each: 8, names: [0] }),
  kind('FWD'),
  kind('TYPEDEF', { refers: true }),
  kind('VOLATILE', { refers: true }),
  kind('CONST', { refers: true }),
  kind('RESTRICT', { refers: true }),
  kind('FUNC', { refers: true }),
  kind('FUNC_PROTO', { each: 8, refers: true, names: [0], ids: [4] }),
  kind('VAR', { extra: 4, refers: true }),
  kind('DATASEC', { each: 12, ids: [0] }),
  kind('FLOAT'),
  kind('DECL_TAG', { extra: 4, refers: true }),
  kind('TYPE_TAG', { refers: true }),
  kind('ENUM64', { each: 12, names: [0] }),
];
