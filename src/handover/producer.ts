import { pageSizeName, type Target } from '../abi/index.js';
import { hex, KhoError } from '../bytes/index.js';
import { type BootClients, clientFormats, type FormatIds, KernelClients } from '../clients/index.js';
import { ChunkTracker, type MapSource, mapGeometry, RadixTree, splitRange } from '../map/index.js';
import { PageStore } from '../memory/index.js';
import { readVmalloc, type VmallocArea, type VmallocDescriptor, writeVmalloc } from '../vmalloc/index.js';
import { RootFdt, type RootFdtWriter } from './root-fdt.js';
import { QueuedRootFdt } from './root-fdt-queue.js';

/** Errors of the kernel's own functions, as they return them. */
const E2BIG = -7;
const ENOMEM = -12;
const EINVAL = -22;

/** How the first kernel is set up. */
export interface ProducerOptions {
  /** Physical address of arena page 0, below 2^52. */
  readonly base?: bigint;
  /** Release string for kexec-metadata. */
  readonly release?: string;
  /** PFNs at which NUMA nodes begin, ascending. */
  readonly nodeStarts?: readonly number[];
  /** `kernel` preserves the FDT page and registers what the kernel registers by itself. */
  readonly init?: 'bare' | 'kernel';
  /** Clients that register at boot, in the kernel's order; with init `kernel` kexec-metadata does in any case. */
  readonly clients?: BootClients;
  /** Client formats instead of those that the ABI's kernels write. */
  readonly formats?: Partial<FormatIds>;
  /** How many arena pages there will be about, where that is known; see PageStore. */
  readonly expectedPages?: number;
}

/** What unpreserving gives: the kernel only warns. */
export interface UnpreserveResult {
  readonly warned: boolean;
}

/**
 * A model of kernel 1: the public operations of Kexec Handover with the kernel's allocation order and error results. The same
 * operations in the same order give the kernel's bytes. In ABIs with `finalize` the state is handed over only once finalized;
 * in the others FDT and map are current at all times.
 *
 * PFNs are numbers below 2^(64 - page shift). Operations that would run into a known defect of the kernel are refused with
 * `E_KERNEL_DEFECT`.
 * Source: kernel/kexec_handover.c, later kernel/liveupdate/kexec_handover.c, Linux 6.16 to 7.3.
 */
export class Producer {
  readonly target: Target;
  readonly store: PageStore;
  /** The tracker of preserved memory. */
  readonly map: RadixTree | ChunkTracker;
  /** Physical address of the root FDT. */
  readonly fdtAddress: bigint;
  readonly fdt: RootFdtWriter;
  /** The clients of this kernel: LUO and the others. */
  readonly clients: KernelClients;
  readonly #fdtPage: number;
  #finalized = false;
  #finalizing = false;
  /** First chunk of the list that was made last; not used by radix trees. */
  #firstChunk = 0n;
  readonly #nodeStarts: readonly number[];

  constructor(target: Target, options: ProducerOptions = {}) {
    const { byteOrder, pageShift, abi } = target;
    this.target = target;
    this.#nodeStarts = options.nodeStarts ?? [];
    this.store = new PageStore({
      base: options.base ?? 0x1_0000_0000n,
      pageShift,
      hints: { byteOrder, pageShift, abi: abi.id },
      ...(options.expectedPages === undefined ? {} : { expectedPages: options.expectedPages }),
    });
    const geometry = mapGeometry(abi, pageShift);
    this.map =
      geometry.kind === 'radix'
        ? new RadixTree(this.store, geometry, byteOrder)
        : new ChunkTracker(this.store, geometry, byteOrder);
    this.#fdtPage = this.store.allocate();
    this.fdtAddress = this.store.address(this.#fdtPage);
    const page = this.store.page(this.#fdtPage);
    this.fdt =
      abi.file.fdt.writer === 'sequential'
        ? new QueuedRootFdt(target, page)
        : new RootFdt(target, page, this.mapSource().root);
    if (options.init === 'kernel' && abi.file.kernelInit.preservesFdt)
      this.preserveFolio(this.#pfnOf(this.#fdtPage), 0);
    const formats = clientFormats({ ...abi.file.clients, ...options.formats });
    this.clients = new KernelClients(target, this, formats);
    this.clients.boot(this.#bootPlan(options, formats.metadata !== undefined));
  }

  /** What registers at boot: what is asked for, and kexec-metadata wherever a kernel boots that has it. */
  #bootPlan({ init, release = 'oracle', clients = {} }: ProducerOptions, hasMetadata: boolean): BootClients {
    if (clients.metadata !== undefined || init !== 'kernel' || !hasMetadata) return clients;
    return { ...clients, metadata: { release, count: 1 } };
  }

  /** The map as the next kernel finds it. */
  mapSource(): MapSource {
    const { map, store } = this;
    const { byteOrder } = this.target;
    return map instanceof RadixTree
      ? { memory: store, root: map.root, geometry: map.geometry, byteOrder }
      : { memory: store, root: this.#firstChunk, geometry: map.geometry, byteOrder };
  }

  /** Preserves a folio of 2^order pages; `pfn` is a multiple of that. Gives 0 or the kernel's error. */
  preserveFolio(pfn: number, order: number): number {
    if (this.#refusal !== 0) return this.#refusal;
    this.map.add(pfn, order);
    return 0;
  }

  unpreserveFolio(pfn: number, order: number): UnpreserveResult {
    return { warned: !this.#delete(pfn, order) };
  }

  /** Preserves `count` neighbouring folios of one order. */
  preserveFolios(pfn: number, order: number, count: number): number {
    if (this.#refusal !== 0) return this.#refusal;
    this.map.addRun(pfn, order, count);
    return 0;
  }

  /** Makes the handover ready, in ABIs that need it; 0 or the kernel's error. */
  finalize(): number {
    const { finalize } = this.target.abi.file;
    if (finalize === undefined) return 0;
    if (this.#finalized && finalize.again !== 0) return finalize.again;
    if (finalize.preservesFdt) this.map.add(this.#pfnOf(this.#fdtPage), 0);
    const result =
      this.#notify() ||
      this.fdt.setMap(() => {
        this.#firstChunk = (this.map as ChunkTracker).serialize();
        return this.#firstChunk;
      });
    if (result === 0) this.#finalized = true;
    else this.#drop();
    return result;
  }

  /** Undoes finalize and forgets everything that is preserved, in ABIs that can; 0 or the kernel's error. */
  abort(): number {
    const { finalize } = this.target.abi.file;
    if (finalize === undefined) return 0;
    if (!finalize.abort.allowed || !this.#finalized) return finalize.abort.refusal;
    this.#drop();
    return 0;
  }

  /** Preserves a range of pages, split into the largest aligned blocks. */
  preservePages(pfn: number, count: number): number {
    if (this.#refusal !== 0) return this.#refusal;
    const clamp = this.target.abi.file.ranges.numaClamp.preserve;
    this.#split(pfn, count, clamp, (at, order) => this.map.add(at, order));
    return 0;
  }

  unpreservePages(pfn: number, count: number): UnpreserveResult {
    const clamp = this.target.abi.file.ranges.numaClamp.unpreserve;
    let warned = false;
    this.#split(pfn, count, clamp, (at, order) => {
      if (!this.#delete(at, order)) warned = true;
    });
    return { warned };
  }

  /**
   * Preserves a vmalloc area.
   *
   * @param vmFlags flags of the kernel's vm_struct; others than the two that KHO knows are refused
   * @returns the descriptor, or the kernel's error
   */
  preserveVmalloc(area: Omit<VmallocArea, 'flags'>, vmFlags: number): VmallocDescriptor | number {
    const { flags, unsupported } = this.target.abi.vmalloc;
    const known = flags.reduce((sum, { vmFlag }) => sum | vmFlag, 0);
    if ((vmFlags & ~known) !== 0) return unsupported;
    const khoFlags = flags.reduce(
      (sum, { value, vmFlag }) => ((vmFlags & vmFlag) !== 0 ? sum | value : sum),
      0,
    );
    if (this.#refusal !== 0) {
      // The chunk page is taken before the kernel notices.
      this.store.free(this.store.allocate());
      return ENOMEM;
    }
    const host = {
      store: this.store,
      newChunk: (): number => {
        const page = this.store.allocate();
        this.preservePages(this.#pfnOf(page), 1);
        return page;
      },
      preservePages: (pfn: number, pages: number): void => {
        this.preservePages(pfn, pages);
      },
    };
    return writeVmalloc(this.target, host, { ...area, flags: khoFlags });
  }

  /** Unpreserves an area chunk by chunk and frees its chunk pages. */
  unpreserveVmalloc(descriptor: VmallocDescriptor): UnpreserveResult {
    const shift = BigInt(this.target.pageShift);
    let warned = false;
    for (const chunk of readVmalloc(this.target, this.store, descriptor)) {
      const page = this.store.indexOf(chunk.address)!;
      if (this.unpreservePages(this.#pfnOf(page), 1).warned) warned = true;
      for (const entry of chunk.entries) {
        if (this.unpreservePages(Number(entry >> shift), 2 ** descriptor.order).warned) warned = true;
      }
      this.store.free(page);
    }
    return { warned };
  }

  /** Takes zeroed pages for `size` bytes and preserves them as one folio; gives their address or the kernel's error. */
  allocPreserve(size: bigint): bigint | number {
    if (size === 0n) return EINVAL;
    const shift = BigInt(this.target.pageShift);
    const pages = (size - 1n) >> shift;
    // Bits needed for the index of the last page: the order that holds them all.
    const order = pages === 0n ? 0 : pages.toString(2).length;
    if (order > this.target.abi.file.ranges.maxFolioOrder[pageSizeName(this.target.pageShift)]) return E2BIG;
    const page = this.store.allocate(order);
    if ((this.store.address(page) >> shift) % (1n << BigInt(order)) !== 0n) {
      throw new KhoError('E_SCENARIO', 'the arena base is not aligned enough for this folio', {
        found: hex(this.store.address(page)),
        expected: `a multiple of ${hex(1n << (shift + BigInt(order)))}`,
      });
    }
    const result = this.preserveFolio(this.#pfnOf(page), order);
    if (result === 0) return this.store.address(page);
    this.store.free(page, order);
    return result;
  }

  /** Registers a blob in the root FDT: 0, or the kernel's error when the name is taken or the page is full. */
  addSubtree(name: string, address: bigint, size: bigint): number {
    return this.fdt.addSubtree(name, address, size, this.#finalizing);
  }

  removeSubtree(address: bigint): void {
    this.fdt.removeSubtree(address);
  }

  #pfnOf(page: number): number {
    return Number(this.store.address(page) >> BigInt(this.target.pageShift));
  }

  #split(pfn: number, count: number, clamp: boolean, visit: (pfn: number, order: number) => void): void {
    const fault = splitRange(pfn, count, this.target.abi.file.ranges, clamp ? this.#nodeStarts : [], visit);
    if (fault !== undefined) {
      const id = fault.kind === 'range at PFN 0' ? 'B35' : 'B36';
      throw this.#defect(id, fault.kind, fault.pfn, fault.order);
    }
  }

  /** What preserving returns now: 0, or the error once the state is final. */
  get #refusal(): number {
    return this.#finalized ? (this.target.abi.file.finalize?.preserveAfter ?? 0) : 0;
  }

  #delete(pfn: number, order: number): boolean {
    const found = this.map.delete(pfn, order);
    const rules = this.target.abi.file.memoryMap;
    if (!found && rules.kind === 'chunked-bitmaps' && rules.missingBitmap === 'endless-loop')
      throw this.#defect('B24', 'unpreserving a block that was never preserved', pfn, order);
    return found;
  }

  /** Lets clients that register at finalize do so; the first error ends it. */
  #notify(): number {
    this.fdt.beginFinalize();
    this.#finalizing = true;
    try {
      return this.clients.finalize().find(({ result }) => result !== 0)?.result ?? 0;
    } finally {
      this.#finalizing = false;
    }
  }

  #drop(): void {
    (this.map as ChunkTracker).drop();
    this.fdt.drop();
    this.#firstChunk = 0n;
    this.#finalized = false;
  }

  #defect(id: string, what: string, pfn: number, order: number): KhoError {
    const erratum = this.target.abi.erratum(id);
    return new KhoError('E_KERNEL_DEFECT', `the kernel cannot do this: ${what}`, {
      found: `order ${order} at PFN ${hex(pfn)}`,
      hint: `erratum ${id} of ${this.target.abi.id}${erratum === undefined ? '' : `: ${erratum.title}`}`,
    });
  }
}
