/** A host that writes down what a client asks for, in order. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ClientHost,
  clientFormats,
  type DecodedClient,
  decodeClient,
  type FormatIds,
  fromHex,
  getAbi,
  KernelClients,
  makeTarget,
  type PageShift,
  PageStore,
  type Target,
  writeVmalloc,
} from '../../src/index.js';
import { dump, type Order } from '../support/native.js';

export const BASE = 0x1_0000_0000n;

/** What a kernel of 7.2 and 7.3 speaks. */
export const LATEST: FormatIds = {
  registeredAt: 'boot',
  partialPage: 'dropped',
  metadata: 'kexec-metadata-v1',
  khoTest: 'kho-test-v1',
  luo: 'luo-v5',
  memfd: 'memfd-v2',
  memblock: 'memblock-v1',
};

export class LoggingHost implements ClientHost {
  readonly store: PageStore;
  readonly log: string[] = [];
  readonly target: Target;
  /** What preservePages gives. */
  result = 0;

  constructor(target: Target, base = BASE) {
    this.target = target;
    this.store = new PageStore({ base, pageShift: target.pageShift });
  }

  preserveFolio(pfn: number, order: number): number {
    this.log.push(`folio ${pfn.toString(16)} ${order}`);
    return 0;
  }

  preservePages(pfn: number, count: number): number {
    this.log.push(`pages ${pfn.toString(16)} ${count}`);
    return this.result;
  }

  preserveVmalloc(area: { heads: readonly number[]; order: number }, vmFlags: number) {
    this.log.push(`vmalloc ${vmFlags}`);
    const newChunk = (): number => {
      const page = this.store.allocate();
      this.preservePages(Number(this.store.address(page) >> BigInt(this.target.pageShift)), 1);
      return page;
    };
    const preservePages = (pfn: number, pages: number): void => void this.preservePages(pfn, pages);
    return writeVmalloc(this.target, { store: this.store, newChunk, preservePages }, { ...area, flags: 1 });
  }

  addSubtree(name: string, address: bigint, size: bigint): number {
    this.log.push(`subtree ${name} ${address.toString(16)} ${size}`);
    return 0;
  }

  bytes(address: bigint, length: number): Buffer {
    return Buffer.from(this.store.read(address, length)!);
  }
}

export function setUp(options: {
  ids?: Partial<FormatIds>;
  order?: Order;
  pageShift?: PageShift;
  machine?: 'x86_64' | 'aarch64';
}): { host: LoggingHost; clients: KernelClients; target: Target } {
  const { ids, order = 'little', pageShift = 12, machine } = options;
  const target = makeTarget(getAbi('kho-v4'), order, pageShift, machine);
  const host = new LoggingHost(target);
  return { host, target, clients: new KernelClients(target, host, clientFormats({ ...LATEST, ...ids })) };
}

/** A device tree that the real libfdt wrote. */
export function libfdtTree(name: string, order: Order): Uint8Array {
  const lines = readFileSync(join(import.meta.dirname, '../fixtures/clients/trees.txt'), 'latin1').split(
    '\n',
  );
  const words = lines
    .map((line) => line.split(' '))
    .find(([found, which]) => found === name && which === order)!;
  return fromHex(words[3]!);
}

/** A file of a capture. */
export function capture(folder: 'linux-7.3.4-x86_64-4k' | 'linux-7.3.4-x86_64-4k-luo', file: string): string {
  return join(import.meta.dirname, '../../golden/captures', folder, file);
}

/** Pages of a dump by address; see `dump`. */
export type Pages = Record<string, Uint8Array>;

/** Decodes the subtree whose blob is at 0x1000, little endian, 4K. */
export function decodeDump(name: string, pages: Pages, size?: bigint): DecodedClient {
  return decodeClient(name, 0x1000n, size, dump(12, pages), makeTarget(getAbi('kho-v4'), 'little', 12));
}
