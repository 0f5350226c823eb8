import { fieldOf, pageSizeName, type Target } from '../abi/index.js';
import { writeU64 } from '../bytes/index.js';
import type { PageStore } from '../memory/index.js';
import type { VmallocDescriptor } from './descriptor.js';

/** What writing a chunk list needs from the first kernel. Both preserve; the kernel does the two in this order. */
export interface VmallocHost {
  readonly store: PageStore;
  /** Takes a zeroed page for a chunk and preserves it; gives its arena page. */
  newChunk(): number;
  /** Preserves `pages` pages from `pfn` as a page range. */
  preservePages(pfn: number, pages: number): void;
}

/** An area to be written. */
export interface VmallocArea {
  /** First PFN of each contiguous run of 2^order pages, in the order of the mapping. */
  readonly heads: readonly number[];
  readonly order: number;
  readonly flags: number;
}

/**
 * Writes the chunk list of an area: chunk, then for each run its keys and its entry; when a chunk is full the next one is
 * taken at once. Source: kho_preserve_vmalloc, Linux 6.18 to 7.3; the layout never changed.
 */
export function writeVmalloc(target: Target, host: VmallocHost, area: VmallocArea): VmallocDescriptor {
  const { vmalloc } = target.abi;
  const chunk = target.abi.struct(vmalloc.chunk, target.pageShift);
  const nextAt = fieldOf(chunk, 'next').offset;
  const entriesAt = fieldOf(chunk, 'phys').offset;
  const perChunk = vmalloc.entriesPerChunk[pageSizeName(target.pageShift)];
  const shift = BigInt(target.pageShift);

  const firstPage = host.newChunk();
  let page = host.store.page(firstPage);
  let used = 0;
  for (const head of area.heads) {
    host.preservePages(head, 2 ** area.order);
    writeU64(page, entriesAt + 8 * used, BigInt(head) << shift, target.byteOrder);
    if (++used < perChunk) continue;
    const next = host.newChunk();
    writeU64(page, nextAt, host.store.address(next), target.byteOrder);
    page = host.store.page(next);
    used = 0;
  }
  return {
    first: host.store.address(firstPage),
    totalPages: area.heads.length * 2 ** area.order,
    flags: area.flags,
    order: area.order,
  };
}
