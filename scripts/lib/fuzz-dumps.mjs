/** Memory dumps that are almost right: handovers of the golden scenarios with words changed, as ELF cores with headers changed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  allAbis,
  appliesTo,
  encodeScenario,
  makeTarget,
  parseScenario,
  writeElfCore,
} from '../../dist/index.js';

const TARGETS = [
  ['little', 12],
  ['big', 12],
  ['little', 14],
  ['little', 16],
];
/** Cores above this are too slow to copy a thousand times. */
const CORE_LIMIT = 1 << 20;
const HELD_LIMIT = 64 << 20;
const WORDS = [
  0n,
  1n,
  2n,
  7n,
  8n,
  62n,
  63n,
  64n,
  511n,
  512n,
  0xfffn,
  0x1000n,
  0x7fff_ffffn,
  0xffff_ffffn,
  1n << 52n,
  1n << 63n,
  (1n << 64n) - 1n,
];

const scenarios = readdirSync('golden/scenarios')
  .filter((name) => name.endsWith('.scenario'))
  .sort()
  .map((name) => ({ name, text: readFileSync(join('golden/scenarios', name), 'utf8') }));
const made = new Map();

/** A core of a handover as kernel 1 leaves it, with where its pages are in the file; made once for each scenario and target. */
function sound(random) {
  for (;;) {
    const { name, text } = random.pick(scenarios);
    const abi = random.pick(allAbis());
    const [order, shift] = random.pick(TARGETS);
    const key = `${name} ${abi.id} ${order} ${shift}`;
    if (!made.has(key)) keep(key, encode(text, name, makeTarget(abi, order, shift)));
    const core = made.get(key);
    if (core !== undefined) return core;
  }
}

/** Bytes of kept cores: what the process holds must be the readers', not the fuzzer's. */
let held = 0;

function keep(key, core) {
  held += core?.bytes.length ?? 0;
  if (held > HELD_LIMIT) {
    made.clear();
    held = core?.bytes.length ?? 0;
  }
  made.set(key, core);
}

function encode(text, name, target) {
  try {
    const scenario = parseScenario(text, name);
    if (!appliesTo(scenario, target)) return undefined;
    const { memory, fdtAddress, vmalloc } = encodeScenario(scenario, target);
    const size = memory.ranges().reduce((sum, { start, end }) => sum + end - start, 0n);
    if (size === 0n || size > BigInt(CORE_LIMIT)) return undefined;
    const bytes = Buffer.from(writeElfCore(memory, target));
    const pages = [];
    let offset = bytes.length - Number(size);
    for (const { start, end } of memory.ranges()) {
      for (let address = start; address < end; address += BigInt(2 ** target.pageShift)) {
        pages.push({ address, offset });
        offset += 2 ** target.pageShift;
      }
    }
    return { bytes, pages, words: usedWords(bytes, pages[0].offset), target, fdtAddress, vmalloc };
  } catch {
    // A scenario that this ABI's kernel cannot do.
    return undefined;
  }
}

/** Offsets of the u64 words that are not zero: the ones that mean something. */
function usedWords(bytes, from) {
  const offsets = [];
  for (let at = from; at + 8 <= bytes.length; at += 8) if (bytes.readBigUInt64LE(at) !== 0n) offsets.push(at);
  return offsets;
}

/** A changed core: pointers to other pages of the handover or to nowhere, counts, cycles; and one in four with changed headers. */
export function fuzzCore(random) {
  const core = sound(random);
  const bytes = Buffer.from(core.bytes);
  const little = core.target.byteOrder === 'little';
  const steps = 1 + random.below(random.oneIn(3) ? 12 : 3);
  for (let step = 0; step < steps; step++) {
    const at = place(core, bytes, random);
    const old = little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at);
    const value = BigInt.asUintN(64, aWord(core, old, random));
    if (random.oneIn(8)) bytes.writeUInt32LE(random.word(), at);
    else if (little) bytes.writeBigUInt64LE(value, at);
    else bytes.writeBigUInt64BE(value, at);
  }
  if (random.oneIn(4)) changeHeaders(bytes, random);
  return random.oneIn(16) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

/** Offset of a word to change: one in use, one beside it, or any word of any page. */
function place(core, bytes, random) {
  const { offset } = random.pick(core.pages);
  if (random.oneIn(4) || core.words.length === 0)
    return offset + 8 * random.below(2 ** (core.target.pageShift - 3));
  const used = random.pick(core.words);
  return Math.min(random.oneIn(3) ? used + 8 * (1 + random.below(4)) : used, bytes.length - 8);
}

function aWord({ pages }, old, random) {
  switch (random.below(6)) {
    case 0:
      return old + BigInt(random.pick([-4096, -8, -1, 1, 8, 64, 4096]));
    case 1:
      return old ^ (1n << BigInt(random.below(64)));
    case 2:
      return random.pick(WORDS);
    case 3:
      return (BigInt(random.word()) << 32n) | BigInt(random.word());
    default:
      return random.pick(pages).address;
  }
}

/** Counts, offsets and sizes of ELF headers that lie: e_phnum, e_shoff with sh_info, p_offset, p_paddr, p_filesz. */
function changeHeaders(bytes, random) {
  const wide = [0n, 1n, 64n, BigInt(bytes.length), 1n << 32n, 1n << 53n, 1n << 63n, (1n << 64n) - 1n];
  const little = bytes[5] === 1;
  const put64 = (at, value) =>
    little ? bytes.writeBigUInt64LE(value, at) : bytes.writeBigUInt64BE(value, at);
  const put16 = (at, value) => (little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at));
  const count = little ? bytes.readUInt16LE(56) : bytes.readUInt16BE(56);
  const header = 64 + 56 * random.below(Math.max(1, Math.min(count, 8)));
  const step = random.below(7);
  if (step === 0) put16(56, random.pick([0, 1, count + 1, 0xfffe, 0xffff]));
  else if (step === 1) {
    put16(56, 0xffff);
    put64(40, random.pick([0n, 8n, 64n, BigInt(Math.max(0, bytes.length - 60)), ...wide]));
  } else if (step === 2) put64(32, random.pick(wide));
  else if (step === 3) bytes.writeUInt32LE(random.word(), header);
  else
    put64(
      header + random.pick([8, 24, 32, 40]),
      random.oneIn(2) ? random.pick(wide) : BigInt(random.below(bytes.length)),
    );
}
