import { readU64 } from '../bytes/index.js';
import { align4, FDT_BEGIN_NODE, FDT_END, FDT_END_NODE, FDT_NOP, FDT_PROP } from './constants.js';
import { be32 } from './header.js';
import { FDT_ERR_NOSPACE } from './libfdt-sequential.js';
import { nameBytes } from './write-dtc.js';

export const FDT_ERR_NOTFOUND = -1;
export const FDT_ERR_EXISTS = -2;

/** Header fields by byte offset. */
const TOTALSIZE = 4;
const OFF_STRUCT = 8;
const OFF_STRINGS = 12;
const OFF_RESERVE = 16;
const SIZE_STRINGS = 32;
const SIZE_STRUCT = 36;

/** A packed blob has its reservation map right behind the 40-byte header. */
const PACKED_HEADER = 40;

/**
 * Edits a blob in place with the calls that the kernel uses on its root FDT: open_into, add_subnode, setprop, del_node, pack.
 * The bytes that result, the leftovers past totalsize included, are those of libfdt: a new subnode comes first among its
 * siblings, a new property first among the node's properties, a new string last.
 *
 * The buffer holds a sound version-17 blob; blobs of others are read with `readFdt`, never edited.
 * Calls give an offset, 0, or a negative libfdt error. Offsets of nodes count from the start of the structure block.
 */
export class FdtEditor {
  readonly buffer: Uint8Array;
  readonly #text: Buffer;

  constructor(buffer: Uint8Array) {
    this.buffer = buffer;
    this.#text = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  get totalsize(): number {
    return this.#get(TOTALSIZE);
  }

  /** Lets the blob grow to the buffer's size, as fdt_open_into onto itself does. The blocks stay where they are. */
  openInto(): void {
    this.#set(TOTALSIZE, this.buffer.length);
  }

  /** Moves the blocks together and sets totalsize to what is used. */
  pack(): void {
    const reserveSize = this.#reserveSize();
    const structSize = this.#get(SIZE_STRUCT);
    const stringsSize = this.#get(SIZE_STRINGS);
    const offStruct = PACKED_HEADER + reserveSize;
    const offStrings = offStruct + structSize;
    this.#move(PACKED_HEADER, this.#get(OFF_RESERVE), reserveSize);
    this.#set(OFF_RESERVE, PACKED_HEADER);
    this.#move(offStruct, this.#get(OFF_STRUCT), structSize);
    this.#set(OFF_STRUCT, offStruct);
    this.#move(offStrings, this.#get(OFF_STRINGS), stringsSize);
    this.#set(OFF_STRINGS, offStrings);
    this.#set(TOTALSIZE, offStrings + stringsSize);
  }

  /** Adds a subnode before all others of `parent`. Gives its offset, EXISTS or NOSPACE. */
  addSubnode(parent: number, name: string): number {
    if (this.subnode(parent, name) >= 0) return FDT_ERR_EXISTS;
    let at = this.#next(parent);
    for (let tag = this.#tag(at); tag === FDT_PROP || tag === FDT_NOP; tag = this.#tag(at))
      at = this.#next(at);
    const bytes = nameBytes(name);
    const size = 8 + align4(bytes.length + 1);
    if (!this.#splice(this.#get(OFF_STRUCT) + at, 0, size)) return FDT_ERR_NOSPACE;
    this.#resizeStruct(size);
    const start = this.#get(OFF_STRUCT) + at;
    this.#text.writeUInt32BE(FDT_BEGIN_NODE, start);
    this.buffer.fill(0, start + 4, start + size - 4);
    bytes.copy(this.#text, start + 4);
    this.#text.writeUInt32BE(FDT_END_NODE, start + size - 4);
    return at;
  }

  /** Adds a property before all others of `node`; the node has none of that name yet. Gives 0 or NOSPACE. */
  addProperty(node: number, name: string, value: Uint8Array): number {
    const string = this.#string(name);
    if (string === undefined) return FDT_ERR_NOSPACE;
    const at = this.#next(node);
    const size = 12 + align4(value.length);
    if (!this.#splice(this.#get(OFF_STRUCT) + at, 0, size)) {
      if (string.added) this.#set(SIZE_STRINGS, this.#get(SIZE_STRINGS) - name.length - 1);
      return FDT_ERR_NOSPACE;
    }
    this.#resizeStruct(size);
    const start = this.#get(OFF_STRUCT) + at;
    this.#text.writeUInt32BE(FDT_PROP, start);
    this.#text.writeUInt32BE(value.length, start + 4);
    this.#text.writeUInt32BE(string.offset, start + 8);
    this.buffer.fill(0, start + 12, start + size);
    this.buffer.set(value, start + 12);
    return 0;
  }

  /** Removes a node with all it holds. Its names stay in the strings block. */
  deleteNode(node: number): void {
    let at = node;
    let depth = 0;
    do {
      const tag = this.#tag(at);
      if (tag === FDT_BEGIN_NODE) depth++;
      if (tag === FDT_END_NODE) depth--;
      at = this.#next(at);
    } while (depth > 0);
    this.#splice(this.#get(OFF_STRUCT) + node, at - node, 0);
    this.#resizeStruct(node - at);
  }

  /**
   * First subnode that answers to `name`. As in libfdt a name without unit address also finds `name@…`.
   */
  subnode(parent: number, name: string): number {
    for (const at of this.subnodes(parent)) {
      const found = this.nodeName(at);
      if (found === name || (!name.includes('@') && found.startsWith(`${name}@`))) return at;
    }
    return FDT_ERR_NOTFOUND;
  }

  /** Offsets of the direct subnodes of a node, in blob order. */
  *subnodes(parent: number): Generator<number> {
    let depth = 0;
    for (let at = this.#next(parent); ; at = this.#next(at)) {
      const tag = this.#tag(at);
      if (tag === FDT_BEGIN_NODE && depth++ === 0) yield at;
      if ((tag === FDT_END_NODE && depth-- === 0) || tag === FDT_END) return;
    }
  }

  nodeName(node: number): string {
    const start = this.#get(OFF_STRUCT) + node + 4;
    return this.#text.toString('latin1', start, this.buffer.indexOf(0, start));
  }

  /** Value of a node's property as a view on the buffer. */
  getProperty(node: number, name: string): Uint8Array | undefined {
    for (
      let at = this.#next(node);
      this.#tag(at) === FDT_PROP || this.#tag(at) === FDT_NOP;
      at = this.#next(at)
    ) {
      if (this.#tag(at) === FDT_NOP) continue;
      const start = this.#get(OFF_STRUCT) + at;
      const nameStart = this.#get(OFF_STRINGS) + be32(this.buffer, start + 8);
      const found = this.#text.toString('latin1', nameStart, this.buffer.indexOf(0, nameStart));
      if (found === name) return this.buffer.subarray(start + 12, start + 12 + be32(this.buffer, start + 4));
    }
    return undefined;
  }

  #get(field: number): number {
    return be32(this.buffer, field);
  }

  #set(field: number, value: number): void {
    this.#text.writeUInt32BE(value, field);
  }

  #tag(at: number): number {
    return be32(this.buffer, this.#get(OFF_STRUCT) + at);
  }

  /** Offset of the tag after the one at `at`. */
  #next(at: number): number {
    const start = this.#get(OFF_STRUCT) + at;
    const tag = be32(this.buffer, start);
    if (tag === FDT_PROP) return at + 12 + align4(be32(this.buffer, start + 4));
    if (tag === FDT_BEGIN_NODE) return at + 4 + align4(this.buffer.indexOf(0, start + 4) + 1 - (start + 4));
    return at + 4;
  }

  #reserveSize(): number {
    const start = this.#get(OFF_RESERVE);
    let at = start;
    while (readU64(this.buffer, at + 8, 'big') !== 0n) at += 16;
    return at + 16 - start;
  }

  /** Offset of a name in the strings block; added at its end if it is not there. */
  #string(name: string): { offset: number; added: boolean } | undefined {
    const bytes = Buffer.from([...nameBytes(name), 0]);
    const start = this.#get(OFF_STRINGS);
    const size = this.#get(SIZE_STRINGS);
    const found = this.#text.subarray(start, start + size).indexOf(bytes);
    if (found >= 0) return { offset: found, added: false };
    if (!this.#splice(start + size, 0, bytes.length)) return undefined;
    bytes.copy(this.#text, start + size);
    this.#set(SIZE_STRINGS, size + bytes.length);
    return { offset: size, added: true };
  }

  /** Replaces `oldSize` bytes at `at` by room for `newSize`; false when totalsize does not allow it. */
  #splice(at: number, oldSize: number, newSize: number): boolean {
    const used = this.#get(OFF_STRINGS) + this.#get(SIZE_STRINGS);
    if (used - oldSize + newSize > this.totalsize) return false;
    this.#move(at + newSize, at + oldSize, used - at - oldSize);
    return true;
  }

  #resizeStruct(delta: number): void {
    this.#set(SIZE_STRUCT, this.#get(SIZE_STRUCT) + delta);
    this.#set(OFF_STRINGS, this.#get(OFF_STRINGS) + delta);
  }

  #move(to: number, from: number, length: number): void {
    this.buffer.copyWithin(to, from, from + length);
  }
}
