import { getAbi } from '../abi/index.js';
import { KhoError, readWholeFile, sha256 } from '../bytes/index.js';
import { findRootFdts, readFdtPage } from '../handover/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import {
  isCutOff,
  openInput,
  type ReportInput,
  type ValidationInput,
  type ValidationSubject,
} from '../validate/index.js';
import type { ValidateOptions } from './validate.js';
import { scratchOf } from './validate-scratch.js';

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
  const load = (path: string, kind: string, limit = BLOB_LIMIT): { bytes: Uint8Array; input: number } => {
    const bytes = readWholeFile(path, limit);
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
  const scratch = scratchOf(given, {
    listed: folder?.scratch,
    folderAt,
    memory,
    dumpAt,
    fdtAddress: found,
    load,
    progress,
  });
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
