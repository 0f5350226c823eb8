import { hex, KhoError } from '../bytes/index.js';
import { writeElfCore } from '../memory/index.js';
import type { Handover, Subtree } from './decode.js';
import { ownPages, partOfMemory } from './extract-pages.js';

/** Files that were taken out of a handover, and what could not be. */
export interface Extraction {
  /** Content by file name; names are plain, without any separator, and differ also where case does not count. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly notes: readonly string[];
}

/** Bytes of one blob at most. */
const MAX_BLOB = 1n << 26n;

/** Bytes of the dump of KHO's pages at most. */
const MAX_OWN = 1n << 30n;

/** Characters of a name that a file keeps. */
const MAX_NAME = 64;

/**
 * Takes a handover apart: `root.dtb`, one file for each subtree's blob (`sub-NAME.dtb` or `.bin`) and `kho.elf`, an ELF core with
 * only the pages that KHO and its clients use themselves. That core reads the same as the dump it was made from; only the
 * self-test's checksum cannot be computed any more, because its folios are memory of the user.
 *
 * @throws KhoError `E_LIMIT` when KHO's own pages are more than a GiB
 */
export function extractHandover(handover: Handover): Extraction {
  const files = new Map<string, Uint8Array>([['root.dtb', handover.root.bytes]]);
  const notes: string[] = [];
  const { map, target } = handover;
  if (map === undefined || target === undefined) {
    notes.push('there is no memory: only the root FDT was extracted');
    return { files, notes };
  }
  const taken = new Set(['root.dtb', 'kho.elf']);
  for (const subtree of handover.subtrees) {
    const blob = readBlob(handover, subtree);
    if (typeof blob === 'string') notes.push(blob);
    else files.set(fileName(subtree.name, isTree(blob) ? 'dtb' : 'bin', taken), blob);
  }
  const ranges = ownPages(handover);
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0n);
  if (bytes > MAX_OWN) {
    throw new KhoError('E_LIMIT', "KHO's own pages are too many for one file", {
      found: `${bytes} bytes`,
      expected: `at most ${MAX_OWN}`,
    });
  }
  const { release } = map.memory.hints;
  files.set(
    'kho.elf',
    writeElfCore(partOfMemory(map.memory, ranges), {
      byteOrder: target.byteOrder,
      pageShift: target.pageShift,
      machine: target.machine,
      ...(release === undefined ? {} : { release }),
    }),
  );
  return { files, notes };
}

/** Bytes of a blob, or why there are none. Its size: blob-size, else what its device tree says. */
function readBlob({ map }: Handover, { name, address, size }: Subtree): Uint8Array | string {
  const what = `subtree '${name}'`;
  if (address === undefined) return `${what} has no address`;
  const { memory } = map!;
  const head = memory.read(address, 8);
  const told =
    size ?? (head !== undefined && isTree(head) ? BigInt(Buffer.from(head).readUInt32BE(4)) : undefined);
  if (told === undefined) {
    return head === undefined
      ? `${what} at ${hex(address)} is not in the dump`
      : `${what} at ${hex(address)}: nothing tells its size`;
  }
  if (told > MAX_BLOB) return `${what} would have ${told} bytes; at most ${MAX_BLOB} are extracted`;
  return memory.read(address, Number(told)) ?? `${what} at ${hex(address)} is not whole in the dump`;
}

function isTree(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32BE(0) === 0xd00dfeed;
}

/**
 * A file name made from a name that nobody vouches for: letters, digits, `-`, `_` and `.` stay, all else becomes `_`. The prefix
 * keeps names such as `..`, `-rf` and those that mean devices harmless; a number tells equal ones apart.
 */
function fileName(name: string, extension: string, taken: Set<string>): string {
  const safe = name.slice(0, MAX_NAME).replace(/[^A-Za-z0-9_.-]/g, '_');
  for (let number = 1; ; number++) {
    const file = `sub-${safe}${number === 1 ? '' : `~${number}`}.${extension}`;
    if (taken.has(file.toLowerCase())) continue;
    taken.add(file.toLowerCase());
    return file;
  }
}
