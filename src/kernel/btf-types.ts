import { type ByteOrder, KhoError } from '../bytes/index.js';
import { BTF_ENUM64, BTF_KINDS, BTF_TYPE, type BtfKind } from './btf-format.js';
import { type BtfParts, readBtfHeader } from './btf-header.js';

/** Most types that are read: the format's own limit of a 20-bit id. */
const MAX_TYPES = 0xfffff;
/** Longest name that is given out; the names of C are far shorter. */
const MAX_NAME = 4096;

/** A member of a structure or union. */
export interface BtfMember {
  readonly name: string;
  readonly type: number;
  /** From the start of the structure; in big endian counted from the most significant bit of a byte. */
  readonly bitOffset: number;
  /** Width of a bit-field; 0 for any other member. */
  readonly bits: number;
}

/**
 * All types of a BTF blob. Each record is found and checked once, when it is loaded: ids and names then lie inside the file.
 * Names and members are decoded when asked for. Type 0 is void.
 */
export class BtfTypes {
  readonly source: string;
  readonly byteOrder: ByteOrder;
  /** Types without void; ids run from 1 to this number. */
  readonly count: number;
  readonly #parts: BtfParts;
  readonly #view: DataView;
  readonly #little: boolean;
  /** Offset of each record in the type section, by id. */
  readonly #starts: Uint32Array;

  /** @throws KhoError `E_BTF`, `E_LIMIT`, `E_WRONG_KIND` */
  constructor(bytes: Uint8Array, source: string) {
    this.#parts = readBtfHeader(bytes, source);
    const { types, byteOrder } = this.#parts;
    this.source = source;
    this.byteOrder = byteOrder;
    this.#little = byteOrder === 'little';
    this.#view = new DataView(types.buffer, types.byteOffset, types.byteLength);
    this.#starts = this.#findRecords();
    this.count = this.#starts.length - 1;
    for (let id = 1; id <= this.count; id++) this.#check(id);
  }

  /** Number of the kind; 0 for void. */
  kind(id: number): number {
    return id === 0 ? 0 : (this.#word(id, 4) >>> 24) & 0x7f;
  }

  /** Name of the kind: `STRUCT`. */
  kindName(id: number): string {
    const kind = this.kind(id);
    return kind === 0 ? 'VOID' : (BTF_KINDS[kind]?.name ?? `kind ${kind}`);
  }

  /** Empty for types without a name. Bytes above ASCII as latin1. */
  name(id: number): string {
    return id === 0 ? '' : this.#text(this.#word(id, 0));
  }

  /** Bytes, of kinds that have a size. */
  size(id: number): number {
    return this.#word(id, 8);
  }

  /** Type that a pointer, typedef, qualifier, function or variable refers to. */
  refersTo(id: number): number {
    return this.#word(id, 8);
  }

  /** Number of members; of a FUNC, its linkage. */
  vlen(id: number): number {
    return this.#word(id, 4) & 0xffffff;
  }

  kindFlag(id: number): boolean {
    return this.#word(id, 4) >>> 31 === 1;
  }

  /** Of an INT: its bits and where they begin in its bytes. */
  int(id: number): { readonly encoding: number; readonly offset: number; readonly bits: number } {
    const word = this.#word(id, BTF_TYPE);
    return { encoding: (word >>> 24) & 0xf, offset: (word >>> 16) & 0xff, bits: word & 0xff };
  }

  array(id: number): { readonly type: number; readonly index: number; readonly elements: number } {
    return {
      type: this.#word(id, BTF_TYPE),
      index: this.#word(id, BTF_TYPE + 4),
      elements: this.#word(id, BTF_TYPE + 8),
    };
  }

  /** Index of a member that a DECL_TAG belongs to; -1: the whole. Linkage of a VAR. */
  extra(id: number): number {
    return this.#word(id, BTF_TYPE) | 0;
  }

  /** Members of a STRUCT or UNION in order. */
  members(id: number): BtfMember[] {
    const flag = this.kindFlag(id);
    return Array.from({ length: this.vlen(id) }, (_, index) => {
      const at = BTF_TYPE + index * 12;
      const offset = this.#word(id, at + 8);
      return {
        name: this.#text(this.#word(id, at)),
        type: this.#word(id, at + 4),
        // With the flag, the upper 8 bits are the width of a bit-field.
        bitOffset: flag ? offset & 0xffffff : offset,
        bits: flag ? offset >>> 24 : 0,
      };
    });
  }

  /** Constants of an ENUM or ENUM64, with their sign. */
  enumerators(id: number): { readonly name: string; readonly value: bigint }[] {
    const wide = this.kind(id) === BTF_ENUM64;
    const signed = this.kindFlag(id);
    return Array.from({ length: this.vlen(id) }, (_, index) => {
      const at = BTF_TYPE + index * (wide ? 12 : 8);
      const low = BigInt(this.#word(id, at + 4));
      const value = wide ? (BigInt(this.#word(id, at + 8)) << 32n) | low : low;
      return {
        name: this.#text(this.#word(id, at)),
        value: signed ? BigInt.asIntN(wide ? 64 : 32, value) : value,
      };
    });
  }

  /** Parameters of a FUNC_PROTO; the last one has type 0 when the number is open. */
  parameters(id: number): { readonly name: string; readonly type: number }[] {
    return Array.from({ length: this.vlen(id) }, (_, index) => {
      const at = BTF_TYPE + index * 8;
      return { name: this.#text(this.#word(id, at)), type: this.#word(id, at + 4) };
    });
  }

  /** Variables of a DATASEC. */
  variables(id: number): { readonly type: number; readonly offset: number; readonly size: number }[] {
    return Array.from({ length: this.vlen(id) }, (_, index) => {
      const at = BTF_TYPE + index * 12;
      return { type: this.#word(id, at), offset: this.#word(id, at + 4), size: this.#word(id, at + 8) };
    });
  }

  #word(id: number, offset: number): number {
    return this.#view.getUint32(this.#starts[id]! + offset, this.#little);
  }

  #text(offset: number): string {
    const { strings } = this.#parts;
    // The last string ends with a NUL, so one is always found.
    const end = Math.min(strings.indexOf(0, offset), offset + MAX_NAME);
    return Buffer.from(strings.buffer, strings.byteOffset + offset, end - offset).toString('latin1');
  }

  #findRecords(): Uint32Array {
    const { length } = this.#parts.types;
    const starts = new Uint32Array(Math.min(Math.floor(length / BTF_TYPE), MAX_TYPES) + 1);
    let count = 0;
    for (let at = 0; at < length; ) {
      if (count === MAX_TYPES) {
        throw new KhoError('E_LIMIT', 'too many types', {
          source: this.source,
          expected: `at most ${MAX_TYPES}`,
        });
      }
      if (at + BTF_TYPE > length) throw this.#cutOff(count + 1, at, BTF_TYPE);
      const info = this.#view.getUint32(at + 4, this.#little);
      const { extra, each } = this.#sizes((info >>> 24) & 0x7f, at, count + 1);
      const size = BTF_TYPE + extra + each * (info & 0xffffff);
      if (at + size > length) throw this.#cutOff(count + 1, at, size);
      starts[++count] = at;
      at += size;
    }
    return starts.subarray(0, count + 1);
  }

  #sizes(kind: number, at: number, id: number): Pick<BtfKind, 'extra' | 'each'> {
    const known = BTF_KINDS[kind];
    if (known !== undefined) return known;
    // A kind that is newer than this reader can be passed over when the writer tells its size.
    const told = kind === 0 ? undefined : this.#parts.layouts[kind];
    if (told !== undefined && told.extra % 4 === 0 && told.each % 4 === 0) return told;
    throw this.#bad(id, at + 4, 'unknown kind', {
      found: `${kind}`,
      expected: `1 to ${BTF_KINDS.length - 1}`,
      hint: 'the file is damaged, or its format is newer than this program',
    });
  }

  /** Type ids and names of one record. */
  #check(id: number): void {
    const at = this.#starts[id]!;
    this.#checkName(id, at);
    const kind = BTF_KINDS[this.kind(id)];
    if (kind === undefined) return;
    if (kind.refers) this.#checkId(id, at + 8);
    const count = kind.extra > 0 ? 1 : kind.each > 0 ? this.vlen(id) : 0;
    for (let index = 0; index < count; index++) {
      const member = at + BTF_TYPE + index * kind.each;
      for (const place of kind.names) this.#checkName(id, member + place);
      for (const place of kind.ids) this.#checkId(id, member + place);
    }
  }

  #checkName(id: number, at: number): void {
    const offset = this.#view.getUint32(at, this.#little);
    if (offset < this.#parts.strings.length) return;
    throw this.#bad(id, at, 'a name lies outside the strings', {
      found: `offset ${offset}`,
      expected: `below ${this.#parts.strings.length}`,
      hint: 'the file is damaged, or it is split BTF of a module, which cannot be read alone',
    });
  }

  #checkId(id: number, at: number): void {
    const target = this.#view.getUint32(at, this.#little);
    if (target <= this.count) return;
    throw this.#bad(id, at, 'there is no such type', {
      found: `type ${target}`,
      expected: `at most ${this.count}`,
      hint: 'the file is damaged, or it is split BTF of a module, which cannot be read alone',
    });
  }

  #cutOff(id: number, at: number, size: number): KhoError {
    return this.#bad(id, at, 'a type runs past the end of its section', {
      found: `${this.#parts.types.length - at} bytes left`,
      expected: `${size} bytes`,
    });
  }

  #bad(
    id: number,
    at: number,
    what: string,
    more: { found?: string; expected?: string; hint?: string },
  ): KhoError {
    return new KhoError('E_BTF', what, {
      source: this.source,
      path: `type ${id}`,
      offset: this.#parts.typesAt + at,
      ...more,
    });
  }
}
