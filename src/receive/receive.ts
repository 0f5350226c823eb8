import type { Release, Target } from '../abi/index.js';
import { makeTarget } from '../abi/index.js';
import type { Handover } from '../handover/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { gaveUp, populate } from './populate.js';
import { receiveClients } from './receive-clients.js';
import { receiveMap } from './receive-map.js';
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
}

/**
 * Plays the next kernel: kho_populate, the walk of the memory map, then each client, as the tables of abi/ say for that release.
 * A cold boot or a panic ends it.
 */
export function receiveHandover(receiver: Release, input: ReceiveInput): Reception {
  const { byteOrder, pageShift } = input.machine;
  const target = makeTarget(receiver.kho, byteOrder, pageShift, input.memory.hints.machine);
  const first = populate(input.fdt, input.fdtAddress, target);
  const steps: Step[] = [...first.steps];
  if (!gaveUp(first)) {
    const meant = input.sent?.recovered ?? input.sent?.contents;
    steps.push(...receiveMap(input.memory, first.map!, target, meant));
    if (!steps.some(({ outcome }) => outcome === 'panic'))
      steps.push(...receiveClients(first.tree!, input.memory, target, receiver));
  }
  return { receiver, target, steps, result: resultOf(steps) };
}

function resultOf(steps: readonly Step[]): BootResult {
  const has = (outcome: Step['outcome']): boolean => steps.some((step) => step.outcome === outcome);
  if (has('panic')) return 'panic';
  if (has('cold boot')) return 'cold boot';
  return has('wrong memory') ? 'KHO boot with wrong memory' : 'KHO boot';
}
