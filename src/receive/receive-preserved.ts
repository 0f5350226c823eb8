import { hex } from '../bytes/index.js';
import type { DecodedClient, LuoFile } from '../clients/index.js';
import type { BlockRun, MapContents } from '../map/index.js';

/** Where a block begins, and its order. */
export type BlockOrder = (address: bigint) => number | undefined;

/**
 * Looks blocks up by their first byte: a kernel marks only the first page of a block, and gives back only what is marked so.
 * Gives undefined for an address at which no block begins. Undefined itself when the map has more runs than are kept.
 */
export function blockOrders(contents: MapContents, pageShift: number): BlockOrder | undefined {
  const kept = contents.runs.reduce((sum, { count }) => sum + count, 0);
  if (kept < contents.statistics.blocks) return undefined;
  const byOrder = new Map<number, BlockRun[]>();
  for (const run of contents.runs) {
    const same = byOrder.get(run.order);
    if (same === undefined) byOrder.set(run.order, [run]);
    else same.push(run);
  }
  for (const runs of byOrder.values()) runs.sort((a, b) => (a.address < b.address ? -1 : 1));
  return (address) => {
    for (const [order, runs] of byOrder) {
      const bytes = 1n << BigInt(order + pageShift);
      const run = lastUpTo(runs, address);
      if (run === undefined || (address - run.address) % bytes !== 0n) continue;
      if (address < run.address + BigInt(run.count) * bytes) return order;
    }
    return undefined;
  };
}

function lastUpTo(runs: readonly BlockRun[], address: bigint): BlockRun | undefined {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (runs[middle]!.address <= address) low = middle + 1;
    else high = middle;
  }
  return runs[low - 1];
}

/** What a client loses when memory that it points to is not preserved; undefined when all of it is. */
export function unpreserved(client: DecodedClient, orderOf: BlockOrder): string | undefined {
  for (const reference of client.references) {
    // Regions of reserve_mem are reserved again before anybody could take them.
    if (reference.what === 'reserve_mem region') continue;
    for (let number = 0; number < reference.count; number++) {
      const address = reference.address + BigInt(number) * reference.step;
      if (orderOf(address) !== undefined) continue;
      return `${reference.what} at ${hex(address)}: no preserved block begins there, it cannot be restored`;
    }
  }
  return undefined;
}

/** What goes wrong with a memfd although its bytes are sound; undefined: nothing. */
export function memfdTrouble({ memfd }: LuoFile): string | undefined {
  if (memfd === undefined) return undefined;
  const { folios, runs } = memfd;
  if (folios.totalPages % 2 ** folios.order !== 0)
    return `an area of ${folios.totalPages} pages in pieces of order ${folios.order}: a piece does not fit`;
  const stale = runs.find(({ flags }) => (flags & UPTODATE) === 0);
  if (stale !== undefined)
    return `the folio at index ${stale.index} is not uptodate: it is read as zeros, its content is lost`;
  const seen = new Set<bigint>();
  let left = MOST_ENTRIES;
  for (const { index, count, stride } of runs) {
    for (let number = 0; number < count && left > 0; number++, left--) {
      const at = index + BigInt(number * stride);
      if (seen.has(at)) return `two folios at index ${at}: the second cannot be put there`;
      seen.add(at);
    }
  }
  return undefined;
}

/** Entries that are compared with one another. */
const MOST_ENTRIES = 1 << 20;

/** Flag of a folio entry whose content counts. */
const UPTODATE = 2;
