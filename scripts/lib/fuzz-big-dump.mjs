/** Large dumps with a sound handover in them, written with bounded memory. */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { encodeScenario, getAbi, makeTarget, parseScenario, writeElfCore } from '../../dist/index.js';
import { Random } from './fuzz-random.mjs';

const PAGE = 4096;
const GIB = 2 ** 30;
const MIB = 2 ** 20;
const SPARSE_SIZE = 64 * GIB;
/** Blocks of orders above 0 and the folios of the clients lie in the last part, single pages below it. */
const ORDERS_FROM = 60 * GIB;
const CLIENTS_FROM = 62 * GIB;
const HIGHEST_ORDER = 10;
/** No page is preserved around the arena, so that tables never are. */
const ARENA_SPAN = 64 * MIB;
/** Physical memory starts here in the file. */
const DATA_AT = PAGE;

const TARGET = makeTarget(getAbi('kho-v4'), 'little', 12);

/** Kernel 1 with LUO, two sessions and a memfd; `first` is a free page for its folios. */
function handover(base, first) {
  const pfn = (index) => `0x${(first / PAGE + index).toString(16)}`;
  const text = [
    `base 0x${base.toString(16)}`,
    'init kernel',
    'luo session vm-1',
    `luo memfd 0 0x8000 ${pfn(0)}:8`,
    'luo session idle',
  ];
  return encodeScenario(parseScenario(`${text.join('\n')}\n`, 'big dump'), TARGET);
}

/** A sparse file of 64 GiB of memory with about `pages` preserved pages, most of them single ones at random. */
export function sparseDump(path, pages) {
  const base = SPARSE_SIZE / 2;
  const made = handover(base, CLIENTS_FROM);
  const { map } = made.producer;
  const random = new Random(1);
  let blocks = 0;
  let preserved = 0;
  for (let pfn = ORDERS_FROM / PAGE; pfn < CLIENTS_FROM / PAGE && preserved < pages / 20; ) {
    const order = 1 + random.below(HIGHEST_ORDER);
    pfn = Math.ceil(pfn / 2 ** order) * 2 ** order;
    map.add(pfn, order);
    preserved += 2 ** order;
    blocks++;
    pfn += 2 ** order * (1 + random.below(2));
  }
  const taken = new Uint8Array(ORDERS_FROM / PAGE);
  taken.fill(1, base / PAGE, (base + ARENA_SPAN) / PAGE);
  // PFN 0 is never preserved by a kernel.
  taken[0] = 1;
  while (preserved < pages) {
    const pfn = random.below(taken.length);
    if (taken[pfn] === 1) continue;
    taken[pfn] = 1;
    map.addPage(pfn);
    preserved++;
    blocks++;
  }
  return write(path, made, SPARSE_SIZE, () => {}, { preserved, blocks });
}

/** A file without holes: noise, and a handover in the middle. */
export function denseDump(path, gib) {
  const made = handover((gib * GIB) / 2, (gib * GIB) / 2 + ARENA_SPAN);
  const noise = new Uint32Array((4 * MIB) / 4);
  const random = new Random(2);
  for (let index = 0; index < noise.length; index++) noise[index] = random.word();
  const fill = (fd) => {
    for (let at = 0; at < gib * GIB; at += noise.byteLength)
      writeSync(fd, noise, 0, noise.byteLength, DATA_AT + at);
  };
  return write(path, made, gib * GIB, fill, {});
}

/** First page of a core whose one segment is memory from 0 to `size`: that of a core of one page, with other sizes. */
function coreHeader(size) {
  const page = {
    source: 'one page',
    hints: {},
    ranges: () => [{ start: 0n, end: BigInt(PAGE) }],
    read: () => new Uint8Array(PAGE),
  };
  const header = Buffer.from(writeElfCore(page, TARGET)).subarray(0, DATA_AT);
  // p_filesz and p_memsz of the second program header; the first is the note.
  for (const field of [32, 40]) header.writeBigUInt64LE(BigInt(size), 64 + 56 + field);
  return header;
}

function write(path, made, size, fill, facts) {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, 'w');
  try {
    ftruncateSync(fd, DATA_AT + size);
    fill(fd);
    writeSync(fd, coreHeader(size));
    for (const { start, end } of made.memory.ranges()) {
      for (let at = start; at < end; at += BigInt(PAGE))
        writeSync(fd, made.memory.read(at, PAGE), 0, PAGE, DATA_AT + Number(at));
    }
  } finally {
    closeSync(fd);
  }
  return { fdtAddress: `0x${made.fdtAddress.toString(16)}`, bytes: DATA_AT + size, ...facts };
}
