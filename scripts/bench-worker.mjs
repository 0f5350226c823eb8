#!/usr/bin/env node
/**
 * One benchmark of the TypeScript side in a process of its own: a warm-up round, then five timed ones on fresh state.
 * Prints one JSON line like the C witness does: name, n, ns[5], checksum; and for `handover-rss` the peak RSS.
 */
import { readFileSync } from 'node:fs';
import {
  forEachBit,
  getAbi,
  makeTarget,
  PageStore,
  Producer,
  RadixTree,
  radixGeometry,
  readFdt,
  walkBlocks,
  walkRuns,
  wordView,
  writeDtc,
} from '../dist/index.js';

const ROUNDS = 5;
const FIRST = 0x100000;
/** Leaves and tables of 1 TiB of order-0 pages, rounded up. */
const TREE_PAGES = 8448;
const [name, size] = process.argv.slice(2);
const n = Number(size);

/** Each gives { round, count?, checksum? }: `round(fresh state)` is what is timed. */
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
    return {
      prepare: () => tree,
      round: () => {
        // A typed array: a double in a closure variable would be a new heap object at each step.
        const sum = new Float64Array(1);
        walkBlocks(source(tree), (pfn, order) => {
          sum[0] += pfn + order;
        });
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
  'fdt-decode': () => {
    const bytes = readFileSync(size);
    return { prepare: () => bytes, round: (blob) => readFdt(blob).root.children.length };
  },
  'fdt-encode': () => {
    const tree = readFdt(readFileSync(size));
    return { prepare: () => tree, round: (from) => writeDtc(from).length };
  },
};

if (name === 'handover-rss') handoverRss();
else run(benches[name]());

function run({ prepare, round, checksum }) {
  const warm = prepare();
  let sum = round(warm);
  if (checksum !== undefined) sum = checksum(warm);
  const ns = [];
  for (let index = 0; index < ROUNDS; index++) {
    const state = prepare();
    const start = process.hrtime.bigint();
    round(state);
    ns.push(Number(process.hrtime.bigint() - start));
  }
  console.log(JSON.stringify({ name, n, ns, checksum: `0x${BigInt(sum ?? 0).toString(16)}` }));
}

/** A whole handover of 1 TiB: FDT, tree, a subtree. */
function handoverRss() {
  const producer = new Producer(makeTarget(getAbi('kho-v2'), 'little', 12), {
    base: 1n << 40n,
    init: 'kernel',
    expectedPages: TREE_PAGES,
  });
  producer.tree.addRun(FIRST, 0, 2 ** 28);
  producer.addSubtree('LUO', 0x1000n, 32n);
  const treePages = producer.store.pages * producer.store.pageSize;
  console.log(JSON.stringify({ name, treePages, peak: process.resourceUsage().maxRSS * 1024 }));
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
