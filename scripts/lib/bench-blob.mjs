/** The device tree of the benchmarks: 1 MiB (or up to three bytes less) with 9,000 nodes, the same at each run. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fdtNode, fdtTree, writeDtc } from '../../dist/index.js';

const SIZE = 2 ** 20;
const BUSES = 30;
/** With the buses and the root 9,000 nodes. */
const DEVICES = 9_000 - BUSES - 1;
const FIRST_ADDRESS = 0x1000_0000;

/** Writes the blob; gives its path. */
export function writeBenchBlob(path = 'build/bench.dtb') {
  const tree = benchTree();
  // One property more fills it up: 12 bytes and a value; its name is there already.
  const missing = SIZE - writeDtc(tree).length;
  tree.root.properties.push({ name: 'reg', value: new Uint8Array((missing - 12) & ~3) });
  const blob = writeDtc(tree);
  if (blob.length > SIZE || blob.length < SIZE - 3) throw new Error(`the blob has ${blob.length} bytes`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, blob);
  return path;
}

function benchTree() {
  const buses = Array.from({ length: BUSES }, (_, index) =>
    fdtNode(`bus@${(FIRST_ADDRESS + index * 0x100_0000).toString(16)}`, [
      text('compatible', 'simple-bus'),
      cells('#address-cells', 2),
      cells('#size-cells', 2),
    ]),
  );
  for (let index = 0; index < DEVICES; index++) {
    const address = FIRST_ADDRESS + index * 0x1000;
    const properties = [
      text('compatible', `vendor,device-${index % 97}`, 'vendor,device'),
      cells('reg', 0, address, 0, 0x1000),
      cells('phandle', index + 1),
    ];
    if (index % 5 === 0) properties.push(text('status', 'okay'));
    buses[index % BUSES].children.push(fdtNode(`device@${address.toString(16)}`, properties));
  }
  return fdtTree(fdtNode('', [cells('#address-cells', 2), cells('#size-cells', 2)], buses));
}

function text(name, ...strings) {
  return { name, value: Buffer.from(strings.map((string) => `${string}\0`).join(''), 'latin1') };
}

function cells(name, ...values) {
  const value = Buffer.alloc(4 * values.length);
  for (const [index, cell] of values.entries()) value.writeUInt32BE(cell, 4 * index);
  return { name, value };
}
