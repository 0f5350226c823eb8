import {
  align4,
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_LAST_COMP_VERSION,
  FDT_MAGIC,
  FDT_PROP,
  FDT_VERSION,
} from './constants.js';
import { be32 } from './header.js';
import type { FdtNode, FdtTree } from './tree.js';
import { nameBytes } from './write-dtc.js';

/** libfdt puts the reservation map after the header rounded up to the size of one entry. */
const SEQUENTIAL_HEADER = 48;

/** What libfdt calls return when the buffer is full. */
export const FDT_ERR_NOSPACE = -3;

/**
 * Writes a tree the way libfdt's sequential calls do (create, add_reservemap_entry, finish_reservemap, begin_node, property,
 * end_node, finish), in a buffer of fixed size: reservations at 48, strings collected at the buffer's end and moved behind
 * the structure block by `finish`, newest string first. What `finish` leaves behind in the buffer stays there, as in libfdt.
 *
 * Every call gives 0 or `FDT_ERR_NOSPACE`; after an error the buffer is of no use, as in libfdt.
 * Source: layout that the libfdt of Linux 6.16 to 7.3 produces.
 */
export class SequentialWriter {
  readonly buffer: Uint8Array;
  readonly #text: Buffer;
  #reserveEnd = SEQUENTIAL_HEADER;
  #at = SEQUENTIAL_HEADER;
  /** Bytes of strings, which grow downwards from the buffer's end. */
  #strings = 0;
  /** Offsets from the buffer's end of the names seen since the table last grew. */
  readonly #known = new Map<string, number>();

  constructor(buffer: Uint8Array) {
    this.buffer = buffer;
    buffer.fill(0);
    this.#text = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  reservation(address: bigint, size: bigint): number {
    const at = this.#grow(16);
    if (at < 0) return at;
    this.#text.writeBigUInt64BE(address, at);
    this.#text.writeBigUInt64BE(size, at + 8);
    this.#reserveEnd = this.#at;
    return 0;
  }

  finishReservations(): number {
    return this.reservation(0n, 0n);
  }

  beginNode(name: string): number {
    const bytes = nameBytes(name);
    const at = this.#grow(4 + align4(bytes.length + 1));
    if (at < 0) return at;
    this.#text.writeUInt32BE(FDT_BEGIN_NODE, at);
    bytes.copy(this.#text, at + 4);
    return 0;
  }

  property(name: string, value: Uint8Array): number {
    const nameOffset = this.#string(name);
    if (nameOffset === undefined) return FDT_ERR_NOSPACE;
    const at = this.#grow(12 + align4(value.length));
    if (at < 0) return at;
    this.#text.writeUInt32BE(FDT_PROP, at);
    this.#text.writeUInt32BE(value.length, at + 4);
    // Until finish() the offset counts down from the buffer's end.
    this.#text.writeInt32BE(-nameOffset, at + 8);
    this.buffer.set(value, at + 12);
    return 0;
  }

  endNode(): number {
    const at = this.#grow(4);
    if (at < 0) return at;
    this.#text.writeUInt32BE(FDT_END_NODE, at);
    return 0;
  }

  /** Closes the blob: strings move behind the structure block, name offsets are set right, totalsize is exact. */
  finish(): number {
    const at = this.#grow(4);
    if (at < 0) return at;
    this.#text.writeUInt32BE(FDT_END, at);
    const offStrings = this.#at;
    this.buffer.copyWithin(offStrings, this.buffer.length - this.#strings);
    this.#fixNames();
    const words = [
      FDT_MAGIC,
      offStrings + this.#strings,
      this.#reserveEnd,
      offStrings,
      SEQUENTIAL_HEADER,
      FDT_VERSION,
      FDT_LAST_COMP_VERSION,
      0,
      this.#strings,
      offStrings - this.#reserveEnd,
    ];
    for (const [index, word] of words.entries()) this.#text.writeUInt32BE(word, index * 4);
    return 0;
  }

  #fixNames(): void {
    let at = this.#reserveEnd;
    for (;;) {
      const tag = be32(this.buffer, at);
      if (tag === FDT_END) return;
      if (tag === FDT_BEGIN_NODE) at += 4 + align4(this.buffer.indexOf(0, at + 4) + 1 - (at + 4));
      else if (tag === FDT_PROP) {
        this.#text.writeUInt32BE(this.#strings + this.#text.readInt32BE(at + 8), at + 8);
        at += 12 + align4(be32(this.buffer, at + 4));
      } else at += 4;
    }
  }

  /** Distance of a name from the buffer's end; libfdt takes the first place, in address order, where name and NUL stand. */
  #string(name: string): number | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const bytes = Buffer.from([...nameBytes(name), 0]);
    const found = this.#strings === 0 ? -1 : this.#text.indexOf(bytes, this.buffer.length - this.#strings);
    if (found >= 0) {
      this.#known.set(name, this.buffer.length - found);
      return this.buffer.length - found;
    }
    const start = this.buffer.length - this.#strings - bytes.length;
    if (start < this.#at) return undefined;
    bytes.copy(this.#text, start);
    this.#strings += bytes.length;
    // A new string stands before all others and may now be the first place of a known tail.
    this.#known.clear();
    this.#known.set(name, this.#strings);
    return this.#strings;
  }

  #grow(size: number): number {
    const at = this.#at;
    if (at + size > this.buffer.length - this.#strings) return FDT_ERR_NOSPACE;
    this.#at += size;
    return at;
  }
}

/** Writes a whole tree with a `SequentialWriter`; gives exactly totalsize bytes. */
export function writeSequential(tree: FdtTree): Uint8Array {
  const writer = new SequentialWriter(new Uint8Array(sequentialBound(tree)));
  for (const { address, size } of tree.reservations) writer.reservation(address, size);
  writer.finishReservations();
  const stack: (FdtNode | undefined)[] = [tree.root];
  while (stack.length > 0) {
    const node = stack.pop();
    if (node === undefined) {
      writer.endNode();
      continue;
    }
    writer.beginNode(node.name);
    for (const { name, value } of node.properties) writer.property(name, value);
    stack.push(undefined);
    for (let index = node.children.length - 1; index >= 0; index--) stack.push(node.children[index]);
  }
  writer.finish();
  return writer.buffer.slice(0, be32(writer.buffer, 4));
}

/** A buffer size that is certainly enough: as if no string were shared. */
function sequentialBound(tree: FdtTree): number {
  const names = new Set<string>();
  let size = SEQUENTIAL_HEADER + 16 * (tree.reservations.length + 1) + 4;
  const stack: FdtNode[] = [tree.root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    size += 8 + align4(node.name.length + 1);
    for (const { name, value } of node.properties) {
      size += 12 + align4(value.length);
      names.add(name);
    }
    stack.push(...node.children);
  }
  for (const name of names) size += name.length + 1;
  return size;
}
