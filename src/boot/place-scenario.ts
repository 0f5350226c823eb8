import type { Target } from '../abi/index.js';
import { hex, KhoError } from '../bytes/index.js';
import type { HeadRun, Operation, Scenario } from '../handover/index.js';
import type { PhysicalRange } from '../memory/index.js';

/** A run of pages that a scenario names, by the numbers in the file. */
interface Named {
  readonly first: bigint;
  readonly count: bigint;
}

/** Where a group of neighbouring pages goes. */
interface Moved extends Named {
  readonly to: bigint;
}

/** Pages nearer than this stay together. */
const NEAR = 16n;

/**
 * Moves the pages that a scenario names into memory that a machine has. Pages that stand together stay together, and every
 * group keeps its place relative to the largest block that it can hold, so that ranges are split as before. The arena begins at
 * `base`; boundaries of nodes and a scratch line are left out, for the machine has its own.
 *
 * @param room where pages may go, page aligned
 * @throws KhoError `E_LIMIT` when the pages need more room than there is
 */
export function placeScenario(
  scenario: Scenario,
  target: Target,
  base: bigint,
  room: PhysicalRange,
): Scenario {
  const shift = BigInt(target.pageShift);
  const operations = scenario.operations.filter(({ kind }) => kind !== 'scratch');
  const names = [
    ...operations.flatMap((operation) => pagesOf(operation, shift)),
    ...scenario.boot.memblock.map(({ start, size }) => byteRun(start, size, shift)),
  ];
  const moves = placeGroups(names, room.start >> shift, room.end >> shift, scenario.source);
  const pfn = (from: bigint): bigint => {
    const group = moves.find(({ first, count }) => first <= from && from < first + count);
    return group === undefined ? from : from - group.first + group.to;
  };
  const address = (from: bigint): bigint => (pfn(from >> shift) << shift) | (from & ((1n << shift) - 1n));
  return {
    ...scenario,
    base,
    nodeStarts: [],
    boot: {
      ...scenario.boot,
      memblock: scenario.boot.memblock.map((region) => ({ ...region, start: address(region.start) })),
    },
    operations: operations.map((operation) => moveOperation(operation, pfn, address)),
  };
}

/** Every run of pages that an operation names. */
function pagesOf(operation: Operation, shift: bigint): Named[] {
  switch (operation.kind) {
    case 'page':
    case 'delpage':
      return [{ first: operation.pfn, count: 1n << BigInt(operation.order) }];
    case 'ppage':
      return [{ first: operation.address >> shift, count: 1n << BigInt(operation.order) }];
    case 'pages':
      return operation.count === 0n
        ? []
        : [{ first: operation.pfn, count: (operation.count - 1n) * operation.step + 1n }];
    case 'range':
    case 'delrange':
      return [{ first: operation.pfn, count: operation.count }];
    case 'prange':
      return [byteRun(operation.address, operation.bytes, shift)];
    case 'vmalloc':
      return operation.heads.map(({ start, count, step }) => ({
        first: start,
        count: count === 0n ? 0n : (count - 1n) * step + (1n << BigInt(operation.order)),
      }));
    case 'luo-memfd':
      return operation.folios.map(({ pfn, count, order }) => ({
        first: pfn,
        count: BigInt(count) << BigInt(order),
      }));
    case 'subtree':
      return operation.address === 'alloc' ? [] : [byteRun(operation.address, operation.size, shift)];
    default:
      return [];
  }
}

function byteRun(start: bigint, bytes: bigint, shift: bigint): Named {
  const first = start >> shift;
  return { first, count: ((start + bytes + (1n << shift) - 1n) >> shift) - first };
}

/** Joins runs that touch or nearly do, and packs the groups into the room. */
function placeGroups(names: readonly Named[], from: bigint, to: bigint, source: string): Moved[] {
  const sorted = names
    .filter(({ count }) => count > 0n)
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const groups: { first: bigint; end: bigint }[] = [];
  for (const { first, count } of sorted) {
    const last = groups.at(-1);
    if (last !== undefined && first <= last.end + NEAR) {
      if (first + count > last.end) last.end = first + count;
    } else groups.push({ first, end: first + count });
  }
  let next = from;
  return groups.map(({ first, end }) => {
    const count = end - first;
    const align = powerAtLeast(count);
    let at = (next / align) * align + (first % align);
    if (at < next) at += align;
    next = at + count;
    if (next > to)
      throw new KhoError('E_LIMIT', 'the pages of this scenario do not fit into the machine', {
        source,
        found: `${groups.reduce((sum, group) => sum + group.end - group.first, 0n)} pages in ${groups.length} groups`,
        expected: `room for them in ${hex(to - from)} pages`,
      });
    return { first, count, to: at };
  });
}

function powerAtLeast(count: bigint): bigint {
  return 1n << BigInt(count <= 1n ? 0 : (count - 1n).toString(2).length);
}

function moveOperation(
  operation: Operation,
  pfn: (from: bigint) => bigint,
  address: (from: bigint) => bigint,
): Operation {
  switch (operation.kind) {
    case 'page':
    case 'delpage':
    case 'pages':
    case 'range':
    case 'delrange':
      return { ...operation, pfn: pfn(operation.pfn) };
    case 'ppage':
    case 'prange':
    case 'rmsubtree':
      return { ...operation, address: address(operation.address) };
    case 'vmalloc':
      return {
        ...operation,
        heads: operation.heads.map((head): HeadRun => ({ ...head, start: pfn(head.start) })),
      };
    case 'luo-memfd':
      return {
        ...operation,
        folios: operation.folios.map((folio) => ({ ...folio, pfn: pfn(folio.pfn) })),
      };
    case 'subtree':
      return operation.address === 'alloc'
        ? operation
        : { ...operation, address: address(operation.address) };
    default:
      return operation;
  }
}
