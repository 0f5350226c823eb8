/** How a kernel splits page ranges; the ABI file says it. */
export interface SplitRules {
  /** What the kernel's count of trailing zeros gives for 0. */
  readonly trailingZerosOfZero: number;
  /** Order from which the kernel's int arithmetic fails. */
  readonly orderLimit: number;
}

/** A range that the kernel's own code cannot split. */
export interface SplitFault {
  readonly pfn: number;
  readonly order: number;
  readonly kind: 'range at PFN 0' | 'order overflows an int';
}

/**
 * Splits the pages `pfn` to `pfn + count - 1` as the kernel does: while pages are left, the largest order that both the
 * alignment of the first page and the number of pages left allow. With `nodeStarts` the order is lowered until first and last
 * page lie on one NUMA node.
 *
 * @param nodeStarts first PFN of each NUMA node after the first, ascending; empty when the kernel does not look at nodes
 * @param visit called for each block, ascending; return false to stop
 * @returns the fault at which the kernel's code would go wrong, before that block is visited
 */
export function splitRange(
  pfn: number,
  count: number,
  rules: SplitRules,
  nodeStarts: readonly number[],
  visit: (pfn: number, order: number) => void,
): SplitFault | undefined {
  const end = pfn + count;
  for (let at = pfn; at < end; ) {
    if (at === 0 && rules.trailingZerosOfZero < 0) return { pfn: at, order: -1, kind: 'range at PFN 0' };
    let order = Math.min(at === 0 ? rules.trailingZerosOfZero : trailingZeros(at), floorLog2(end - at));
    while (order > 0 && nodeStarts.some((start) => at < start && start < at + 2 ** order)) order--;
    if (order >= rules.orderLimit) return { pfn: at, order, kind: 'order overflows an int' };
    visit(at, order);
    at += 2 ** order;
  }
  return undefined;
}

/** Trailing zero bits of a positive integer below 2^53. */
export function trailingZeros(value: number): number {
  const low = value >>> 0;
  if (low !== 0) return 31 - Math.clz32(low & -low);
  const high = Math.floor(value / 0x1_0000_0000);
  return 32 + 31 - Math.clz32(high & -high);
}

/** Index of the highest set bit of a positive integer below 2^53. */
export function floorLog2(value: number): number {
  const high = Math.floor(value / 0x1_0000_0000);
  return high !== 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
}
