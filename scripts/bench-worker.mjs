#!/usr/bin/env node
/**
 * `bench-worker NAME SIZE`: one benchmark of the TypeScript side in a process of its own. SIZE is a number of pages or bytes, or a
 * file. Untimed rounds come first, so that the code is compiled; then a JSON line with the checksum. Each timed round, on fresh
 * state, waits for a line on standard input and prints one more JSON line: the C witness does the same, so the two take turns.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  findRootFdts,
  forEachBit,
  getAbi,
  openMemory,
  PageStore,
  RadixTree,
  radixGeometry,
  readFdt,
  walkBlocks,
  walkRuns,
  wordView,
  writeDtc,
} from '../dist/index.js';

/** Untimed rounds go on for this long: a short round is not compiled after one. */
const WARM_UP_MS = 500;
const FIRST = 0x100000;
/** Leaves and tables of 1 TiB of order-0 pages, rounded up. */
const TREE_PAGES = 8448;
const [name, size] = process.argv.slice(2);
const n = Number(size);

/**
 * Each gives { prepare, round, checksum? }: `round(prepare())` is what is timed. The checksum of the state is a number or a text;
 * without one it is what the round gave.
 */
const benches = {
  'add-seq': () => ({
    prepare: newTree,
    round: (tree) => {
      for (let pfn = FIRST; pfn < FIRST + n; pfn++) tree.addPage(pfn);
    },
    checksum: blocks,
  }),
  'add-random': () => {
    const pfns = randomPfns(n);
    return { prepare: newTree, round: (tree) => addAll(tree, pfns), checksum: blocks };
  },
  'fill-dense': () => ({
    prepare: newTree,
    round: (tree) => tree.addRun(FIRST, 0, n / 4096),
    checksum: blocks,
  }),
  'walk-random': () => {
    const tree = newTree();
    addAll(tree, randomPfns(n));
    // A typed array: a double in a closure variable would be a new heap object at each step.
    const sum = new Float64Array(1);
    const visit = (pfn, order) => {
      sum[0] += pfn + order;
    };
    return {
      prepare: () => tree,
      round: () => {
        sum[0] = 0;
        walkBlocks(source(tree), visit);
        return sum[0];
      },
    };
  },
  'walk-dense': () => {
    const tree = newTree();
    tree.addRun(FIRST, 0, n / 4096);
    return {
      prepare: () => tree,
      round: () => {
        let sum = 0;
        walkRuns(source(tree), {
          run(pfn, order, count) {
            // Sum of pfn + order over the blocks of the run: exact, for these sizes stay below 2^53.
            sum += count * (pfn + order) + ((count * (count - 1)) / 2) * 2 ** order;
          },
        });
        return sum;
      },
    };
  },
  'scan-leaves': () => {
    // n bytes of leaves with one bit each.
    const words = new Uint32Array(n / 4);
    const leaves = n / 4096;
    for (let leaf = 0; leaf < leaves; leaf++) words[leaf * 1024 + ((leaf * 37) % 1024)] = 1 << (leaf % 32);
    const view = wordView('little');
    return {
      prepare: () => words,
      round: () => {
        let bits = 0;
        for (let leaf = 0; leaf < leaves; leaf++) {
          forEachBit({ words, start: leaf * 1024, length: 1024 }, view, () => {
            bits++;
          });
        }
        return bits;
      },
    };
  },
  'scan-fdt': async () => {
    const { memory } = await openMemory(size);
    const address = () => `0x${findRootFdts(memory)[0].address.toString(16)}`;
    return { prepare: () => undefined, round: address };
  },
  'fdt-decode': () => {
    const bytes = readFileSync(size);
    return {
      prepare: () => bytes,
      round: readFdt,
      // What was read, written again: the C side is dtc's own copy of the blob.
      checksum: (blob) => sha256(writeDtc(readFdt(blob))),
    };
  },
  'fdt-encode': () => {
    const tree = readFdt(readFileSync(size));
    return { prepare: () => tree, round: writeDtc, checksum: (from) => sha256(writeDtc(from)) };
  },
};

await run(await benches[name]());

async function run({ prepare, round, checksum = (_state, result) => result }) {
  const until = performance.now() + WARM_UP_MS;
  let sum;
  do {
    const state = prepare();
    const result = round(state);
    sum ??= checksum(state, result);
  } while (performance.now() < until);
  say({ name, n, checksum: typeof sum === 'number' ? `0x${BigInt(sum).toString(16)}` : sum });
  for await (const _turn of createInterface({ input: process.stdin })) {
    const state = prepare();
    const start = process.hrtime.bigint();
    round(state);
    say({ ns: Number(process.hrtime.bigint() - start) });
  }
}

function say(line) {
  console.log(JSON.stringify(line));
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

function newTree() {
  const store = new PageStore({ base: 1n << 40n, pageShift: 12, expectedPages: TREE_PAGES });
  return new RadixTree(store, radixGeometry(getAbi('kho-v4'), 12), 'little');
}

function source(tree) {
  return { memory: tree.store, root: tree.root, geometry: tree.geometry, byteOrder: tree.byteOrder };
}

function addAll(tree, pfns) {
  for (let index = 0; index < pfns.length; index++) tree.addPage(pfns[index]);
}

function blocks(tree) {
  let count = 0;
  walkRuns(source(tree), {
    run(_pfn, _order, run) {
      count += run;
    },
  });
  return count;
}

/** The same sequence as the C witness: xorshift32, PFNs below 2^28. */
function randomPfns(count) {
  const pfns = new Uint32Array(count);
  let x = 0x9e3779b9;
  for (let index = 0; index < count; index++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    pfns[index] = x & 0x0fffffff;
  }
  return pfns;
}
