import type { Target } from '../abi/index.js';
import { decodeHandover, encodeScenario, type Handover, type Scenario } from '../handover/index.js';
import { preservedRanges } from '../map/index.js';
import { joinRanges, type PageStore, type PhysicalMemory, type PhysicalRange } from '../memory/index.js';
import { expectationOf } from './contents.js';
import { copyMemory } from './copy-memory.js';
import type { Expectation } from './expectation.js';
import type { KernelImage } from './kernel-image.js';
import { planLayout, scratchUnit } from './layout.js';
import type { BootMachine } from './machine.js';
import { placeScenario } from './place-scenario.js';

/** A handover that a kernel is to boot from. */
export interface BootSource {
  readonly target: Target;
  readonly fdtAddress: bigint;
  /** All pages to load. Callers may write to it, to damage them. */
  readonly memory: PageStore;
  /** Memory that nobody else may have: the pages, and what the map preserves. Sorted and joined. */
  readonly occupied: readonly PhysicalRange[];
  /** The handover as it was meant, for predictions. */
  readonly handover: Handover;
  readonly expectation: Expectation;
}

const MIB = 1n << 20n;

/** Room for the arena: tables, leaves, blobs and the self-test's folios. */
const ARENA = 128n * MIB;

/**
 * Encodes a scenario for a machine: arena and pages are placed where kernel, initrd and scratch leave room.
 *
 * @throws KhoError `E_LIMIT` when the scenario does not fit, and whatever encoding it throws
 */
export function sourceFromScenario(
  scenario: Scenario,
  target: Target,
  machine: BootMachine,
  kernel: { image: KernelImage; imageBytes: bigint; initrdBytes: bigint },
): BootSource {
  const unit = scratchUnit(target);
  const layout = planLayout({ machine, target, ...kernel, occupied: [] });
  const largest = layout.free.reduce((best, range) =>
    range.end - range.start > best.end - best.start ? range : best,
  );
  const base = ((largest.start + unit - 1n) / unit) * unit;
  const arena = ARENA > unit ? ARENA : unit;
  const placed = placeScenario(scenario, target, base, { start: base + arena, end: largest.end });
  const encoded = encodeScenario(placed, target);
  return sourceFromMemory(target, encoded.memory, encoded.fdtAddress, encoded.fdt, true);
}

/**
 * Takes a handover from memory as it is.
 *
 * @param fdt the root FDT
 * @param fill whether contents that are missing are made up
 * @throws KhoError when it cannot be read as a handover
 */
export function sourceFromMemory(
  target: Target,
  memory: PhysicalMemory,
  fdtAddress: bigint,
  fdt: Uint8Array,
  fill: boolean,
): BootSource {
  const copy = copyMemory(memory, target.pageShift);
  const { abi, byteOrder, pageShift } = target;
  const handover = decodeHandover(fdt, { memory: copy, fdtAddress, byteOrder, pageShift, abi });
  const expectation = expectationOf(handover, copy, fill);
  const runs = handover.contents?.runs ?? [];
  const occupied = joinRanges([...copy.ranges(), ...preservedRanges(runs, pageShift)]);
  return { target, fdtAddress, memory: copy, occupied, handover, expectation };
}
