import type { Target } from '../abi/index.js';
import { hex, KhoError } from '../bytes/index.js';
import { readVmalloc, type VmallocChunk, type VmallocDescriptor } from '../vmalloc/index.js';
import type { Producer } from './producer.js';
import type { HeadRun, Operation, VmFlags } from './scenario.js';
import { encodeScratch, type Scratch } from './scratch.js';

/** Performs the operations of a scenario on a model of kernel 1. */
export class OperationRunner {
  readonly #producer: Producer;
  readonly #target: Target;
  /** One entry a vmalloc line; undefined when it was refused or undone. */
  readonly #areas: (VmallocDescriptor | undefined)[] = [];
  scratch: Scratch | undefined;

  constructor(producer: Producer) {
    this.#producer = producer;
    this.#target = producer.target;
  }

  /** Areas that are still preserved, by their place among the scenario's vmalloc lines. */
  areas(): { number: number; descriptor: VmallocDescriptor; chunks: readonly VmallocChunk[] }[] {
    return this.#areas.flatMap((descriptor, number) =>
      descriptor === undefined
        ? []
        : [{ number, descriptor, chunks: readVmalloc(this.#target, this.#producer.store, descriptor) }],
    );
  }

  /** Performs one operation. @throws KhoError for what cannot be expressed, or what a kernel cannot do */
  perform(operation: Operation): { result: number; warned: boolean } {
    const producer = this.#producer;
    const done = (result = 0, warned = false): { result: number; warned: boolean } => ({ result, warned });
    switch (operation.kind) {
      case 'page':
        return done(producer.preserveFolio(this.#folio(operation.pfn, operation.order), operation.order));
      case 'ppage':
        return done(
          producer.preserveFolio(this.#folio(this.#pfn(operation.address), operation.order), operation.order),
        );
      case 'pages':
        return done(this.#pages(operation.pfn, operation.count, operation.step));
      case 'delpage': {
        const pfn = this.#folio(operation.pfn, operation.order);
        return done(0, producer.unpreserveFolio(pfn, operation.order).warned);
      }
      case 'range':
        return done(producer.preservePages(...this.#range(operation.pfn, operation.count)));
      case 'prange':
        return done(
          producer.preservePages(...this.#range(this.#pfn(operation.address), this.#pfn(operation.bytes))),
        );
      case 'delrange':
        return done(0, producer.unpreservePages(...this.#range(operation.pfn, operation.count)).warned);
      case 'vmalloc':
        return done(this.#vmalloc(operation.order, operation.vmFlags, operation.heads));
      case 'delvmalloc':
        return done(0, this.#deleteVmalloc(operation.index));
      case 'subtree': {
        const { name, size } = operation;
        const address = operation.address === 'alloc' ? producer.allocPreserve(size) : operation.address;
        return done(typeof address === 'number' ? address : producer.addSubtree(name, address, size));
      }
      case 'rmsubtree':
        producer.removeSubtree(operation.address);
        return done();
      case 'scratch':
        if (this.scratch !== undefined) throw new KhoError('E_SCENARIO', 'a second scratch line');
        this.scratch = encodeScratch(this.#target, { array: operation.array, areas: operation.areas });
        return done();
      case 'finalize':
        return done(producer.finalize());
      case 'luo-session':
        return done(producer.clients.session(operation.name));
      case 'luo-memfd':
        return done(producer.clients.memfd(operation));
      case 'luo-file':
        return done(producer.clients.file(operation.compatible, operation.token, operation.data));
      case 'luo-flb':
        return done(producer.clients.flb(operation.name, operation.data, operation.count));
      case 'abort':
        return done(producer.abort());
    }
  }

  #pages(pfn: bigint, count: bigint, step: bigint): number {
    if (count === 0n) return 0;
    const first = this.#folio(pfn, 0);
    this.#folio(pfn + (count - 1n) * step, 0);
    if (step === 1n) return this.#producer.preserveFolios(first, 0, Number(count));
    let result = 0;
    for (let index = 0; index < count && result === 0; index++)
      result = this.#producer.preserveFolio(first + index * Number(step), 0);
    return result;
  }

  #vmalloc(order: number, vmFlags: VmFlags, runs: readonly HeadRun[]): number {
    const heads: number[] = [];
    const total = runs.reduce((sum, { count }) => sum + count, 0n) << BigInt(order);
    if (total > 0xffff_ffffn)
      throw new KhoError('E_SCENARIO', 'an area counts its pages in 32 bits', { found: hex(total) });
    for (const { start, count, step } of runs) {
      this.#range(start + (count === 0n ? 0n : count - 1n) * step, 1n << BigInt(order));
      for (let index = 0; index < count; index++) heads.push(Number(start) + index * Number(step));
    }
    const known = this.#target.abi.vmalloc.flags;
    const raw =
      'raw' in vmFlags
        ? vmFlags.raw
        : known.reduce((sum, { value, vmFlag }) => ((vmFlags.kho & value) !== 0 ? sum | vmFlag : sum), 0);
    const made = this.#producer.preserveVmalloc({ heads, order }, raw);
    this.#areas.push(typeof made === 'number' ? undefined : made);
    return typeof made === 'number' ? made : 0;
  }

  #deleteVmalloc(index: number): boolean {
    const descriptor = this.#areas[index];
    if (descriptor === undefined) {
      throw new KhoError('E_SCENARIO', 'no such vmalloc area, or it was refused or already unpreserved', {
        found: `${index}`,
      });
    }
    this.#areas[index] = undefined;
    return this.#producer.unpreserveVmalloc(descriptor).warned;
  }

  /** A multiple of the page size as a number of pages. */
  #pfn(bytes: bigint): bigint {
    const shift = BigInt(this.#target.pageShift);
    if (bytes % (1n << shift) === 0n) return bytes >> shift;
    throw new KhoError('E_SCENARIO', 'not a multiple of the page size', { found: hex(bytes) });
  }

  /** First PFN of a folio of 2^order pages: aligned, and inside 64 address bits. */
  #folio(pfn: bigint, order: number): number {
    if (pfn % (1n << BigInt(order)) !== 0n) {
      throw new KhoError('E_SCENARIO', 'a misaligned block cannot be expressed', {
        found: `PFN ${hex(pfn)}`,
        expected: `a multiple of ${hex(1n << BigInt(order))}`,
      });
    }
    return this.#range(pfn, 1n << BigInt(order))[0];
  }

  #range(pfn: bigint, count: bigint): [number, number] {
    const limit = 1n << BigInt(64 - this.#target.pageShift);
    if (pfn + count > limit) {
      throw new KhoError('E_SCENARIO', 'pages beyond 64 address bits', {
        found: `PFN ${hex(pfn)}, ${count} pages`,
        expected: `an end of at most ${hex(limit)}`,
      });
    }
    return [Number(pfn), Number(count)];
  }
}
