import { type ClientAbi, encodeStruct } from '../abi/index.js';
import { writeU64 } from '../bytes/index.js';
import { encodeDescriptor } from '../vmalloc/index.js';
import { csumPartial } from './checksum.js';
import type { ClientMemory } from './host.js';
import { writeShape } from './shape.js';

/**
 * The kernel's self-test: a device tree, a list of folios, and the folios with contents whose checksum the next kernel
 * compares. The real test fills them with random bytes; here each page holds its own physical address, so that dumps stay small.
 */
export class KhoTestClient {
  readonly #memory: ClientMemory;
  readonly #abi: ClientAbi;
  readonly #tree: bigint;
  readonly #treeOrder: number;
  /** Data pages of the list's vmalloc area; none for the inline form. */
  readonly #area: readonly bigint[];
  readonly #folios: readonly { address: bigint; order: number }[];

  /** Takes all pages: the tree's folio, the list's pages, then the folios, in the order given. Preserves nothing. */
  constructor(memory: ClientMemory, abi: ClientAbi, orders: readonly number[], preserveTree: boolean) {
    this.#memory = memory;
    this.#abi = abi;
    const listBytes = 8 * orders.length;
    this.#treeOrder = orderOf(listBytes + memory.pageSize, memory.pageSize);
    this.#tree = preserveTree ? memory.takePreserved(this.#treeOrder) : memory.take(this.#treeOrder);
    this.#area = this.#isVmalloc ? memory.takeArea(listBytes) : [];
    this.#folios = orders.map((order) => {
      const address = memory.take(order);
      this.#fill(address, order);
      return { address, order };
    });
  }

  /** Up to 6.18: the notifier that finalize calls preserves the tree first. */
  registerAtFinalize(): number {
    const { host } = this.#memory;
    this.#memory.must(
      host.preserveFolio(this.#memory.pfn(this.#tree), this.#treeOrder),
      'preserving a folio',
    );
    return this.register();
  }

  /** Preserves the folios and then the list, writes list and tree, and registers. */
  register(): number {
    const { target, host } = this.#memory;
    const list = new Uint8Array(8 * this.#folios.length);
    for (const [index, { address, order }] of this.#folios.entries()) {
      this.#memory.must(host.preserveFolio(this.#memory.pfn(address), order), 'preserving a folio');
      writeU64(list, 8 * index, address | BigInt(order), target.byteOrder);
    }
    let info: Uint8Array = list;
    if (this.#isVmalloc) {
      info = encodeDescriptor(target, this.#memory.preserveArea(this.#area));
      this.#memory.writeArea(this.#area, list);
    }
    const bytes = writeShape(this.#abi, target, {}, [
      {
        path: '/data',
        name: 'data',
        values: { nr_folios: this.#folios.length, folios_info: info, csum: this.#checksum() },
      },
    ]);
    this.#memory.write(this.#tree, bytes);
    return host.addSubtree(this.#abi.file.subtree!, this.#tree, BigInt(bytes.length));
  }

  get #isVmalloc(): boolean {
    return this.#abi.file.khoTest?.foliosInfo === 'vmalloc';
  }

  #fill(address: bigint, order: number): void {
    const { target, pageSize } = this.#memory;
    const struct = this.#abi.struct('folio_info', target.pageShift);
    for (let page = 0; page < 2 ** order; page++) {
      const at = address + BigInt(page * pageSize);
      this.#memory.write(at, encodeStruct(struct, { info: at }, target.byteOrder));
    }
  }

  #checksum(): number {
    const { target, host, pageSize } = this.#memory;
    let sum = 0;
    for (const { address, order } of this.#folios) {
      const bytes = host.store.read(address, pageSize * 2 ** order)!;
      sum = csumPartial(bytes, sum, target.byteOrder, target.machine);
    }
    return sum;
  }
}

/** get_order: the least order whose folio holds so many bytes. */
function orderOf(bytes: number, pageSize: number): number {
  let order = 0;
  while (pageSize * 2 ** order < bytes) order++;
  return order;
}
