import type { Target } from '../abi/index.js';
import { KhoError, Writer } from '../bytes/index.js';
import { child, type FdtNode, fdtNode, readFdt, writeDtc } from '../fdt/index.js';
import type { Handoff } from '../handover/index.js';
import type { PhysicalRange } from '../memory/index.js';

/** What the device tree tells the kernel besides the machine itself. */
export interface MachineTreeFacts {
  /** Kernel command line. */
  readonly commandLine: string;
  /** RAM that the kernel is told of. */
  readonly ram: readonly PhysicalRange[];
  readonly initrd: PhysicalRange | undefined;
  /** Where FDT and scratch array of the handover are; undefined: a cold boot. */
  readonly handoff: Handoff | undefined;
}

/** Random numbers that QEMU makes anew for each dump; a replay wants the same bytes each time. */
const SEEDS = ['rng-seed', 'kaslr-seed'];

/**
 * QEMU's own device tree with memory nodes, command line, initrd and handover of a replay, laid out as dtc does it.
 *
 * Addresses and sizes have as many big-endian cells as the root's `#address-cells` and `#size-cells` say.
 *
 * @param dtb what `-machine dumpdtb=` wrote
 * @throws KhoError `E_FDT` for a damaged tree, `E_WRONG_KIND` for one without cell counts
 * Source: drivers/of/fdt.c, Linux 7.3; devicetree specification, chapter 3.
 */
export function machineTree(dtb: Uint8Array, target: Target, facts: MachineTreeFacts): Uint8Array {
  const tree = readFdt(dtb, { source: "QEMU's device tree" });
  const { root } = tree;
  const cells = { address: cellCount(root, '#address-cells'), size: cellCount(root, '#size-cells') };
  const pair = ({ start, end }: PhysicalRange): Uint8Array =>
    cellBytes([
      [start, cells.address],
      [end - start, cells.size],
    ]);
  const first = root.children.findIndex(isMemory);
  root.children = root.children.filter((node) => !isMemory(node));
  const memory = facts.ram.map((range) =>
    fdtNode(`memory@${range.start.toString(16)}`, [
      { name: 'reg', value: pair(range) },
      { name: 'device_type', value: text('memory') },
    ]),
  );
  root.children.splice(first < 0 ? root.children.length : first, 0, ...memory);

  let chosen = child(root, 'chosen');
  if (chosen === undefined) {
    chosen = fdtNode('chosen');
    root.children.push(chosen);
  }
  const set = (name: string, value: Uint8Array): void => setProperty(chosen, name, value);
  chosen.properties = chosen.properties.filter(({ name }) => !SEEDS.includes(name));
  set('bootargs', text(facts.commandLine));
  if (facts.initrd !== undefined) {
    set('linux,initrd-start', cellBytes([[facts.initrd.start, 2]]));
    set('linux,initrd-end', cellBytes([[facts.initrd.end, 2]]));
  }
  const { fdt, scratch } = target.abi.file.handoff.chosen;
  chosen.properties = chosen.properties.filter(({ name }) => name !== fdt && name !== scratch);
  if (facts.handoff !== undefined) {
    const { fdtAddress, fdtSize, scratchAddress, scratchSize } = facts.handoff;
    set(fdt, pair({ start: fdtAddress, end: fdtAddress + fdtSize }));
    set(scratch, pair({ start: scratchAddress, end: scratchAddress + scratchSize }));
  }
  return writeDtc(tree);
}

function isMemory({ name }: FdtNode): boolean {
  return name === 'memory' || name.startsWith('memory@');
}

function setProperty(node: FdtNode, name: string, value: Uint8Array): void {
  const found = node.properties.find((candidate) => candidate.name === name);
  if (found === undefined) node.properties.push({ name, value });
  else found.value = value;
}

function cellCount(root: FdtNode, name: string): number {
  const value = root.properties.find((candidate) => candidate.name === name)?.value;
  const count = value?.length === 4 ? Buffer.from(value).readUInt32BE(0) : undefined;
  if (count !== 1 && count !== 2)
    throw new KhoError('E_WRONG_KIND', `the root has no usable ${name}`, {
      source: "QEMU's device tree",
      found: count === undefined ? 'none' : `${count}`,
      expected: '1 or 2',
    });
  return count;
}

/** Numbers as big-endian cells of 32 bits. */
function cellBytes(values: readonly (readonly [bigint, number])[]): Uint8Array {
  const out = new Writer('big', 32);
  for (const [value, count] of values) {
    if (count === 2) out.u64(value);
    else if (value < 1n << 32n) out.u32(Number(value));
    else throw new KhoError('E_USAGE', 'an address does not fit into one cell', { address: value });
  }
  return out.finish();
}

function text(value: string): Uint8Array {
  return Buffer.from(`${value}\0`, 'latin1');
}
