import type { Target } from '../abi/index.js';
import { writeU64 } from '../bytes/index.js';
import { SequentialWriter } from '../fdt/index.js';
import { beginRoot, cpuU64Bytes, type RootFdtWriter } from './root-fdt.js';

/** A registered blob. */
interface Queued {
  readonly name: string;
  readonly address: bigint;
  readonly size: bigint;
}

/**
 * The root FDT of kernels that write it in one go at finalize: subtrees wait in a queue, oldest first, and nothing about them is
 * checked before. A name that is there already makes a second node of that name.
 * Source: kho_finalize, Linux 6.16 to 6.18.
 */
export class QueuedRootFdt implements RootFdtWriter {
  readonly #target: Target;
  readonly #page: Uint8Array;
  readonly #queue: Queued[] = [];
  /** What clients register while finalize runs; their nodes come first. */
  #clients: Queued[] = [];
  #totalsize = 0;

  constructor(target: Target, page: Uint8Array) {
    this.#target = target;
    this.#page = page;
  }

  get totalsize(): number {
    return this.#totalsize;
  }

  bytes(): Uint8Array {
    return this.#page.slice(0, this.#totalsize);
  }

  beginFinalize(): void {
    this.#clients = [];
  }

  addSubtree(name: string, address: bigint, size: bigint, finalizing = false): number {
    (finalizing ? this.#clients : this.#queue).push({ name, address, size });
    return 0;
  }

  removeSubtree(address: bigint): void {
    const at = this.#queue.findIndex((queued) => queued.address === address);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  /** Writes the blob with a map address of 0, then asks for the map and fills it in: the kernel makes the list last. */
  setMap(map: () => bigint): number {
    const result = this.#write();
    if (result !== 0) return result;
    const { fdt, compatible } = { fdt: this.#target.abi.file.fdt, compatible: this.#target.abi.compatible };
    // Header 48, one reservation 16, root node 8, compatible; each property has 12 bytes before its value.
    let at = 48 + 16 + 8;
    for (const { role } of fdt.root) {
      if (role !== 'version') break;
      at += 12 + Math.ceil((compatible.length + 1) / 4) * 4;
    }
    writeU64(this.#page, at + 12, map(), this.#target.byteOrder);
    this.#totalsize = Buffer.from(this.#page.buffer, this.#page.byteOffset).readUInt32BE(4);
    return 0;
  }

  drop(): void {
    this.#totalsize = 0;
  }

  #write(): number {
    const writer = new SequentialWriter(this.#page);
    let result = beginRoot(writer, this.#target, 0n);
    for (const { name, address, size } of [...this.#clients, ...this.#queue]) {
      result ||= writer.beginNode(name);
      for (const property of this.#target.abi.file.fdt.subtree) {
        const value = property.role === 'phys' ? address : size;
        result ||= writer.property(property.name, cpuU64Bytes(this.#target, value));
      }
      result ||= writer.endNode();
    }
    return result || writer.endNode() || writer.finish();
  }
}
