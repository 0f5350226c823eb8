import { getAbi } from '../abi/index.js';
import { type ByteOrder, KhoError, Reader, readWholeFile, sha256 } from '../bytes/index.js';
import { findRootFdts, readFdtPage, type ScratchArea } from '../handover/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import {
  isCutOff,
  openInput,
  type ReportInput,
  type ValidationInput,
  type ValidationSubject,
} from '../validate/index.js';
import type { ValidateOptions } from './validate.js';

type Subject = Omit<ValidationSubject, 'tool' | 'started'>;

/** Inputs put together, and how to let go of them. */
export interface Gathered {
  readonly subject: Subject;
  close(): void;
}

const BLOB_LIMIT = 16 * 1024 * 1024;

/** Opens all inputs, decides what each is for, and finds the root FDT when only a dump was given. */
export async function gather(
  paths: readonly string[],
  given: ValidateOptions,
  progress: (text: string) => void,
): Promise<Gathered> {
  const opened: ValidationInput[] = [];
  const close = (): void => {
    for (const { dump } of opened) dump?.close();
  };
  try {
    for (const path of paths) opened.push(await openInput(path, baseFor(given, given.memory === undefined)));
    if (given.memory !== undefined) opened.push(await openInput(given.memory, baseFor(given, true)));
    if (given.debugfs !== undefined) opened.push(await openInput(given.debugfs));
    return { subject: assemble(opened, given, progress), close };
  } catch (error) {
    close();
    throw error;
  }
}

function baseFor({ base }: ValidateOptions, wanted: boolean): { base?: bigint } {
  return base === undefined || !wanted ? {} : { base };
}

function assemble(
  opened: readonly ValidationInput[],
  given: ValidateOptions,
  progress: (text: string) => void,
): Subject {
  const inputs: ReportInput[] = opened.map(({ report }) => report);
  const one = (kind: ValidationInput['kind']): number => {
    const found = opened.flatMap((input, index) => (input.kind === kind ? [index] : []));
    if (found.length > 1)
      throw new KhoError('E_USAGE', `more than one ${kind}`, {
        found: found.map((at) => inputs[at]!.path).join(', '),
      });
    return found[0] ?? -1;
  };
  const dumpAt = one('dump');
  const folderAt = one('debugfs folder');
  const folder = opened[folderAt]?.debugfs;
  const memory = opened[dumpAt]?.dump?.memory;
  const load = (path: string, kind: string): { bytes: Uint8Array; input: number } => {
    const bytes = readWholeFile(path, BLOB_LIMIT);
    inputs.push({ path, kind, bytes: bytes.length, sha256: sha256(bytes) });
    return { bytes, input: inputs.length - 1 };
  };
  const fromFile = rootFdt(opened, one('root FDT'), folder?.fdt, load);
  // A blob that debugfs cut off is named, and the whole one taken from the dump.
  const fdt =
    memory !== undefined && fromFile !== undefined && isCutOff(fromFile.bytes) ? undefined : fromFile;
  const cutOff = folder?.cutOff === undefined ? fromFile : load(folder.cutOff, 'root FDT, cut off');
  const blobs = new Map<string, Uint8Array>();
  for (const [name, path] of folder?.subBlobs ?? []) blobs.set(name, load(path, `sub-blob of ${name}`).bytes);
  for (const { subtree, bytes } of opened) if (subtree !== undefined) blobs.set(subtree, bytes!);
  const found = locate(memory, fdt?.bytes, given, progress);
  const page = fdt ?? pageFdt(memory, found, dumpAt);
  const subBlobAt = opened.findIndex(({ kind }) => kind === 'sub-blob');
  const alone =
    page === undefined && subBlobAt >= 0 ? { bytes: opened[subBlobAt]!.bytes!, input: subBlobAt } : undefined;
  const scratch = scratchOf(given, folder, folderAt, memory, load);
  const subject = page ?? alone;
  return {
    inputs,
    ...(subject === undefined ? {} : { fdt: subject }),
    ...(cutOff === undefined || cutOff === subject ? {} : { cutOff }),
    ...(alone === undefined ? {} : { subBlob: true }),
    ...(found === undefined ? {} : { fdtAddress: found }),
    ...(memory === undefined ? {} : { memory: { memory, input: dumpAt } }),
    ...(blobs.size === 0 ? {} : { blobs }),
    ...(scratch === undefined ? {} : { scratch }),
    ...(given.ram === undefined ? {} : { ram: given.ram }),
    told: {
      ...(given.abi === undefined ? {} : { abi: getAbi(given.abi) }),
      ...(given.byteOrder === undefined ? {} : { byteOrder: given.byteOrder }),
      ...(given.pageSize === undefined ? {} : { pageShift: given.pageSize }),
    },
  };
}

function rootFdt(
  opened: readonly ValidationInput[],
  at: number,
  fromFolder: string | undefined,
  load: (path: string, kind: string) => { bytes: Uint8Array; input: number },
): { bytes: Uint8Array; input: number } | undefined {
  if (at >= 0) return { bytes: opened[at]!.bytes!, input: at };
  return fromFolder === undefined ? undefined : load(fromFolder, 'root FDT');
}

/** Address of the root FDT: as told, or where a scan finds it. */
function locate(
  memory: PhysicalMemory | undefined,
  fdt: Uint8Array | undefined,
  given: ValidateOptions,
  progress: (text: string) => void,
): bigint | undefined {
  if (given.fdtAddress !== undefined || memory === undefined) return given.fdtAddress;
  const found = findRootFdts(memory, (done, total) =>
    progress(`looking for the root FDT ${(done * 100n) / (total === 0n ? 1n : total)} %`),
  );
  const same =
    fdt === undefined
      ? found
      : found.filter(({ address }) => {
          const bytes = memory.read(address, Math.min(fdt.length, 4096));
          return bytes !== undefined && Buffer.compare(bytes, fdt.subarray(0, bytes.length)) === 0;
        });
  if (same.length === 1) return same[0]!.address;
  if (fdt !== undefined) return undefined;
  const code = same.length === 0 ? 'E_NOT_FOUND' : 'E_AMBIGUOUS';
  throw new KhoError(
    code,
    same.length === 0 ? 'no root FDT in this dump' : 'more than one root FDT in this dump',
    {
      source: memory.source,
      hint: 'say where it is with --fdt-address',
    },
  );
}

function pageFdt(
  memory: PhysicalMemory | undefined,
  address: bigint | undefined,
  input: number,
): { bytes: Uint8Array; input: number } | undefined {
  return memory === undefined || address === undefined
    ? undefined
    : { bytes: readFdtPage(memory, address), input };
}

function scratchOf(
  given: ValidateOptions,
  folder: ValidationInput['debugfs'],
  folderAt: number,
  memory: PhysicalMemory | undefined,
  load: (path: string, kind: string) => { bytes: Uint8Array; input: number },
): Subject['scratch'] {
  const { scratch: wanted } = given;
  if (wanted !== undefined && wanted !== 'auto') {
    const { bytes, input } = load(wanted, 'scratch array');
    const order: ByteOrder = given.byteOrder ?? memory?.hints.byteOrder ?? 'little';
    return { areas: areasOf(bytes, order), bytes: bytes.length, input };
  }
  const listed = folder?.scratch;
  if (listed === undefined) {
    if (wanted === 'auto')
      throw new KhoError('E_USAGE', 'no scratch areas to find', {
        hint: '--scratch auto takes them from a debugfs folder',
      });
    return undefined;
  }
  const { addresses, sizes } = listed;
  if (addresses.length !== sizes.length)
    throw new KhoError('E_WRONG_KIND', 'scratch_phys and scratch_len have different lengths', {
      found: `${addresses.length} and ${sizes.length} lines`,
    });
  return { areas: addresses.map((address, index) => ({ address, size: sizes[index]! })), input: folderAt };
}

/** Entries of a raw scratch array; a remainder is dropped, as the kernel drops it. */
function areasOf(bytes: Uint8Array, order: ByteOrder): ScratchArea[] {
  const reader = new Reader(bytes, order, { code: 'E_HANDOVER' });
  return Array.from({ length: Math.floor(bytes.length / 16) }, () => ({
    address: reader.u64('kho_scratch.addr'),
    size: reader.u64('kho_scratch.size'),
  }));
}
