/**
 * A second reader of a handover, written from the ABI's text alone and sharing no code with the library: root FDT, its subtrees and
 * the radix tree of kho-v3 and kho-v4, little endian, from an ELF core. It is what the captures are checked against, so it is simple
 * rather than fast, and trusts its input no further than not to run away.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** Tables and leaves at most. */
const MAX_NODES = 1 << 20;

/** Physical memory of an ELF64 core. `read` throws where there is none. */
export class CoreFile {
  #file;
  #segments = [];

  constructor(path) {
    this.#file = openSync(path, 'r');
    const head = this.#bytes(0, 64);
    if (head.toString('latin1', 0, 6) !== '\x7fELF\x02\x01')
      throw new Error('not a little-endian ELF64 file');
    const table = Number(head.readBigUInt64LE(32));
    const size = head.readUInt16LE(54);
    for (let index = 0; index < head.readUInt16LE(56); index++) {
      const entry = this.#bytes(table + index * size, size);
      if (entry.readUInt32LE(0) !== 1) continue;
      this.#segments.push({
        offset: Number(entry.readBigUInt64LE(8)),
        physical: Number(entry.readBigUInt64LE(24)),
        length: Number(entry.readBigUInt64LE(32)),
      });
    }
  }

  #bytes(offset, length) {
    const bytes = Buffer.alloc(length);
    if (readSync(this.#file, bytes, 0, length, offset) !== length) throw new Error('the core ends too early');
    return bytes;
  }

  /** Addresses are numbers: machines of the laboratory have far less than 2^53 bytes. */
  read(address, length) {
    const segment = this.#segments.find(
      ({ physical, length: size }) => address >= physical && address + length <= physical + size,
    );
    if (segment === undefined) throw new Error(`0x${address.toString(16)} is not in the core`);
    return this.#bytes(segment.offset + address - segment.physical, length);
  }

  close() {
    closeSync(this.#file);
  }
}

/** Nodes below the root with their properties, and the root's own, from a flattened device tree. */
export function readTree(blob) {
  const structure = blob.readUInt32BE(8);
  const strings = blob.readUInt32BE(12);
  const text = (offset) => blob.toString('latin1', offset, blob.indexOf(0, offset));
  const root = { name: '', properties: new Map(), children: [] };
  let open = [];
  for (let at = structure; ; ) {
    const token = blob.readUInt32BE(at);
    at += 4;
    if (token === 1) {
      const name = text(at);
      at += (name.length + 4) & ~3;
      const node = open.length === 0 ? root : { name, properties: new Map(), children: [] };
      open.at(-1)?.children.push(node);
      open = [...open, node];
    } else if (token === 2) open = open.slice(0, -1);
    else if (token === 3) {
      const length = blob.readUInt32BE(at);
      open
        .at(-1)
        .properties.set(text(strings + blob.readUInt32BE(at + 4)), blob.subarray(at + 8, at + 8 + length));
      at += 8 + ((length + 3) & ~3);
    } else if (token === 9) return root;
    else if (token !== 4) throw new Error(`token ${token} in the structure block`);
  }
}

/**
 * @param {CoreFile} core @param {number} fdtAddress where the boot protocol says the root FDT is @param {number} pageShift
 * @returns what golden/captures/README.md calls the expected file
 */
export function readHandover(core, fdtAddress, pageShift) {
  const page = 2 ** pageShift;
  const total = core.read(fdtAddress, 8).readUInt32BE(4);
  const tree = readTree(core.read(fdtAddress, total));
  const root = Number(tree.properties.get('preserved-memory-map').readBigUInt64LE());
  const subtrees = {};
  for (const { name, properties } of tree.children)
    subtrees[name] = [
      `0x${properties.get('preserved-data').readBigUInt64LE().toString(16)}`,
      Number(properties.get('blob-size').readBigUInt64LE()),
    ];
  const { nodes, keys } = walk(core, root, pageShift, page);
  return {
    fdtPhys: `0x${fdtAddress.toString(16)}`,
    pageShift,
    root: `0x${root.toString(16)}`,
    subtrees,
    nodes,
    preserved: keys.map((key) => block(key, pageShift)),
  };
}

/**
 * All keys in ascending order. A leaf has a bit for each of page * 8 keys; a table has page / 8 entries; so many levels as are
 * needed for keys of 64 - page shift + 1 bits: order 0 sets the bit above the largest page frame number.
 */
function walk(core, root, pageShift, page) {
  const leafBits = pageShift + 3;
  const tableBits = pageShift - 3;
  const levels = Math.ceil((64 - pageShift + 1 - leafBits) / tableBits);
  const keys = [];
  let nodes = 0;
  const visit = (address, level, prefix) => {
    if (++nodes > MAX_NODES) throw new Error('too many tables');
    const bytes = core.read(address, page);
    if (level === 0) {
      for (let bit = 0; bit < page * 8; bit++)
        if (bytes[bit >> 3] & (1 << (bit & 7))) keys.push((prefix << BigInt(leafBits)) | BigInt(bit));
      return;
    }
    for (let index = 0; index < page / 8; index++) {
      const next = Number(bytes.readBigUInt64LE(index * 8));
      if (next !== 0) visit(next, level - 1, (prefix << BigInt(tableBits)) | BigInt(index));
    }
  };
  visit(root, levels, 0n);
  return { nodes, keys };
}

/** The highest bit of a key tells the order, the bits below it the address in units of that order. */
function block(key, pageShift) {
  const highest = key.toString(2).length - 1;
  const order = 64 - pageShift - highest;
  const address = (key - (1n << BigInt(highest))) << BigInt(pageShift + order);
  return [`0x${address.toString(16)}`, order];
}
