import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { guessKind, KhoError, parseU64, readWholeFile, sha256 } from '../bytes/index.js';
import { checkFdt, property, readFdt, stringList } from '../fdt/index.js';
import { gunzipSource, type OpenMemory, openMemory } from '../memory/index.js';
import { cutOffText } from './cut-off.js';
import type { ReportInput } from './finding.js';

/** What an input was found to be, by its content. */
export type InputKind = 'root FDT' | 'sub-blob' | 'dump' | 'debugfs folder';

/** One input, opened. */
export interface ValidationInput {
  readonly kind: InputKind;
  readonly report: ReportInput;
  /** Bytes of a blob. */
  readonly bytes?: Uint8Array;
  /** Name of a sub-blob's subtree, where its content tells. */
  readonly subtree?: string;
  readonly dump?: OpenMemory;
  /** A debugfs folder taken apart. */
  readonly debugfs?: DebugfsFolder;
}

/** Files of kho/in or kho/out of debugfs, copied from a machine. */
export interface DebugfsFolder {
  readonly fdt: string | undefined;
  /** out/fdt, when it is cut off and in/fdt was taken instead. */
  readonly cutOff: string | undefined;
  /** Sub-blobs by the name of their subtree. */
  readonly subBlobs: ReadonlyMap<string, string>;
  readonly scratch: { readonly addresses: readonly bigint[]; readonly sizes: readonly bigint[] } | undefined;
}

/** Blobs are read whole; a dump is not. */
const BLOB_LIMIT = 16 * 1024 * 1024;

/** Dumps up to this size are hashed. */
const HASH_LIMIT = 64 * 1024 * 1024;

/** Subtrees by the version string at the root of their own device tree. */
const SUB_BLOBS: readonly (readonly [RegExp, string])[] = [
  [/^memblock-v/, 'memblock'],
  [/^luo-v/, 'LUO'],
  [/^kho-test-v/, 'kho_test'],
];

/**
 * Opens an input by what is in it, not by its name.
 *
 * @throws KhoError `E_IO` for what cannot be read, `E_WRONG_KIND` that says what it is instead
 */
export async function openInput(path: string, options: { base?: bigint } = {}): Promise<ValidationInput> {
  let folder: boolean;
  try {
    folder = statSync(path).isDirectory();
  } catch (error) {
    throw new KhoError('E_IO', 'cannot read', { source: path, hint: (error as Error).message, cause: error });
  }
  if (folder) return openFolder(path);
  const size = statSync(path).size;
  if (options.base === undefined && size <= BLOB_LIMIT) {
    const bytes = readWholeFile(path, BLOB_LIMIT);
    const packed = await unpackedBlob(path, bytes);
    const blob = blobInput(path, packed ?? bytes, packed === undefined ? '' : 'gzip of ');
    if (blob !== undefined) return blob;
    refuseStructure(path, bytes);
    const kind = guessKind(bytes);
    if (kind?.includes('swapped bytes') || kind?.startsWith('device tree source'))
      throw new KhoError('E_WRONG_KIND', `this is ${kind}`, { source: path });
  }
  const dump = await openMemory(path, options.base === undefined ? {} : { base: options.base });
  const hash =
    size <= HASH_LIMIT
      ? { sha256: sha256(readWholeFile(path, HASH_LIMIT)) }
      : { sha256: null, noHash: 'dump larger than 64 MiB' };
  return { kind: 'dump', dump, report: { path, kind: dump.kind, bytes: size, ...hash } };
}

/** A device tree inside a gzip file; dumps inside one are left to the memory reader. */
async function unpackedBlob(path: string, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return undefined;
  const source = await gunzipSource(path);
  try {
    if (source.size < 4 || source.size > BLOB_LIMIT) return undefined;
    const magic = source.readAt(0, 4);
    const isTree = Buffer.from(magic.buffer, magic.byteOffset, 4).readUInt32BE(0) === 0xd00dfeed;
    return isTree ? source.readAt(0, source.size) : undefined;
  } finally {
    source.close();
  }
}

/** Sub-blobs that are structures hold little more than addresses: alone there is nothing to check. */
function refuseStructure(path: string, bytes: Uint8Array): void {
  if (!/^luo-v[0-9]+\0/.test(Buffer.from(bytes.subarray(0, 16)).toString('latin1'))) return;
  throw new KhoError('E_WRONG_KIND', 'this is the blob of LUO, a structure of addresses', {
    source: path,
    hint: 'give the debugfs folder that holds it, or a memory dump',
  });
}

function blobInput(path: string, bytes: Uint8Array, prefix: string): ValidationInput | undefined {
  if (bytes.length < 4 || Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32BE(0) !== 0xd00dfeed)
    return undefined;
  const report = { path, bytes: bytes.length, sha256: sha256(bytes) };
  const subtree = subtreeOf(bytes);
  if (subtree !== undefined)
    return {
      kind: 'sub-blob',
      bytes,
      subtree,
      report: { ...report, kind: `${prefix}sub-blob of ${subtree}` },
    };
  return {
    kind: 'root FDT',
    bytes,
    report: { ...report, kind: `${prefix}root FDT${isCutOff(bytes) ? ', cut off' : ''}` },
  };
}

/** Whether a blob is a KHO root whose end is missing. */
export function isCutOff(bytes: Uint8Array): boolean {
  return checkFdt(bytes).defects.some(({ id }) => id === 'fdt-cut-off') && cutOffText(bytes) !== undefined;
}

/** Whose device tree it is, when it is a client's. */
function subtreeOf(bytes: Uint8Array): string | undefined {
  try {
    const found = property(readFdt(bytes).root, 'compatible');
    const version = found === undefined ? undefined : stringList(found.value)?.[0];
    return SUB_BLOBS.find(([pattern]) => version !== undefined && pattern.test(version))?.[1];
  } catch {
    // A damaged blob is taken for the root FDT; the rules say what is wrong with it.
    return undefined;
  }
}

function openFolder(path: string): ValidationInput {
  const { out, at } = partsOf(path);
  if (at === undefined) {
    throw new KhoError('E_WRONG_KIND', 'not a debugfs folder of KHO', {
      source: path,
      expected: 'fdt, sub_fdts/, scratch_phys and scratch_len of /sys/kernel/debug/kho/out or in',
    });
  }
  const subs = join(at, 'sub_fdts');
  const names = existsSync(subs) ? readdirSync(subs).sort() : [];
  const fdt = join(at, 'fdt');
  const instead = out !== undefined && out !== at;
  const kind = `debugfs folder (${basename(at)}${instead ? ', because out/fdt is cut off' : ''})`;
  return {
    kind: 'debugfs folder',
    report: { path, kind, bytes: 0, sha256: null, noHash: 'a folder' },
    debugfs: {
      fdt: existsSync(fdt) ? fdt : undefined,
      cutOff: instead ? join(out, 'fdt') : undefined,
      subBlobs: new Map(names.map((name) => [name, join(subs, name)])),
      // Only out has them; a kernel keeps the areas that it was given.
      scratch: scratchOf(out ?? at),
    },
  };
}

/** The part to look at: what the kernel hands over, or what it was given where debugfs cut the former off. */
function partsOf(path: string): { out: string | undefined; at: string | undefined } {
  if (isDebugfs(path)) return { out: undefined, at: path };
  const find = (name: string): string | undefined =>
    [join(path, 'kho', name), join(path, name)].find(isDebugfs);
  const out = find('out');
  const given = find('in');
  const fdt = out === undefined ? undefined : join(out, 'fdt');
  const cut = fdt !== undefined && existsSync(fdt) && isCutOff(readWholeFile(fdt, BLOB_LIMIT));
  if (out !== undefined && (!cut || given === undefined)) return { out, at: out };
  return { out, at: given };
}

function isDebugfs(folder: string): boolean {
  return ['fdt', 'sub_fdts', 'scratch_phys'].some((name) => existsSync(join(folder, name)));
}

/** scratch_phys and scratch_len hold one number a line. */
function scratchOf(folder: string): DebugfsFolder['scratch'] {
  const numbers = (name: string): bigint[] | undefined => {
    const path = join(folder, name);
    if (!existsSync(path)) return undefined;
    const lines = Buffer.from(readWholeFile(path, 1 << 20))
      .toString('latin1')
      .split('\n');
    return lines.filter((line) => line.trim() !== '').map((line) => numberOf(line.trim(), path));
  };
  const addresses = numbers('scratch_phys');
  const sizes = numbers('scratch_len');
  return addresses === undefined || sizes === undefined ? undefined : { addresses, sizes };
}

function numberOf(text: string, source: string): bigint {
  const value = parseU64(text);
  if (value === undefined)
    throw new KhoError('E_WRONG_KIND', 'not a number', { source, found: text.slice(0, 40) });
  return value;
}
