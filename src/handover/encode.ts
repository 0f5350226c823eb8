import type { Target } from '../abi/index.js';
import { hex, KhoError } from '../bytes/index.js';
import { type RadixSource, walkText } from '../map/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { readVmalloc, type VmallocChunk, type VmallocDescriptor, vmallocText } from '../vmalloc/index.js';
import { maskFdtTail } from './image.js';
import { Producer } from './producer.js';
import { appliesTo, type HeadRun, type Operation, type Scenario, type VmFlags } from './scenario.js';
import { encodeScratch, type Scratch } from './scratch.js';

/** A vmalloc area of a scenario that is still preserved at its end. */
export interface EncodedVmalloc {
  /** Place among the scenario's vmalloc lines, from 0. */
  readonly number: number;
  readonly descriptor: VmallocDescriptor;
  readonly chunks: readonly VmallocChunk[];
}

/** What an operation returned. */
export interface OperationResult {
  readonly line: number;
  readonly text: string;
  /** 0 or a negative errno, as the kernel returns it. */
  readonly result: number;
  readonly warned: boolean;
}

/** A whole handover as kernel 1 leaves it. */
export interface EncodedHandover {
  readonly target: Target;
  readonly scenario: Scenario;
  /** The root FDT: exactly totalsize bytes. */
  readonly fdt: Uint8Array;
  readonly fdtAddress: bigint;
  /** Physical memory with all pages that the handover owns; bytes of the FDT page past totalsize are zero. */
  readonly memory: PhysicalMemory;
  readonly tree: RadixSource;
  readonly vmalloc: readonly EncodedVmalloc[];
  readonly results: readonly OperationResult[];
  readonly scratch: Scratch | undefined;
  /** Kernel 1 itself, for callers that go on from here. */
  readonly producer: Producer;
}

/**
 * Runs a scenario on a model of kernel 1.
 *
 * @throws KhoError `E_SCENARIO` with line for operations that cannot be expressed, `E_KERNEL_DEFECT` with line for those that
 *   a kernel cannot do, `E_USAGE` when the scenario is not meant for the target.
 */
export function encodeScenario(scenario: Scenario, target: Target): EncodedHandover {
  if (!appliesTo(scenario, target)) {
    throw new KhoError('E_USAGE', 'the scenario is not meant for this ABI, page size or byte order', {
      source: scenario.source,
      found: `${target.abi.id}, ${2 ** target.pageShift} bytes, ${target.byteOrder} endian`,
    });
  }
  const run = new Run(scenario, target);
  for (const operation of scenario.operations) run.step(operation);
  return run.finish();
}

/** Text of all results, as golden files have it. */
export function logText(handover: EncodedHandover): string {
  const lines = [`init ${handover.scenario.init} -> 0`];
  for (const { line, text, result, warned } of handover.results) {
    lines.push(`${line} ${text} -> ${result}${warned ? ' (warning: no table)' : ''}`);
  }
  const blocks = walkText(handover.tree).split('\n').length - 1;
  lines.push(`walk -> ${blocks} blocks`);
  return `${lines.join('\n')}\n`;
}

/** Text of the vmalloc areas, as golden files have it; empty when there are none. */
export function encodedVmallocText(handover: EncodedHandover): string {
  return vmallocText(handover.vmalloc);
}

/** The state of one run. */
class Run {
  readonly #scenario: Scenario;
  readonly #target: Target;
  readonly #producer: Producer;
  readonly #results: OperationResult[] = [];
  /** One entry a vmalloc line; undefined when it was refused or undone. */
  readonly #areas: (VmallocDescriptor | undefined)[] = [];
  #scratch: Scratch | undefined;

  constructor(scenario: Scenario, target: Target) {
    this.#scenario = scenario;
    this.#target = target;
    this.#producer = new Producer(target, {
      base: scenario.base,
      release: scenario.release,
      init: scenario.init,
      nodeStarts: scenario.nodeStarts.map((pfn) => Number(pfn)),
    });
  }

  step(operation: Operation): void {
    try {
      const { result, warned } = this.#perform(operation);
      this.#results.push({ line: operation.line, text: operation.text, result, warned });
    } catch (error) {
      if (!(error instanceof KhoError)) throw error;
      const column = error.details.column ?? operation.column;
      throw error.at({ source: this.#scenario.source, line: operation.line, column });
    }
  }

  finish(): EncodedHandover {
    const producer = this.#producer;
    const target = this.#target;
    const vmalloc = this.#areas.flatMap((descriptor, number) =>
      descriptor === undefined
        ? []
        : [{ number, descriptor, chunks: readVmalloc(target, producer.store, descriptor) }],
    );
    if (this.#scratch !== undefined) this.#placeScratch(this.#scratch);
    const fdt = producer.fdt.bytes();
    return {
      target,
      scenario: this.#scenario,
      fdt,
      fdtAddress: producer.fdtAddress,
      memory: maskFdtTail(producer.store, producer.fdtAddress, fdt.length, producer.store.pageSize),
      tree: {
        memory: producer.store,
        root: producer.tree.root,
        geometry: producer.tree.geometry,
        byteOrder: target.byteOrder,
      },
      vmalloc,
      results: this.#results,
      scratch: this.#scratch,
      producer,
    };
  }

  /** kexec copies the array into a segment of its own: it cannot lie among the arena's pages. */
  #placeScratch({ array, bytes }: Scratch): void {
    const { store } = this.#producer;
    const end = array + BigInt(bytes.length);
    if (array < store.address(store.pages) && end > store.base) {
      throw new KhoError('E_SCENARIO', 'the scratch array lies in the arena', {
        source: this.#scenario.source,
        found: hex(array),
        expected: `outside ${hex(store.base)}-${hex(store.address(store.pages) - 1n)}`,
      });
    }
    store.write(array, bytes);
  }

  #perform(operation: Operation): { result: number; warned: boolean } {
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
        if (this.#scratch !== undefined) throw new KhoError('E_SCENARIO', 'a second scratch line');
        this.#scratch = encodeScratch(this.#target, { array: operation.array, areas: operation.areas });
        return done();
      default:
        // finalize and abort belong to older ABIs.
        return done();
    }
  }

  #pages(pfn: bigint, count: bigint, step: bigint): number {
    if (count === 0n) return 0;
    const first = this.#folio(pfn, 0);
    this.#folio(pfn + (count - 1n) * step, 0);
    if (step === 1n) this.#producer.tree.addRun(first, 0, Number(count));
    else
      for (let index = 0; index < count; index++) this.#producer.tree.addPage(first + index * Number(step));
    return 0;
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
    const known = this.#target.abi.file.vmalloc.flags;
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
