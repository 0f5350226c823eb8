/**
 * Carries out the changes that the cases name, on a copy of a handover. Places and values are words of the cases: `luo`, `session NAME`,
 * `memfd SESSION TOKEN`, `data SESSION TOKEN N` …
 */
import { getClientAbi, nodeAt, preservedRanges, readFdt, writeDtc } from '../../../dist/index.js';
import { encodeKey, keyPath, radixGeometry } from '../../../dist/map/index.js';

/** Changes `source.memory`; gives the changes of handoff and scratch array for planBoot. */
export class Damage {
  #source;
  #scratch;
  handoff = {};
  array;
  #spare;

  /** @param scratch areas of the plan */
  constructor(source, scratch) {
    this.#source = source;
    this.#scratch = scratch.map((area) => ({ ...area }));
    const { occupied } = source;
    this.#spare = (occupied.at(-1).end + 0xfffffn) & ~0xfffffn;
  }

  apply([what, ...operands]) {
    const change = CHANGES[what];
    if (change === undefined) throw new Error(`no change '${what}'`);
    change(this, ...operands);
  }

  get memory() {
    return this.#source.memory;
  }
  get target() {
    return this.#source.target;
  }
  get handover() {
    return this.#source.handover;
  }
  get fdtAddress() {
    return this.#source.fdtAddress;
  }
  get scratch() {
    return this.#scratch;
  }

  client(name) {
    const found = this.handover.clients.find((client) => client.name === name);
    if (found === undefined) throw new Error(`no client ${name}`);
    return found;
  }

  /** A page of zeros that nobody has. */
  spare() {
    const at = this.#spare;
    this.#spare += BigInt(this.memory.pageSize);
    this.memory.write(at, new Uint8Array(this.memory.pageSize));
    return at;
  }

  /** Address of a place, and the structure there. */
  place(words) {
    const [kind, ...rest] = words.split(' ');
    const place = PLACES[kind];
    if (place === undefined) throw new Error(`no place '${words}'`);
    return place(this, ...rest);
  }

  address(words) {
    return this.place(words).address;
  }

  /** A number, or the address of a place with something added. */
  value(value) {
    if (typeof value !== 'string') return BigInt(value);
    const [words, plus = '0'] = value.split(' + ');
    return (words === 'spare' ? this.spare() : this.address(words)) + BigInt(plus);
  }

  writeNumber(address, value, bytes) {
    const out = Buffer.alloc(8);
    out.writeBigUInt64LE(BigInt.asUintN(64, value));
    this.memory.write(address, out.subarray(0, bytes));
  }
}

const WIDTH = { u8: 1, u16: 2, u32: 4, u64: 8 };

const CHANGES = {
  /** Sets a property of a tree: text as Latin-1 bytes, a bigint or a place as u64. */
  fdt: (damage, blob, path, name, value) =>
    editTree(damage, blob, (tree) => {
      const bytes =
        typeof value === 'string' && !(value in { root: 1, spare: 1 }) && !/^page \d+ \+ /.test(value)
          ? Buffer.from(value, 'latin1')
          : u64(damage.value(value));
      nodeAt(tree, path).properties.find((property) => property.name === name).value = bytes;
    }),
  drop: (damage, blob, path, name) =>
    editTree(damage, blob, (tree) => {
      const node = nodeAt(tree, path);
      const rest = node.properties.filter((property) => property.name !== name);
      if (rest.length === node.properties.length) throw new Error(`no property ${name}`);
      node.properties = rest;
    }),
  remove: (damage, blob, path) =>
    editTree(damage, blob, (tree) => {
      tree.root.children = tree.root.children.filter(({ name }) => `/${name}` !== path);
    }),
  rename: (damage, blob, path, name) =>
    editTree(damage, blob, (tree) => {
      nodeAt(tree, path).name = name;
    }),
  be32: (damage, blob, offset, value) => {
    const out = Buffer.alloc(4);
    out.writeUInt32BE(value);
    damage.memory.write(damage.address(blob) + BigInt(offset), out);
  },
  byte: (damage, place, offset, value) =>
    damage.memory.write(damage.address(place) + BigInt(offset), Uint8Array.of(value)),
  fill: (damage, place, bytes, value) =>
    damage.memory.write(damage.address(place), new Uint8Array(bytes).fill(value)),
  set: (damage, place, field, value) => {
    const at = fieldOf(damage, place, field);
    damage.writeNumber(at.address, damage.value(value), WIDTH[at.type]);
  },
  text: (damage, place, field, value) => {
    const at = fieldOf(damage, place, field);
    const bytes = Buffer.alloc(at.count);
    bytes.write(value, 'latin1');
    damage.memory.write(at.address, bytes);
  },
  /** Changes an entry of a memfd's folio array. */
  entry: (damage, words, { pfn, flags, index }) => {
    const { address } = damage.place(`entry ${words}`);
    const view = Buffer.from(damage.memory.read(address, 16));
    const old = view.readBigUInt64LE(0);
    const low = (1n << 52n) - 1n;
    view.writeBigUInt64LE((pfn ?? old & low) | ((flags ?? old >> 52n) << 52n), 0);
    if (index !== undefined) view.writeBigUInt64LE(index, 8);
    damage.memory.write(address, view);
  },
  /** Sets the bit of a raw key. */
  key: (damage, key) => setKey(damage, key, true),
  /** Preserves a block; an address inside it is enough. */
  block: (damage, place, order) => {
    const geometry = radixGeometry(damage.target.abi, damage.target.pageShift);
    const bytes = 1n << BigInt(order + damage.target.pageShift);
    const address = (damage.value(place) / bytes) * bytes;
    setKey(damage, encodeKey(geometry, { address, order }), true);
  },
  /** Clears the key of the block that holds a place. */
  unpreserve: (damage, place) => {
    const address = damage.address(place);
    const { pageShift, abi } = damage.target;
    const run = damage.handover.contents.runs.find((candidate) => {
      const [range] = preservedRanges([candidate], pageShift);
      return range.start <= address && address < range.end;
    });
    const bytes = 1n << BigInt(run.order + pageShift);
    const block = { address: (address / bytes) * bytes, order: run.order };
    setKey(damage, encodeKey(radixGeometry(abi, pageShift), block), false);
  },
  handoff: (damage, field, value) => {
    damage.handoff[field] = value;
  },
  /** Changes a scratch area. */
  area: (damage, index, { address, size, shift = 0n }) => {
    const area = damage.scratch[index];
    if (address !== undefined) area.address = damage.value(address);
    area.address += shift;
    if (size !== undefined) area.size = size;
    damage.array = Buffer.concat(
      damage.scratch.map((one) => Buffer.concat([u64(one.address), u64(one.size)])),
    );
  },
};

const PLACES = {
  root: (damage) => ({ address: damage.fdtAddress }),
  luo: (damage) => struct('luo-v5', 'luo_root', damage.client('LUO').address),
  metadata: (damage) =>
    struct('kexec-metadata-v1', 'kexec_metadata', damage.client('kexec-metadata').address),
  memblock: (damage) => ({ address: damage.client('memblock').address }),
  kho_test: (damage) => ({ address: damage.client('kho_test').address }),
  sessions: (damage) =>
    struct('luo-v5', 'kho_block_header_ser', damage.client('LUO').data.sessionsAddress.value),
  flbs: (damage) => struct('luo-v5', 'luo_flb_header_ser', damage.client('LUO').data.flbsAddress.value),
  flb: (damage, index) => struct('luo-v5', 'luo_flb_ser', damage.client('LUO').data.flbs[index].address),
  session: (damage, name) => struct('luo-v5', 'luo_session_ser', sessionOf(damage, name).address),
  files: (damage, name) =>
    struct('luo-v5', 'kho_block_header_ser', sessionOf(damage, name).filesAddress.value),
  file: (damage, name, token) => struct('luo-v5', 'luo_file_ser', fileOf(damage, name, token).address),
  memfd: (damage, name, token) => struct('memfd-v2', 'memfd_luo_ser', fileOf(damage, name, token).data.value),
  area: (damage, name, token) =>
    struct('memfd-v2', 'kho_vmalloc', fileOf(damage, name, token).memfd.folios.address),
  entry: (damage, name, token, index) => ({
    address: fileOf(damage, name, token).memfd.runs[0].address + 16n * BigInt(index),
  }),
  data: (damage, name, token, index) => {
    const entry = damage.address(`entry ${name} ${token} ${index}`);
    const pfn = Buffer.from(damage.memory.read(entry, 8)).readBigUInt64LE() & ((1n << 52n) - 1n);
    return { address: pfn << BigInt(damage.target.pageShift) };
  },
  chunk: (damage, name, token) => ({
    address: name === 'kho_test' ? khoTestArea(damage) : fileOf(damage, name, token).memfd.folios.first,
    core: 'kho_vmalloc_chunk',
  }),
  folio: (damage, index) => ({ address: damage.client('kho_test').data.folios[index].address }),
  'folio-entry': (damage, index) => ({ address: damage.client('kho_test').data.folios[index].at }),
  region: (damage, name) => ({
    address: damage.client('memblock').data.regions.find((one) => one.name.value === name).start.value,
  }),
  /** A page of the first memblock region. */
  page: (damage, index) => ({
    address:
      damage.client('memblock').data.regions[0].start.value + BigInt(index) * BigInt(damage.memory.pageSize),
  }),
  scratch: (damage, index) => ({ address: damage.scratch[index].address }),
};

function struct(format, name, address) {
  return { address, format, struct: name };
}

function fieldOf(damage, words, name) {
  const { address, format, struct: structName, core } = damage.place(words);
  const { pageShift, abi } = damage.target;
  const layout =
    core === undefined ? getClientAbi(format).struct(structName, pageShift) : abi.struct(core, pageShift);
  const field = layout.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`no field ${name} at ${words}`);
  return { ...field, address: address + BigInt(field.offset) };
}

function sessionOf(damage, name) {
  return damage.client('LUO').data.sessions.find((session) => session.name.value === name);
}

function fileOf(damage, name, token) {
  return sessionOf(damage, name).files.find((file) => file.token.value === BigInt(token));
}

/** First chunk of the self-test's list: the descriptor is a property of its tree. */
function khoTestArea(damage) {
  const tree = treeAt(damage, 'kho_test');
  const info = nodeAt(tree, '/data').properties.find(({ name }) => name === 'folios_info');
  return Buffer.from(info.value).readBigUInt64LE();
}

function treeAt(damage, blob) {
  return readFdt(damage.memory.read(damage.address(blob), damage.memory.pageSize));
}

function editTree(damage, blob, edit) {
  const address = damage.address(blob);
  const copy = Uint8Array.from(damage.memory.read(address, damage.memory.pageSize));
  const tree = readFdt(copy);
  edit(tree);
  const bytes = new Uint8Array(damage.memory.pageSize);
  bytes.set(writeDtc(tree));
  damage.memory.write(address, bytes);
}

function setKey(damage, key, on) {
  const { abi, pageShift } = damage.target;
  const { tables, bit } = keyPath(radixGeometry(abi, pageShift), key);
  let node = damage.handover.map.root;
  for (const index of tables) {
    const slot = node + 8n * BigInt(index);
    let next = Buffer.from(damage.memory.read(slot, 8)).readBigUInt64LE();
    if (next === 0n) {
      if (!on) throw new Error('no such key');
      next = damage.spare();
      damage.memory.write(slot, u64(next));
    }
    node = next;
  }
  const at = node + BigInt(bit >> 3);
  const old = damage.memory.read(at, 1)[0];
  if (!on && (old & (1 << (bit & 7))) === 0) throw new Error('the key is not set');
  const mask = 1 << (bit & 7);
  damage.memory.write(at, Uint8Array.of(on ? old | mask : old & ~mask));
}

function u64(value) {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt.asUintN(64, value));
  return out;
}
