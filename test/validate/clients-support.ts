/**
 * A sound handover of all clients in memory that a test can change: addresses are found by following the wire formats by hand (offsets
 * as the headers of Linux 7.2 and 7.3 have them), not with the readers under test.
 */
import {
  type ByteOrder,
  type EncodedHandover,
  encodeScenario,
  getAbi,
  makeTarget,
  type PageShift,
  type PhysicalMemory,
  parseScenario,
  property,
  readFdt,
} from '../../src/index.js';
import {
  allRules,
  type Finding,
  type ValidationReport,
  type ValidationSubject,
  validate,
} from '../../src/validate/index.js';
import { native, text, u32, u64 } from '../support/native.js';

export const BASE = `init kernel
page 0x12345 0
kho-test 0 2 1
memblock trace 0x40000000 0x10000
memblock oops2 0x50000000 0x10000
luo session vm-1
luo memfd 0xa1 0x100000 0x2000:2 0x2008:2:1
luo memfd 0xa2 0x100000 0x3000:4
luo session vm-2
luo memfd 0xb1 0x100000 0x4000:1
`;
/** FLBs and an empty, preserved page: what 6.19 does not have. */
export const MORE = `${BASE}luo flb iommu 0x5000 1\nluo flb vfio1 0x6000 1\nsubtree driver alloc 100\n`;

export type Target = readonly [order: ByteOrder, pageShift: PageShift];
export const TARGETS: readonly Target[] = [
  ['little', 12],
  ['big', 12],
  ['little', 14],
  ['big', 14],
  ['little', 16],
  ['big', 16],
];

const NAMES = new Map(allRules().map(({ id, name }) => [id, name]));

export class Hand {
  readonly made: EncodedHandover;
  readonly order: ByteOrder;
  readonly shift: PageShift;
  readonly fdt: Uint8Array;
  /** Addresses that the dump seems not to have. */
  readonly hidden = new Set<bigint>();

  constructor(scenario: string, abi: string, [order, shift]: Target) {
    this.made = encodeScenario(parseScenario(scenario, 'test'), makeTarget(getAbi(abi), order, shift));
    this.order = order;
    this.shift = shift;
    this.fdt = this.made.fdt.slice();
  }

  // Memory
  bytes(at: bigint, bytes: Uint8Array): void {
    this.made.producer.store.write(at, bytes);
  }
  u64(at: bigint, value: bigint | number): void {
    this.bytes(at, native(this.order, u64(value)));
  }
  u32(at: bigint, value: number): void {
    this.bytes(at, native(this.order, u32(value)));
  }
  text(at: bigint, value: string, length: number): void {
    this.bytes(at, native(this.order, text(value, length)));
  }
  read(at: bigint, length: number): Buffer {
    return Buffer.from(this.made.producer.store.read(at, length)!);
  }
  at(address: bigint): bigint {
    const bytes = this.read(address, 8);
    return this.order === 'little' ? bytes.readBigUInt64LE() : bytes.readBigUInt64BE();
  }
  get page(): bigint {
    return 1n << BigInt(this.shift);
  }
  pfn(pfn: number): bigint {
    return BigInt(pfn) << BigInt(this.shift);
  }
  unpreserve(address: bigint, order = 0): void {
    this.made.producer.unpreserveFolio(Number(address >> BigInt(this.shift)), order);
  }

  // Subtrees
  /** Bytes of a property of a subtree's node in the root FDT. */
  rootValue(subtree: string, name: string): { offset: number; length: number } {
    const node = readFdt(this.fdt).root.children.find((child) => child.name === subtree)!;
    const found = property(node, name)!;
    return { offset: found.valueOffset!, length: found.value.length };
  }
  setRoot(subtree: string, name: string, value: bigint | number): void {
    this.fdt.set(native(this.order, u64(value)), this.rootValue(subtree, name).offset);
  }
  blob(subtree: string): bigint {
    const name = this.made.target.abi.file.fdt.subtree.find(({ role }) => role === 'phys')!.name;
    const { offset, length } = this.rootValue(subtree, name);
    const bytes = Buffer.from(this.fdt.subarray(offset, offset + length));
    return this.order === 'little' ? bytes.readBigUInt64LE() : bytes.readBigUInt64BE();
  }
  /** Replaces text in the page of a blob by text of the same length, from the nth occurrence on. */
  replace(subtree: string, from: string, to: string, nth = 0): bigint {
    const start = this.blob(subtree);
    const page = this.read(start, 2 ** this.shift);
    let at = -1;
    for (let times = 0; times <= nth; times++) at = page.indexOf(from, at + 1, 'latin1');
    if (at < 0 || from.length !== to.length) throw new Error(`cannot replace ${from}`);
    this.bytes(start + BigInt(at), Buffer.from(to, 'latin1'));
    return start + BigInt(at);
  }
  /** Address of a property's value in a client's device tree. */
  value(subtree: string, path: readonly string[], name: string): bigint {
    const start = this.blob(subtree);
    const size = this.read(start + 4n, 4).readUInt32BE();
    let node = readFdt(this.read(start, size)).root;
    for (const part of path) node = node.children.find((child) => child.name === part)!;
    return start + BigInt(property(node, name)!.valueOffset!);
  }

  // LUO as luo-v5 has it: root { compatible[8], number, sessions, flbs }; blocks { next, count, entries }.
  get luo(): bigint {
    return this.blob('LUO');
  }
  get sessions(): bigint {
    return this.at(this.luo + 16n);
  }
  get flbs(): bigint {
    return this.at(this.luo + 24n);
  }
  /** 80 bytes: name[64], files, count. */
  session(index: number): bigint {
    return this.sessions + 16n + 80n * BigInt(index);
  }
  files(session: number): bigint {
    return this.at(this.session(session) + 64n);
  }
  /** 64 bytes: compatible[48], data, token. */
  file(session: number, index: number): bigint {
    return this.files(session) + 16n + 64n * BigInt(index);
  }
  /** 48 bytes: pos, size, seals, flags, nr_folios, descriptor. */
  memfd(session: number, index: number): bigint {
    return this.at(this.file(session, index) + 48n);
  }
  /** A folio entry of 16 bytes; the array's first page is the first entry of the chunk. */
  folio(session: number, index: number, number: number): bigint {
    const chunk = this.at(this.memfd(session, index) + 32n);
    return this.at(chunk + 8n) + 16n * BigInt(number);
  }
  setFolio(at: bigint, pfn: bigint, flags = 3n): void {
    this.u64(at, this.order === 'little' ? pfn | (flags << 52n) : (pfn << 12n) | flags);
  }
  /** The self-test's list: one u64 for each folio, behind the chunk of its descriptor. */
  get testList(): bigint {
    return this.at(this.at(this.value('kho_test', ['data'], 'folios_info')) + 8n);
  }

  validate(more: Partial<ValidationSubject> = {}): ValidationReport {
    const input = { path: 'x', kind: 'test', bytes: 0, sha256: null };
    const { store } = this.made.producer;
    const { hidden } = this;
    const memory: PhysicalMemory = {
      source: 'test',
      hints: store.hints,
      ranges: () => store.ranges(),
      read: (at, length) =>
        [...hidden].some((page) => at < page + this.page && page < at + BigInt(length))
          ? undefined
          : store.read(at, length),
    };
    return validate({
      inputs: [input, input, input],
      fdt: { bytes: this.fdt, input: 0 },
      fdtAddress: this.made.fdtAddress,
      memory: { memory, input: 1 },
      told: { abi: this.made.target.abi, byteOrder: this.order, pageShift: this.shift },
      tool: { name: 'kho-abi', version: 'test' },
      started: null,
      ...more,
    });
  }
}

/** Findings of one rule, by its name. */
export function findingsOf(report: ValidationReport, name: string): Finding[] {
  return report.findings.filter(({ rule }) => NAMES.get(rule) === name);
}

/** `severity name` of all findings that are about clients. */
export function clientFindings(report: ValidationReport): string[] {
  return report.findings
    .filter(({ rule }) => rule.startsWith('KHO4'))
    .map(({ rule, severity, message }) => `${severity} ${NAMES.get(rule)}: ${message}`);
}
