import type { ByteOrder } from '../bytes/index.js';
import { KhoError } from '../bytes/index.js';
import type { ElfMachine } from '../memory/index.js';
import type { Abi } from './registry.js';
import type { PageSizeName } from './schema.js';

/** log2 of the page sizes that KHO knows. 16K and 64K exist on arm64 only. */
export type PageShift = 12 | 14 | 16;

export const PAGE_SHIFTS: readonly PageShift[] = [12, 14, 16];

const NAMES: Record<PageShift, PageSizeName> = { 12: '4K', 14: '16K', 16: '64K' };

/** What bytes are made for or read as. Everything that touches bytes takes a target; nothing assumes the host. */
export interface Target {
  readonly abi: Abi;
  readonly byteOrder: ByteOrder;
  readonly pageShift: PageShift;
  readonly machine: ElfMachine;
}

/** `4K`, `16K` or `64K`. */
export function pageSizeName(pageShift: PageShift): PageSizeName {
  return NAMES[pageShift];
}

/** Reads `4K`, `4k`, `4096` or `12` as a page shift. */
export function parsePageSize(text: string): PageShift {
  const found = PAGE_SHIFTS.find((shift) =>
    [NAMES[shift], `${2 ** shift}`, `${shift}`].includes(text.toUpperCase()),
  );
  if (found === undefined) {
    throw new KhoError('E_USAGE', 'unknown page size', { found: text, expected: '4K, 16K or 64K' });
  }
  return found;
}

/** Reads `little`, `le`, `big` or `be`. */
export function parseByteOrder(text: string): ByteOrder {
  const lower = text.toLowerCase();
  if (lower === 'little' || lower === 'le') return 'little';
  if (lower === 'big' || lower === 'be') return 'big';
  throw new KhoError('E_USAGE', 'unknown byte order', { found: text, expected: 'little or big' });
}

/**
 * A target. The machine names the ELF file and tells how the self-test's checksum is summed. It follows from byte order and page
 * size when it is not given: x86_64 has 4K pages only, and the big-endian witness runs on s390x. arm64 with 4K pages must say so.
 */
export function makeTarget(
  abi: Abi,
  byteOrder: ByteOrder,
  pageShift: PageShift,
  machine?: ElfMachine,
): Target {
  const natural: ElfMachine = pageShift !== 12 ? 'aarch64' : byteOrder === 'big' ? 's390x' : 'x86_64';
  return { abi, byteOrder, pageShift, machine: machine ?? natural };
}

/** Folder name of a target: `le-4k`. */
export function targetName(target: Pick<Target, 'byteOrder' | 'pageShift'>): string {
  return `${target.byteOrder === 'little' ? 'le' : 'be'}-${NAMES[target.pageShift].toLowerCase()}`;
}
