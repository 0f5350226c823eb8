/** Small device tree blobs built word by word from the specification, most of them with one or two oddities. No code of src/. */

const NAMES = ['', 'a', 'LUO', 'cpu@0', 'node@1', 'node@1@2', 'x y', 'sp\u00fc', 'a/b', 'aa'];
const PROPERTIES = [
  'compatible',
  'reg',
  'name',
  'phandle',
  'fdt',
  'preserved-data',
  'blob-size',
  '',
  'bad name',
  'a,b#?',
];
const HEADER_SIZES = { 1: 28, 2: 32, 3: 36, 16: 36, 17: 40 };

/** A blob of one to some ten nodes. */
export function oddBlob(random) {
  const version = random.oneIn(4) ? random.pick([1, 2, 3, 16]) : 17;
  const strings = new Strings();
  const structure = structureBlock(random, version, strings);
  return assemble(random, version, structure, strings.bytes());
}

class Strings {
  #text = '';

  offset(name, random) {
    if (random.oneIn(60))
      return random.pick([this.#text.length, this.#text.length + 1, 0x7fff_ffff, 0xffff_ffff]);
    const known = this.#text.indexOf(`${name}\0`);
    if (known >= 0 && random.oneIn(2)) return known;
    this.#text += `${name}\0`;
    return this.#text.length - name.length - 1;
  }

  bytes() {
    return Buffer.from(this.#text, 'latin1');
  }
}

function structureBlock(random, version, strings) {
  const bytes = [];
  const old = version < 16;
  const word = (value) =>
    bytes.push((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
  const pad = (to) => {
    while (bytes.length % to !== 0) bytes.push(random.oneIn(200) ? 0x20 : 0);
  };
  const open = [];
  const begin = (name) => {
    open.push(name);
    word(1);
    const text = old && !random.oneIn(20) ? (open.length === 1 ? '/' : open.join('/')) : name;
    bytes.push(...Buffer.from(text, 'latin1'), 0);
    pad(4);
  };
  const property = () => {
    const name = random.pick(PROPERTIES);
    const value = aValue(random, name);
    word(3);
    word(
      random.oneIn(60)
        ? random.pick([value.length + 1, value.length + 4, 0x7fff_fff0, 0xffff_ffff])
        : value.length,
    );
    word(strings.offset(name, random));
    if (old && value.length >= 8 && !random.oneIn(10)) pad(8);
    bytes.push(...value);
    pad(4);
  };
  if (!random.oneIn(40)) begin(random.oneIn(20) ? random.pick(NAMES) : '');
  for (let step = random.below(14); step > 0; step--) {
    const kind = random.below(12);
    if (kind < 5) property();
    else if (kind < 8) begin(random.pick(NAMES));
    else if (kind < 11) {
      // Seldom one node too many is closed.
      if (open.length > 1 || random.oneIn(40)) {
        open.pop();
        word(2);
      }
    } else word(random.oneIn(8) ? random.pick([0, 5, 9, 0xffff_ffff]) : 4);
  }
  const left = random.oneIn(30) ? Math.max(0, open.length - 1) : open.length;
  for (let step = 0; step < left; step++) word(2);
  if (random.oneIn(30)) word(4);
  if (random.oneIn(40)) word(random.pick([1, 2, 3]));
  if (!random.oneIn(40)) word(9);
  if (random.oneIn(30)) word(random.pick([0, 4, 9, 3]));
  return Buffer.from(bytes);
}

function aValue(random, name) {
  if (name === 'name' && random.oneIn(2)) return [...Buffer.from(`${random.pick(NAMES)}\0`, 'latin1')];
  if (name === 'phandle') return [0, 0, 0, random.below(4)];
  return Array.from({ length: random.pick([0, 1, 4, 8, 9, 16]) }, () => random.below(256));
}

/** Blocks in one of several orders, with gaps, overlaps and wrong sizes now and then. */
function assemble(random, version, structure, strings) {
  const headerSize = HEADER_SIZES[version];
  const entries = random.oneIn(5) ? 1 + random.below(2) : 0;
  const reserve = Buffer.alloc(16 * (entries + (random.oneIn(30) ? 0 : 1)));
  for (let entry = 0; entry < entries; entry++) {
    reserve.writeBigUInt64BE(BigInt(random.word()), 16 * entry);
    reserve.writeBigUInt64BE(random.oneIn(6) ? 0n : BigInt(random.word()), 16 * entry + 8);
  }
  const offsets = {};
  const parts = [Buffer.alloc(headerSize)];
  let at = headerSize;
  const place = (name, block, align) => {
    const wanted = random.oneIn(40) ? at + random.below(9) : Math.ceil(at / align) * align;
    const start = Math.max(at, wanted);
    parts.push(Buffer.alloc(start - at), block);
    offsets[name] = start;
    at = start + block.length;
  };
  const blocks = [
    ['reserve', reserve, 8],
    ['structure', structure, 4],
    ['strings', strings, 1],
  ];
  if (random.oneIn(5)) blocks.reverse();
  for (const [name, block, align] of blocks) place(name, block, align);
  if (random.oneIn(8)) parts.push(Buffer.alloc(random.below(40)));
  const out = Buffer.concat(parts);
  const words = [
    0xd00dfeed,
    out.length,
    offsets.structure,
    offsets.strings,
    offsets.reserve,
    version,
    version >= 16 ? 16 : version === 1 ? 1 : 2,
    random.below(3),
    strings.length,
    structure.length,
  ];
  for (const [index, value] of words.slice(0, headerSize / 4).entries()) out.writeUInt32BE(value, 4 * index);
  if (random.oneIn(10)) {
    const field = 1 + random.below(headerSize / 4 - 1);
    out.writeUInt32BE((words[field] + random.pick([-8, -4, -1, 1, 4, 8, 16])) >>> 0, 4 * field);
  }
  return out;
}
