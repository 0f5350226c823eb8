import { KhoError, Writer } from '../bytes/index.js';
import {
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_LAST_COMP_VERSION,
  FDT_MAGIC,
  FDT_PROP,
} from './constants.js';
import type { FdtNode, FdtTree } from './tree.js';

/** Largest block that the format's 32-bit offsets allow with room for the header. */
const MAX_BLOB = 0xffff_ffff;

/**
 * Writes a tree byte for byte as `dtc -O dtb` lays it out: header of 40 bytes, reservations at 40, structure, strings,
 * nothing between or after. Names share a string, or the tail of one, where they can; strings stand in order of first use.
 *
 * @throws KhoError `E_FDT_BUILD` for names that a blob cannot hold.
 * Source: output of dtc 1.4 to 1.7, format version 17.
 */
export function writeDtc(tree: FdtTree): Uint8Array {
  const strings = new StringTable();
  const structure = new Writer('big', 4096);
  emit(tree.root, structure, strings);
  structure.u32(FDT_END);
  const reserveSize = (tree.reservations.length + 1) * 16;
  const offStruct = 40 + reserveSize;
  const offStrings = offStruct + structure.length;
  const totalsize = offStrings + strings.length;
  if (totalsize > MAX_BLOB) throw new KhoError('E_FDT_BUILD', `blob of ${totalsize} bytes passes 4 GiB`);
  const blob = new Writer('big', totalsize);
  for (const word of [
    FDT_MAGIC,
    totalsize,
    offStruct,
    offStrings,
    40,
    17,
    FDT_LAST_COMP_VERSION,
    tree.bootCpuid,
    strings.length,
    structure.length,
  ]) {
    blob.u32(word);
  }
  for (const { address, size } of tree.reservations) blob.u64(address).u64(size);
  blob.zeros(16);
  return blob.bytes(structure.finish()).bytes(strings.finish()).finish();
}

/** Depth-first, without recursion: an undefined entry on the stack closes a node. */
function emit(root: FdtNode, out: Writer, strings: StringTable): void {
  const stack: (FdtNode | undefined)[] = [root];
  while (stack.length > 0) {
    const node = stack.pop();
    if (node === undefined) {
      out.u32(FDT_END_NODE);
      continue;
    }
    out.u32(FDT_BEGIN_NODE).bytes(nameBytes(node.name)).u8(0).align(4);
    for (const { name, value } of node.properties) {
      out.u32(FDT_PROP).u32(value.length).u32(strings.offsetOf(name)).bytes(value).align(4);
    }
    stack.push(undefined);
    for (let index = node.children.length - 1; index >= 0; index--) stack.push(node.children[index]);
  }
}

/** Strings block that grows at its end; a name that already stands there, even as the tail of another, is shared. */
class StringTable {
  #bytes = Buffer.alloc(1024);
  #length = 0;
  readonly #known = new Map<string, number>();

  get length(): number {
    return this.#length;
  }

  offsetOf(name: string): number {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const terminated = Buffer.from([...nameBytes(name), 0]);
    let offset = this.#bytes.subarray(0, this.#length).indexOf(terminated);
    if (offset < 0) {
      offset = this.#length;
      this.#append(terminated);
    }
    this.#known.set(name, offset);
    return offset;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #append(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], Math.max(needed, this.#bytes.length * 2));
    }
    bytes.copy(this.#bytes, this.#length);
    this.#length = needed;
  }
}

/** Bytes of a name: one a character. */
export function nameBytes(name: string): Buffer {
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (code === 0 || code > 0xff) {
      throw new KhoError('E_FDT_BUILD', 'a name must be single bytes other than NUL', {
        found: JSON.stringify(name),
      });
    }
  }
  return Buffer.from(name, 'latin1');
}
