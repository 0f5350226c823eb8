import type { Target } from '../abi/index.js';
import { hex, KhoError } from '../bytes/index.js';
import { isRadix, type MapSource, walkText } from '../map/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { type VmallocChunk, type VmallocDescriptor, vmallocText } from '../vmalloc/index.js';
import { maskFdtTail } from './image.js';
import { OperationRunner } from './operations.js';
import { Producer } from './producer.js';
import { appliesTo, type Operation, type Scenario } from './scenario.js';
import type { Scratch } from './scratch.js';

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
  /** The root FDT: exactly totalsize bytes; empty when the state was never finalized, in ABIs that need that. */
  readonly fdt: Uint8Array;
  readonly fdtAddress: bigint;
  /** Physical memory with all pages that the handover owns; bytes of the FDT page past totalsize are zero. */
  readonly memory: PhysicalMemory;
  readonly map: MapSource;
  readonly vmalloc: readonly EncodedVmalloc[];
  readonly results: readonly OperationResult[];
  /** Result of the finalize at the end of a scenario that has none, in ABIs that need one. */
  readonly finalize: number | undefined;
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
    lines.push(
      `${line} ${text} -> ${result}${warned ? ` (warning: no ${isRadix(handover.map) ? 'table' : 'bitmap'})` : ''}`,
    );
  }
  if (handover.finalize !== undefined) lines.push(`finalize -> ${handover.finalize}`);
  const blocks = walkText(handover.map).split('\n').length - 1;
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
  readonly #operations: OperationRunner;

  constructor(scenario: Scenario, target: Target) {
    this.#scenario = scenario;
    this.#target = target;
    this.#producer = boot(
      scenario,
      () =>
        new Producer(target, {
          base: scenario.base,
          release: scenario.release,
          init: scenario.init,
          nodeStarts: scenario.nodeStarts.map((pfn) => Number(pfn)),
          clients: scenario.boot,
          formats: scenario.luoFormat === undefined ? {} : { luo: scenario.luoFormat },
        }),
    );
    this.#operations = new OperationRunner(this.#producer);
  }

  step(operation: Operation): void {
    try {
      const { result, warned } = this.#operations.perform(operation);
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
    const needsFinalize =
      target.abi.file.finalize !== undefined &&
      !this.#scenario.operations.some(({ kind }) => kind === 'finalize');
    const finalize = needsFinalize ? producer.finalize() : undefined;
    producer.clients.finish();
    const vmalloc = this.#operations.areas();
    const { scratch } = this.#operations;
    if (scratch !== undefined) this.#placeScratch(scratch);
    const fdt = producer.fdt.bytes();
    return {
      target,
      scenario: this.#scenario,
      fdt,
      fdtAddress: producer.fdtAddress,
      memory: maskFdtTail(producer.store, producer.fdtAddress, fdt.length, producer.store.pageSize),
      map: producer.mapSource(),
      vmalloc,
      results: this.#results,
      finalize,
      scratch,
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
}

/** Lines that a booting kernel carries out have no place of their own in the order of things: errors name the file. */
function boot(scenario: Scenario, make: () => Producer): Producer {
  try {
    return make();
  } catch (error) {
    if (error instanceof KhoError && error.details.source === undefined)
      throw error.at({ source: scenario.source });
    throw error;
  }
}
