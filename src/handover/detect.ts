import {
  makeTarget,
  PAGE_SHIFTS,
  type PageShift,
  pageSizeName,
  type Target,
  targetName,
} from '../abi/index.js';
import { BYTE_ORDERS, type ByteOrder, hex, KhoError } from '../bytes/index.js';
import { encodeKey, keyPath, type RadixSource, radixGeometry, walkLeaves, wordView } from '../map/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { cpuU64, type RootModel } from './root-model.js';

/** What a caller already knows. */
export interface Told {
  readonly byteOrder?: ByteOrder;
  readonly pageShift?: PageShift;
  /** Physical address of the root FDT. */
  readonly fdtAddress?: bigint;
}

/** The target that the bytes were made for, and why. */
export interface Detection {
  readonly target: Target;
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
 * address must be that of a page in the dump, and the tree must be walkable without a single broken entry. Of those that remain
 * the one whose tree holds the FDT's own page wins, for every booting kernel preserves it.
 *
 * @throws KhoError `E_AMBIGUOUS` when more than one reading remains, `E_HANDOVER` when none does
 */
export function detectTarget(root: RootModel, memory: PhysicalMemory, told: Told): Detection {
  const evidence: string[] = [];
  const orders = known(told.byteOrder, memory.hints.byteOrder, BYTE_ORDERS, 'byte order', evidence);
  const hinted = PAGE_SHIFTS.find((shift) => shift === memory.hints.pageShift);
  const shifts = known(told.pageShift, hinted, PAGE_SHIFTS, 'page shift', evidence);
  const candidates = orders.flatMap((order) =>
    shifts.map((shift) => examine(root, memory, order, shift, told.fdtAddress)),
  );
  const possible = candidates.filter(({ refusal }) => refusal === undefined);
  for (const { target, refusal } of candidates) {
    if (refusal !== undefined) evidence.push(`not ${targetName(target)}: ${refusal}`);
  }
  if (possible.length === 0) {
    throw new KhoError('E_HANDOVER', 'the map cannot be read with any byte order and page size', {
      source: root.source,
      path: `/${root.mapName}`,
      hint: candidates.map(({ target, refusal }) => `${targetName(target)}: ${refusal}`).join('; '),
    });
  }
  const withFdt = possible.filter(({ hasFdtPage }) => hasFdtPage);
  const chosen = possible.length === 1 ? possible[0] : withFdt.length === 1 ? withFdt[0] : undefined;
  if (chosen === undefined)
    throw ambiguous(
      root,
      possible.map(({ target }) => target),
    );
  evidence.push(
    `${targetName(chosen.target)}: the tree at ${hex(chosen.root)} is walkable` +
      (chosen.hasFdtPage ? ' and holds the page of the root FDT' : ''),
  );
  return { target: chosen.target, evidence };
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
  memory: PhysicalMemory,
  order: ByteOrder,
  pageShift: PageShift,
  fdtAddress: bigint | undefined,
): Candidate {
  const target = makeTarget(root.abi, order, pageShift);
  const map = cpuU64(root.mapBytes, order);
  const refuse = (refusal: string): Candidate => ({ target, refusal, hasFdtPage: false, root: map });
  const mask = (1n << BigInt(pageShift)) - 1n;
  if (map >= MAX_ADDRESS) return refuse(`map address ${hex(map)} has more than 52 bits`);
  if (map === 0n) return refuse('map address 0');
  if ((map & mask) !== 0n) return refuse(`map address ${hex(map)} is not page aligned`);
  if (fdtAddress !== undefined && (fdtAddress & mask) !== 0n)
    return refuse(`the FDT at ${hex(fdtAddress)} is not page aligned`);
  const source: RadixSource = {
    memory,
    root: map,
    geometry: radixGeometry(root.abi, pageShift),
    byteOrder: order,
  };
  try {
    const hasFdtPage = holdsPage(source, fdtAddress);
    return { target, refusal: undefined, hasFdtPage, root: map };
  } catch (error) {
    if (!(error instanceof KhoError)) throw error;
    return refuse(error.message);
  }
}

/** Walks the whole tree, so that any broken entry throws, and looks for the order-0 key of the FDT page on the way. */
function holdsPage(source: RadixSource, address: bigint | undefined): boolean {
  const { geometry } = source;
  let held = false;
  const key = address === undefined ? undefined : encodeKey(geometry, { address, order: 0 });
  const wanted = key === undefined ? undefined : keyPath(geometry, key);
  const leafNumber = wanted?.tables.reduce((number, index) => number * 2 ** geometry.tableBits + index, 0);
  const view = wordView(source.byteOrder);
  walkLeaves(source, (leaf, { words, start }) => {
    if (wanted === undefined || leaf !== leafNumber) return;
    const { bit } = wanted;
    held = (words[start + ((bit >>> 5) ^ view.halfXor)]! & view.masks[bit & 31]!) !== 0;
  });
  return held;
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
