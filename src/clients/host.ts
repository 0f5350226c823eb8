import type { Target } from '../abi/index.js';
import { hex, KhoError } from '../bytes/index.js';
import type { PageStore } from '../memory/index.js';
import type { VmallocArea, VmallocDescriptor } from '../vmalloc/index.js';

/** What a client of the first kernel needs from Kexec Handover. PFNs are numbers; results are 0 or the kernel's error. */
export interface ClientHost {
  readonly store: PageStore;
  preserveFolio(pfn: number, order: number): number;
  preservePages(pfn: number, count: number): number;
  preserveVmalloc(area: Omit<VmallocArea, 'flags'>, vmFlags: number): VmallocDescriptor | number;
  addSubtree(name: string, address: bigint, size: bigint): number;
}

/** A host together with the target it works for: taking pages, preserving them, writing into them. */
export class ClientMemory {
  readonly target: Target;
  readonly host: ClientHost;

  constructor(target: Target, host: ClientHost) {
    this.target = target;
    this.host = host;
  }

  get pageSize(): number {
    return 2 ** this.target.pageShift;
  }

  /**
   * Takes 2^order zeroed pages and gives their physical address; nothing is preserved yet.
   *
   * @throws KhoError `E_SCENARIO` when the arena's base does not let the folio be aligned
   */
  take(order = 0): bigint {
    const address = this.host.store.address(this.host.store.allocate(order));
    const unit = 1n << BigInt(this.target.pageShift + order);
    if (address % unit !== 0n) {
      throw new KhoError('E_SCENARIO', 'the arena base is not aligned enough for this folio', {
        found: hex(address),
        expected: `a multiple of ${hex(unit)}`,
      });
    }
    return address;
  }

  /** Takes a folio and preserves it at once, as kho_alloc_preserve does. */
  takePreserved(order = 0): bigint {
    const address = this.take(order);
    this.must(this.host.preserveFolio(this.pfn(address), order), 'preserving a folio');
    return address;
  }

  /** Takes the data pages of a vmalloc area of so many bytes, one by one; gives their addresses. */
  takeArea(bytes: number): bigint[] {
    return Array.from({ length: Math.ceil(bytes / this.pageSize) }, () => this.take());
  }

  /** Preserves a vmalloc area made by `takeArea`. */
  preserveArea(pages: readonly bigint[]): VmallocDescriptor {
    const known = this.target.abi.file.vmalloc?.flags.find(({ name }) => name === 'VM_ALLOC');
    if (known === undefined) throw new KhoError('E_USAGE', 'this ABI cannot preserve vmalloc areas');
    const heads = pages.map((page) => this.pfn(page));
    const made = this.host.preserveVmalloc({ heads, order: 0 }, known.vmFlag);
    if (typeof made === 'number') throw this.refused(made, 'preserving a vmalloc area');
    return made;
  }

  /** Writes bytes over the pages of an area, in the order of the mapping. */
  writeArea(pages: readonly bigint[], bytes: Uint8Array): void {
    for (const [index, page] of pages.entries())
      this.host.store.write(page, bytes.subarray(index * this.pageSize, (index + 1) * this.pageSize));
  }

  write(address: bigint, bytes: Uint8Array): void {
    this.host.store.write(address, bytes);
  }

  pfn(address: bigint): number {
    return Number(address >> BigInt(this.target.pageShift));
  }

  /** For calls that a client cannot do without and that only a state that allows nothing any more refuses. */
  must(result: number, what: string): void {
    if (result !== 0) throw this.refused(result, what);
  }

  refused(result: number, what: string): KhoError {
    return new KhoError('E_SCENARIO', `${what} is refused here`, { found: `${result}` });
  }
}
