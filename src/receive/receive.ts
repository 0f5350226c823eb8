import type { Release, Target } from '../abi/index.js';
import { makeTarget } from '../abi/index.js';
import { hex } from '../bytes/index.js';
import type { Handover } from '../handover/index.js';
import type { MapContents } from '../map/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import type { NextMachine } from './next-machine.js';
import { gaveUp, populate } from './populate.js';
import { receiveClients } from './receive-clients.js';
import { receiveMap } from './receive-map.js';
import { blockOrders } from './receive-preserved.js';
import type { BootResult, Step } from './step.js';

/** The next kernel's boot, step by step. */
export interface Reception {
  readonly receiver: Release;
  readonly target: Target;
  readonly steps: readonly Step[];
  readonly result: BootResult;
}

/** What the next kernel finds. */
export interface ReceiveInput {
  /** Bytes of the FDT page; undefined when they are not there. */
  readonly fdt: Uint8Array | undefined;
  readonly fdtAddress: bigint;
  readonly memory: PhysicalMemory;
  /** Byte order and page size of the next kernel: those of the sender, for nothing in the handover would tell another one. */
  readonly machine: Pick<Target, 'byteOrder' | 'pageShift'>;
  /** The handover as its own format reads, where it can be read: what was meant. */
  readonly sent: Handover | undefined;
  /** What is known of the machine; nothing, when left out. */
  readonly next?: NextMachine;
}

/**
 * Plays the next kernel: kho_populate, the walk of the memory map, then each client, as the tables of abi/ say for that release.
 * A cold boot or a panic ends it.
 */
export function receiveHandover(receiver: Release, input: ReceiveInput): Reception {
  const { memory, next = {} } = input;
  const { byteOrder, pageShift } = input.machine;
  const target = makeTarget(receiver.kho, byteOrder, pageShift, memory.hints.machine);
  const first = populate(input.fdt, input.fdtAddress, target, next);
  const steps: Step[] = [...first.steps];
  if (!gaveUp(first)) {
    const meant = input.sent?.recovered ?? input.sent?.contents;
    const map = receiveMap(memory, first.map!, target, meant, next);
    steps.push(...map.steps, ...fdtSteps(map.contents, input.fdtAddress, target));
    if (!steps.some(({ outcome }) => outcome === 'panic'))
      steps.push(...receiveClients(first.tree!, memory, target, receiver, { next, map: map.contents }));
  }
  return { receiver, target, steps, result: resultOf(steps) };
}

/** Whether the root FDT itself is safe: clients read it again when all free memory is in use. */
function fdtSteps(contents: MapContents | undefined, address: bigint, target: Target): Step[] {
  const orderOf = contents === undefined ? undefined : blockOrders(contents, target.pageShift);
  const bytes = BigInt(2 ** target.pageShift);
  if (orderOf === undefined || orderOf((address / bytes) * bytes) !== undefined) return [];
  const why = `the page of the root FDT at ${hex(address)} is not preserved: clients find in it whatever the kernel has put there`;
  return [{ part: 'memory map', what: 'keep the FDT', outcome: 'wrong memory', why }];
}

function resultOf(steps: readonly Step[]): BootResult {
  const has = (outcome: Step['outcome']): boolean => steps.some((step) => step.outcome === outcome);
  if (has('panic')) return 'panic';
  if (has('cold boot')) return 'cold boot';
  return has('wrong memory') ? 'KHO boot with wrong memory' : 'KHO boot';
}
