import { PageStore, type PhysicalMemory, readPresent } from '../memory/index.js';

/** A copy of all pages of a memory that can be written to; pages that it lacks come to be when they are written. */
export function copyMemory(memory: PhysicalMemory, pageShift: number): PageStore {
  const copy = new PageStore({ base: 0n, pageShift, hints: memory.hints });
  for (const { start, end } of memory.ranges()) {
    // Dumps may begin inside a page; what is there is kept.
    for (let at = start; at < end; ) {
      const next = ((at >> BigInt(pageShift)) + 1n) << BigInt(pageShift);
      const stop = next < end ? next : end;
      copy.write(at, readPresent(memory, at, Number(stop - at), 'page'));
      at = stop;
    }
  }
  return copy;
}
