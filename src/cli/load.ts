import { getAbi } from '../abi/index.js';
import { hex, KhoError, readWholeFile } from '../bytes/index.js';
import { decodeHandover, findRootFdts, type Handover, readFdtPage } from '../handover/index.js';
import { type DumpHints, type OpenMemory, openMemory, type PhysicalMemory } from '../memory/index.js';
import type { DumpOptions } from './options.js';
import { Progress } from './progress.js';

/** A decoded handover and where its parts came from. */
export interface LoadedHandover {
  readonly handover: Handover;
  /** Name of the FDT's source. */
  readonly fdt: string;
  /** Name and kind of the dump. */
  readonly memory: string | undefined;
  close(): void;
}

/** Root FDTs are at most one page of 64K; anything much larger is another kind of file. */
const FDT_FILE_LIMIT = 16 * 1024 * 1024;

/**
 * Loads a handover from what a user has: an FDT file, a dump, or both. Without an FDT file the root FDT is read from the
 * dump, at the address that was told or where a scan finds it.
 */
export async function loadHandover(fdtFile: string | undefined, given: DumpOptions): Promise<LoadedHandover> {
  if (fdtFile === undefined && given.memory === undefined) {
    throw new KhoError('E_USAGE', 'nothing to read', { expected: 'an FDT file, --memory DUMP, or both' });
  }
  if (given.memory === undefined && given.base !== undefined)
    throw new KhoError('E_USAGE', '--base is for --memory');
  const told = {
    ...(given.byteOrder === undefined ? {} : { byteOrder: given.byteOrder }),
    ...(given.pageSize === undefined ? {} : { pageShift: given.pageSize }),
    ...(given.abi === undefined ? {} : { abi: getAbi(given.abi) }),
  };
  const fdtBytes = fdtFile === undefined ? undefined : readWholeFile(fdtFile, FDT_FILE_LIMIT);
  if (given.memory === undefined) {
    const address = given.fdtAddress === undefined ? {} : { fdtAddress: given.fdtAddress };
    const handover = decodeHandover(fdtBytes!, { source: fdtFile!, ...told, ...address });
    return { handover, fdt: fdtFile!, memory: undefined, close: () => {} };
  }
  const dump = await openMemory(given.memory, given.base === undefined ? {} : { base: given.base });
  try {
    const address = given.fdtAddress ?? (await locate(dump.memory, fdtBytes));
    const source = fdtFile ?? `${given.memory}, root FDT at ${hex(address!)}`;
    const handover = decodeHandover(fdtBytes ?? readFdtPage(dump.memory, address!), {
      source,
      memory: dump.memory,
      ...told,
      ...(address === undefined ? {} : { fdtAddress: address }),
    });
    return { handover, fdt: source, memory: describe(given.memory, dump), close: () => dump.close() };
  } catch (error) {
    dump.close();
    throw error;
  }
}

/** FDT and dump, opened but not read as a handover. */
export interface HandoverParts {
  readonly memory: PhysicalMemory;
  readonly hints: DumpHints;
  readonly fdtBytes: Uint8Array;
  readonly fdtAddress: bigint;
  /** Name of the FDT's source. */
  readonly source: string;
  close(): void;
}

/** Opens a dump and finds the root FDT in it, for commands that do not want it decoded. */
export async function openParts(
  fdtFile: string | undefined,
  given: DumpOptions & { memory?: string },
): Promise<HandoverParts> {
  if (given.memory === undefined) throw new KhoError('E_USAGE', 'this needs --memory');
  const dump = await openMemory(given.memory, given.base === undefined ? {} : { base: given.base });
  try {
    const { memory } = dump;
    const fromFile = fdtFile === undefined ? undefined : readWholeFile(fdtFile, FDT_FILE_LIMIT);
    const fdtAddress = given.fdtAddress ?? (await locate(memory, fromFile));
    if (fdtAddress === undefined) {
      throw new KhoError('E_USAGE', 'the address of the root FDT is not known', {
        hint: 'say it with --fdt-address',
      });
    }
    const fdtBytes = fromFile ?? readFdtPage(memory, fdtAddress);
    const source = fdtFile ?? `${given.memory}, root FDT at ${hex(fdtAddress)}`;
    return { memory, hints: memory.hints, fdtBytes, fdtAddress, source, close: () => dump.close() };
  } catch (error) {
    dump.close();
    throw error;
  }
}

/**
 * Address of the root FDT in a dump. With an FDT file it is the page that begins with the same bytes, if there is just one;
 * without a file there must be just one root FDT.
 */
async function locate(memory: PhysicalMemory, fdt: Uint8Array | undefined): Promise<bigint | undefined> {
  const progress = await Progress.start();
  const found = findRootFdts(memory, (done, total) =>
    progress.update(`looking for the root FDT ${(done * 100n) / (total === 0n ? 1n : total)} %`),
  );
  progress.clear();
  if (fdt !== undefined) {
    const same = found.filter(({ address }) => {
      const bytes = memory.read(address, Math.min(fdt.length, 4096));
      return bytes !== undefined && Buffer.compare(bytes, fdt.subarray(0, bytes.length)) === 0;
    });
    return same.length === 1 ? same[0]!.address : undefined;
  }
  if (found.length === 1) return found[0]!.address;
  const list = found
    .map(({ address, compatible }) => `${hex(address)} (${compatible.join(', ')})`)
    .join(', ');
  if (found.length === 0)
    throw new KhoError('E_NOT_FOUND', 'no root FDT in this dump', { source: memory.source });
  throw new KhoError('E_AMBIGUOUS', 'more than one root FDT in this dump', {
    source: memory.source,
    found: list,
    hint: 'say which one with --fdt-address',
  });
}

function describe(path: string, dump: OpenMemory): string {
  return `${path} (${dump.kind})`;
}
