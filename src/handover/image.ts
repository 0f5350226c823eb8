import type { PhysicalMemory } from '../memory/index.js';

/**
 * A view of memory in which the FDT page past totalsize reads as zero. Those bytes are leftovers of libfdt's edits: they
 * depend on the library's version and are no part of the ABI (erratum B37).
 */
export function maskFdtTail(
  memory: PhysicalMemory,
  fdtAddress: bigint,
  totalsize: number,
  pageSize: number,
): PhysicalMemory {
  const from = fdtAddress + BigInt(totalsize);
  const to = fdtAddress + BigInt(pageSize);
  return {
    source: memory.source,
    hints: memory.hints,
    ranges: () => memory.ranges(),
    read(address, length) {
      const bytes = memory.read(address, length);
      const end = address + BigInt(length);
      if (bytes === undefined || end <= from || address >= to) return bytes;
      const masked = bytes.slice();
      masked.fill(0, Math.max(0, Number(from - address)), Math.min(length, Number(to - address)));
      return masked;
    },
  };
}
