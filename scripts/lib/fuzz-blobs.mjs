/** Device tree blobs that are almost right: sound ones with changes, and trees built word by word with oddities. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { oddBlob } from './fuzz-odd-blobs.mjs';
import { Random } from './fuzz-random.mjs';

/** Words that often decide something: tags, limits, the magic, versions. */
const WORDS = [
  0, 1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 18, 0x28, 0x30, 0x38, 0x40, 0xff, 0x1000, 0x7fff_ffff, 0x8000_0000,
  0xffff_fff8, 0xffff_fffc, 0xffff_ffff, 0xd00dfeed,
];
const HEADER_WORDS = 10;
const MUTATED_LIMIT = 64 * 1024;

/** Root FDTs of the goldens, each content once, and the sample blobs of boards, in the order of their paths. */
export function seedBlobs(golden = 'golden', samples = 'test/fixtures/dtb') {
  const seen = new Set();
  const blobs = [];
  const paths = [
    ...readdirSync(golden, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.dtb'))
      .map((path) => join(golden, path)),
    ...readdirSync(samples)
      .filter((name) => name.endsWith('.dtb'))
      .map((name) => join(samples, name)),
  ].sort();
  for (const path of paths) {
    const bytes = readFileSync(path);
    const key = bytes.toString('latin1');
    if (bytes.length > MUTATED_LIMIT || seen.has(key)) continue;
    seen.add(key);
    blobs.push({ path, bytes });
  }
  return blobs;
}

/** Blob number `index` of a run; always the same for a seed and a list of sound blobs. */
export function fuzzBlob(seeds, seed, index) {
  const random = new Random(seed, index);
  // One in four is built word by word, so that more is right about it than about a blob with random changes.
  const start = random.oneIn(4) ? oddBlob(random) : random.pick(seeds).bytes;
  const changes = random.oneIn(8) ? 0 : 1 + random.below(random.oneIn(3) ? 6 : 2);
  let bytes = Buffer.from(start);
  for (let step = 0; step < changes && bytes.length >= 8; step++) bytes = changed(bytes, random);
  return bytes;
}

function changed(bytes, random) {
  const at = random.below(bytes.length);
  switch (random.below(9)) {
    case 0:
      bytes[at] ^= 1 << random.below(8);
      return bytes;
    case 1:
      return setWord(bytes, 4 * random.below(HEADER_WORDS), aWord(bytes, random));
    case 2:
      return nudge(bytes, 4 * random.below(HEADER_WORDS), random);
    case 3:
      return setWord(bytes, at & ~3, aWord(bytes, random));
    case 4:
      return random.oneIn(2)
        ? bytes.subarray(0, at)
        : bytes.subarray(0, Math.min(bytes.length, 64 + (at & 63)));
    case 5: {
      const from = random.below(bytes.length);
      bytes.copy(bytes, at, from, from + 1 + random.below(64));
      return bytes;
    }
    default:
      return changedTag(bytes, random);
  }
}

/** Replaces, doubles or removes a piece of the structure block, and moves what follows, as a bad editor would. */
function changedTag(bytes, random) {
  const tags = tagOffsets(bytes);
  if (tags.length === 0) return bytes;
  const index = random.below(tags.length);
  const at = tags[index];
  const end = tags[index + 1] ?? Math.min(bytes.length, at + 4);
  switch (random.below(5)) {
    case 0:
      return setWord(bytes, at, random.pick([0, 1, 2, 3, 4, 9, 5, 0x0100_0000]));
    case 1:
      // A property's length or name offset, or a name.
      return setWord(bytes, at + 4 + 4 * random.below(2), aWord(bytes, random));
    case 2:
      return spliced(bytes, end, end, bytes.subarray(at, end), random);
    case 3:
      return spliced(bytes, at, end, Buffer.alloc(0), random);
    default: {
      const tag = Buffer.alloc(4);
      tag.writeUInt32BE(random.pick([1, 2, 3, 4, 9, 0]));
      return spliced(bytes, at, at, tag, random);
    }
  }
}

/** Offsets of the words at which tags stand, as far as whole tags can be followed; nothing for a damaged header. */
function tagOffsets(bytes) {
  if (bytes.length < 40) return [];
  const offsets = [];
  for (let at = bytes.readUInt32BE(8); at + 4 <= bytes.length && offsets.length < 20_000; ) {
    const tag = bytes.readUInt32BE(at);
    offsets.push(at);
    if (tag === 1) {
      const nul = bytes.indexOf(0, at + 4);
      if (nul < 0) break;
      at = (nul + 4) & ~3;
    } else if (tag === 3 && at + 12 <= bytes.length) at += 12 + ((bytes.readUInt32BE(at + 4) + 3) & ~3);
    else if (tag === 2 || tag === 4) at += 4;
    else break;
    if (at <= 0) break;
  }
  return offsets;
}

/** Puts bytes in place of others; most times the header follows, so that the rest stays right. */
function spliced(bytes, from, to, middle, random) {
  const out = Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(to)]);
  const grown = middle.length - (to - from);
  if (random.oneIn(6) || out.length < 40) return out;
  for (const field of [8, 12, 16]) if (out.readUInt32BE(field) >= to) nudgeBy(out, field, grown);
  nudgeBy(out, 4, grown);
  nudgeBy(out, 36, grown);
  return out;
}

function aWord(bytes, random) {
  if (random.oneIn(3)) return random.below(bytes.length + 8);
  return random.oneIn(6) ? random.word() : random.pick(WORDS);
}

function nudge(bytes, at, random) {
  return nudgeBy(bytes, at, random.pick([-16, -8, -4, -1, 1, 4, 8, 16]));
}

function nudgeBy(bytes, at, by) {
  return at + 4 > bytes.length ? bytes : setWord(bytes, at, (bytes.readUInt32BE(at) + by) >>> 0);
}

function setWord(bytes, at, value) {
  if (at + 4 <= bytes.length) bytes.writeUInt32BE(value >>> 0, at);
  return bytes;
}
