import {
  type Abi,
  makeTarget,
  PAGE_SHIFTS,
  type PageShift,
  pageSizeName,
  type Target,
  targetName,
} from '../abi/index.js';
import { BYTE_ORDERS, type ByteOrder, hex, KhoError } from '../bytes/index.js';
import { type MapSource, mapGeometry } from '../map/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { holdsFdtPage } from './membership.js';
import { cpuU64, type RootModel } from './root-model.js';

/** What a caller already knows. */
export interface Told {
  readonly byteOrder?: ByteOrder;
  readonly pageShift?: PageShift;
  /** Physical address of the root FDT. */
  readonly fdtAddress?: bigint;
}

/** The targets that the bytes can have been made for, and why. */
export interface Detection {
  /** One byte order and page size; several ABIs, oldest first, where the bytes do not decide. */
  readonly targets: readonly Target[];
  /** Sentences that say what was seen; the reader can check them. */
  readonly evidence: readonly string[];
}

/** Addresses that both architectures can have. */
const MAX_ADDRESS = 1n << 52n;

interface Candidate {
  readonly target: Target;
  /** Why it cannot be; undefined while it can. */
  readonly refusal: string | undefined;
  readonly hasFdtPage: boolean;
  readonly root: bigint;
}

/**
 * Finds byte order and page size. Each combination that is not excluded by what the caller or the dump says is tried: the map's
 * address must be that of a page in the dump, and the map must be walkable without a single broken entry. Of those that remain
 * the ones whose map holds the FDT's own page win, for every booting kernel preserves it. The same is tried for each ABI that the
 * blob can be, where one string covers several formats.
 *
 * @throws KhoError `E_AMBIGUOUS` when more than one reading remains, `E_HANDOVER` when none does
 */
export function detectTarget(root: RootModel, memory: PhysicalMemory, told: Told): Detection {
  const evidence: string[] = [];
  const orders = known(told.byteOrder, memory.hints.byteOrder, BYTE_ORDERS, 'byte order', evidence);
  const hinted = PAGE_SHIFTS.find((shift) => shift === memory.hints.pageShift);
  const shifts = known(told.pageShift, hinted, PAGE_SHIFTS, 'page shift', evidence);
  const candidates = root.abis.flatMap((abi) =>
    orders.flatMap((order) =>
      shifts.map((shift) => examine(root, abi, memory, order, shift, told.fdtAddress)),
    ),
  );
  const possible = candidates.filter(({ refusal }) => refusal === undefined);
  const several = root.abis.length > 1;
  const name = ({ target }: Candidate): string =>
    several ? `${target.abi.id} ${targetName(target)}` : targetName(target);
  for (const candidate of candidates) {
    if (candidate.refusal !== undefined) evidence.push(`not ${name(candidate)}: ${candidate.refusal}`);
  }
  if (possible.length === 0) {
    throw new KhoError('E_HANDOVER', 'the map cannot be read with any byte order and page size', {
      source: root.source,
      path: `/${root.mapName}`,
      hint: candidates.map((candidate) => `${name(candidate)}: ${candidate.refusal}`).join('; '),
    });
  }
  const withFdt = possible.filter(({ hasFdtPage }) => hasFdtPage);
  const chosen = withFdt.length > 0 ? withFdt : possible;
  if (new Set(chosen.map(({ target }) => targetName(target))).size > 1)
    throw ambiguous(
      root,
      chosen.map(({ target }) => target),
    );
  for (const candidate of possible) {
    const { root: at, hasFdtPage } = candidate;
    if (chosen.includes(candidate))
      evidence.push(
        `${name(candidate)}: ${at === 0n ? 'nothing is preserved' : `the map at ${hex(at)} is walkable`}` +
          (hasFdtPage ? ' and holds the page of the root FDT' : ''),
      );
    else evidence.push(`not ${name(candidate)}: the map does not hold the page of the root FDT`);
  }
  return { targets: chosen.map(({ target }) => target), evidence };
}

/** Byte order of a root FDT without memory: only where one reading of its addresses is no address at all. */
export function detectByteOrder(
  root: RootModel,
  told: Told,
): { order: ByteOrder | undefined; evidence: string[] } {
  if (told.byteOrder !== undefined) return { order: told.byteOrder, evidence: ['byte order as told'] };
  const values = [root.mapBytes, ...root.subtrees.flatMap(({ addressBytes }) => addressBytes ?? [])];
  const possible = BYTE_ORDERS.filter((order) =>
    values.every((bytes) => cpuU64(bytes, order) < MAX_ADDRESS && cpuU64(bytes, order) % 4096n === 0n),
  );
  const evidence = BYTE_ORDERS.filter((order) => !possible.includes(order)).map(
    (order) => `not ${order} endian: an address would be no page address below 2^52`,
  );
  return { order: possible.length === 1 ? possible[0] : undefined, evidence };
}

function known<Value>(
  told: Value | undefined,
  hinted: Value | undefined,
  all: readonly Value[],
  what: string,
  evidence: string[],
): readonly Value[] {
  if (told !== undefined) {
    evidence.push(`${what} ${told} as told`);
    return [told];
  }
  if (hinted === undefined) return all;
  evidence.push(`${what} ${hinted} as the dump says`);
  return [hinted];
}

function examine(
  root: RootModel,
  abi: Abi,
  memory: PhysicalMemory,
  order: ByteOrder,
  pageShift: PageShift,
  fdtAddress: bigint | undefined,
): Candidate {
  const target = makeTarget(abi, order, pageShift, memory.hints.machine);
  const map = cpuU64(root.mapBytes, order);
  const refuse = (refusal: string): Candidate => ({ target, refusal, hasFdtPage: false, root: map });
  const mask = (1n << BigInt(pageShift)) - 1n;
  if (map >= MAX_ADDRESS) return refuse(`map address ${hex(map)} has more than 52 bits`);
  const geometry = mapGeometry(abi, pageShift);
  // An empty chunk list has no first chunk; a radix tree always has a root.
  if (map === 0n && geometry.kind === 'radix') return refuse('map address 0');
  if ((map & mask) !== 0n) return refuse(`map address ${hex(map)} is not page aligned`);
  if (fdtAddress !== undefined && (fdtAddress & mask) !== 0n)
    return refuse(`the FDT at ${hex(fdtAddress)} is not page aligned`);
  const source = { memory, root: map, geometry, byteOrder: order } as MapSource;
  try {
    const hasFdtPage = holdsFdtPage(source, fdtAddress);
    return { target, refusal: undefined, hasFdtPage, root: map };
  } catch (error) {
    if (!(error instanceof KhoError)) throw error;
    return refuse(error.message);
  }
}

function ambiguous(root: RootModel, targets: readonly Target[]): KhoError {
  const sizes = new Set(targets.map(({ pageShift }) => pageSizeName(pageShift)));
  const option = sizes.size > 1 ? '--page-size' : '--byte-order';
  return new KhoError('E_AMBIGUOUS', 'byte order and page size cannot be told from the bytes', {
    source: root.source,
    found: `readable as ${targets.map(targetName).join(', ')}`,
    hint: `say which one with ${option}`,
  });
}
