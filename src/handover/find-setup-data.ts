import { allAbis, makeTarget } from '../abi/index.js';
import { KhoError } from '../bytes/index.js';
import { joinRanges, type PhysicalMemory } from '../memory/index.js';
import { decodeSetupData, type Handoff } from './handoff.js';

/** Bytes read at once while searching. */
const WINDOW = 1 << 20;

/** Bytes of a node: header of 16 and four words. */
const NODE = 48;

/** Place of fdt_addr in a node. */
const FDT_AT = 16;

/**
 * Finds the x86 setup_data node that tells the next kernel where FDT and scratch array are. It is looked for by the address of the FDT,
 * which it holds; type, length and size must fit too. Undefined when the dump has none, as on arm64.
 *
 * @param progress bytes searched so far and in all
 */
export function findSetupData(
  memory: PhysicalMemory,
  fdtAddress: bigint,
  progress?: (done: bigint, total: bigint) => void,
): Handoff | undefined {
  // The node has the same layout in every ABI.
  const target = makeTarget(allAbis()[0]!, 'little', 12);
  const wanted = Buffer.alloc(8);
  wanted.writeBigUInt64LE(fdtAddress);
  const ranges = joinRanges(memory.dataRanges?.() ?? memory.ranges());
  const total = ranges.reduce((sum, { start, end }) => sum + end - start, 0n);
  let done = 0n;
  for (const { start, end } of ranges) {
    // Windows share the length of a node, so that none is cut in two.
    for (let at = start; at < end; at += BigInt(WINDOW - NODE)) {
      const length = end - at < BigInt(WINDOW) ? Number(end - at) : WINDOW;
      const bytes = memory.read(at, length);
      if (bytes === undefined) continue;
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let found = text.indexOf(wanted); found >= 0; found = text.indexOf(wanted, found + 1)) {
        const node = found - FDT_AT;
        if (node < 0 || node + NODE > length) continue;
        const handoff = nodeAt(bytes.subarray(node, node + NODE));
        if (handoff !== undefined) return handoff;
      }
      done += BigInt(length);
      progress?.(done, total);
    }
  }
  return undefined;

  function nodeAt(bytes: Uint8Array): Handoff | undefined {
    try {
      const { next: _next, ...handoff } = decodeSetupData(target, bytes);
      const sound = handoff.fdtSize === 4096n && handoff.scratchSize > 0n && handoff.scratchSize % 16n === 0n;
      return sound ? handoff : undefined;
    } catch (error) {
      if (error instanceof KhoError) return undefined;
      throw error;
    }
  }
}
