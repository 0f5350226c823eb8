#!/usr/bin/env node
/**
 * A handover of 1 TiB in a process of its own: FDT, tree and a subtree are made, and the tree is walked again. Imports nothing else,
 * so that the peak is what a user of the package gets. Prints one JSON line: bytes of the tree and FDT pages, and peak resident
 * bytes of the process.
 */
import { getAbi, makeTarget, Producer, walkRuns } from '../dist/index.js';

const PAGES = 2 ** 28;
/** Pages of the tree, rounded up. */
const TREE_PAGES = 8448;

const producer = new Producer(makeTarget(getAbi('kho-v2'), 'little', 12), {
  base: 1n << 40n,
  init: 'kernel',
  expectedPages: TREE_PAGES,
});
// A radix tree, for this ABI has one.
const { store, map: tree } = producer;
tree.addRun(0x100000, 0, PAGES);
producer.addSubtree('LUO', 0x1000n, 32n);

let pages = 0;
walkRuns(
  { memory: store, root: tree.root, geometry: tree.geometry, byteOrder: tree.byteOrder },
  {
    run(_pfn, order, count) {
      pages += count * 2 ** order;
    },
  },
);
if (pages < PAGES) throw new Error(`the tree holds ${pages} pages`);

console.log(
  JSON.stringify({
    treePages: store.pages * store.pageSize,
    peak: process.resourceUsage().maxRSS * 1024,
  }),
);
