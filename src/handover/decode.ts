import { createHash } from 'node:crypto';
import type { Abi, Erratum, Target } from '../abi/index.js';
import { type ByteOrder, hex } from '../bytes/index.js';
import { type DecodedClient, decodeClient } from '../clients/index.js';
import { type MapContents, type MapSource, mapGeometry, readMap } from '../map/index.js';
import { type PhysicalMemory, readPresent } from '../memory/index.js';
import { detectByteOrder, detectTarget, type Told } from './detect.js';
import { preservedOf } from './membership.js';
import { cpuU64, type RootModel, readRoot } from './root-model.js';

/** A client's blob as the root FDT names it. */
export interface Subtree {
  readonly name: string;
  /** Undefined for a node without address, and when the byte order is not known. */
  readonly address: bigint | undefined;
  /** From `blob-size`, in ABIs that have it. */
  readonly size: bigint | undefined;
  /** Whether its first page is preserved; undefined without a map. */
  readonly preserved: boolean | undefined;
}

/** Something a reader should know about the bytes. */
export interface Note {
  /** Erratum of the ABI, where one explains it. */
  readonly erratum?: string;
  readonly text: string;
}

/** A handover as the next kernel finds it, read without trusting it. */
export interface Handover {
  /** The ABI it was read as. */
  readonly abi: Abi;
  /** All ABIs for which the bytes say the same, oldest first; `abi` is the newest of them. */
  readonly abis: readonly Abi[];
  /** Other readings that the bytes allow, where nothing decides. `--abi` picks one. */
  readonly alternatives: readonly Handover[];
  readonly root: RootModel;
  readonly compatible: readonly string[];
  readonly byteOrder: ByteOrder | undefined;
  /** Undefined without memory: nothing in the FDT tells the page size. */
  readonly target: Target | undefined;
  readonly fdtAddress: bigint | undefined;
  /** Physical address of the map's root or first chunk. */
  readonly mapAddress: bigint | undefined;
  /** The map's contents as the kernel reads them. */
  readonly contents: MapContents | undefined;
  /** The same with order-0 pages put right, in trees that lost their order bit. */
  readonly recovered: MapContents | undefined;
  readonly map: MapSource | undefined;
  readonly subtrees: readonly Subtree[];
  /** What the subtrees hand over, where there is memory to read it from; in the order of the subtrees that have an address. */
  readonly clients: readonly DecodedClient[];
  readonly evidence: readonly string[];
  readonly notes: readonly Note[];
}

/** What a caller has besides the FDT. */
export interface DecodeOptions extends Told {
  readonly source?: string;
  readonly memory?: PhysicalMemory;
  /** ABI that overrides what the FDT says. */
  readonly abi?: Abi;
}

/**
 * Decodes a handover from its root FDT and, where there is one, a memory dump.
 *
 * @throws KhoError with the place of the first thing that cannot be read
 */
export function decodeHandover(fdt: Uint8Array, options: DecodeOptions = {}): Handover {
  const root = readRoot(fdt, options.source ?? 'root FDT', options.abi);
  if (options.memory === undefined) return withoutMemory(root, options);
  const { memory, fdtAddress } = options;
  const { targets, evidence } = detectTarget(root, memory, options);
  const readings = targets.map((target) => withMemory(root, memory, target, evidence, fdtAddress));
  return joinReadings(readings);
}

/** Joins readings that say the same; those that differ are alternatives of the newest one. */
function joinReadings(readings: readonly Handover[]): Handover {
  const groups = new Map<string, Handover[]>();
  for (const reading of readings) {
    // A map can have a million runs: they are compared only where there is something to compare.
    const key = readings.length === 1 ? '' : contentsKey(reading.contents!);
    groups.set(key, [...(groups.get(key) ?? []), reading]);
  }
  const joined = [...groups.values()].map((group) => {
    const abis = group.map(({ abi }) => abi);
    return { ...group.at(-1)!, abis };
  });
  const chosen = joined.at(-1)!;
  const alternatives = joined.slice(0, -1);
  const names = (list: readonly Handover[]): string =>
    list.flatMap(({ abis }) => abis.map(({ id }) => id)).join(' or ');
  const notes: Note[] = [...chosen.notes];
  if (chosen.abis.length > 1)
    notes.push({ text: `nothing tells ${names([chosen])} apart here: the bytes are the same` });
  if (alternatives.length > 0) {
    notes.push({
      ...sharedErratum(joined),
      text: `the bytes can also be read as ${names(alternatives)}, with other blocks, and nothing in them decides; --abi picks one`,
    });
  }
  return { ...chosen, alternatives, notes };
}

/** The same for maps with the same blocks; of constant size. */
function contentsKey({ runs, statistics }: MapContents): string {
  const { blocks, bytes, badKeys } = statistics;
  const sum = createHash('sha256').update(`${blocks} ${bytes} ${badKeys}\n`);
  for (const { address, order, count } of runs) sum.update(`${address} ${order} ${count}\n`);
  return sum.digest('hex');
}

/** The erratum that explains why one string has several readings. */
function sharedErratum(readings: readonly Handover[]): { erratum?: string } {
  const ids = readings.map(
    ({ abi }) => new Set(abi.file.errata.filter(({ ambiguous }) => ambiguous).map(({ id }) => id)),
  );
  const shared = [...ids[0]!].find((id) => ids.every((set) => set.has(id)));
  return shared === undefined ? {} : { erratum: shared };
}

/** Reads the root FDT that lies at an address of a dump. */
export function readFdtPage(memory: PhysicalMemory, address: bigint): Uint8Array {
  const totalsize = Buffer.from(readPresent(memory, address, 8, 'root FDT header')).readUInt32BE(4);
  // The kernel maps one page, at most 64K; more is damage, and the reader will say so.
  return readPresent(memory, address, Math.min(Math.max(totalsize, 40), 1 << 16), 'root FDT');
}

function withoutMemory(root: RootModel, options: DecodeOptions): Handover {
  const { order, evidence } = detectByteOrder(root, options);
  const read = (bytes: Uint8Array | undefined): bigint | undefined =>
    bytes === undefined || order === undefined ? undefined : cpuU64(bytes, order);
  return {
    abi: root.abis.at(-1)!,
    abis: root.abis,
    alternatives: [],
    root,
    compatible: root.compatible,
    byteOrder: order,
    target: undefined,
    fdtAddress: options.fdtAddress,
    mapAddress: read(root.mapBytes),
    contents: undefined,
    recovered: undefined,
    map: undefined,
    subtrees: root.subtrees.map(({ name, addressBytes, sizeBytes }) => ({
      name,
      address: read(addressBytes),
      size: read(sizeBytes),
      preserved: undefined,
    })),
    clients: [],
    evidence: [...root.evidence, ...evidence],
    notes: rootNotes(root),
  };
}

function withMemory(
  root: RootModel,
  memory: PhysicalMemory,
  target: Target,
  evidence: readonly string[],
  fdtAddress: bigint | undefined,
): Handover {
  const { abi } = target;
  const geometry = mapGeometry(abi, target.pageShift);
  const mapAddress = cpuU64(root.mapBytes, target.byteOrder);
  const map = { memory, root: mapAddress, geometry, byteOrder: target.byteOrder } as MapSource;
  const lost = geometry.kind === 'radix' ? geometry.lostOrderBit : undefined;
  const contents = readMap(map);
  const recovered = lost === undefined ? undefined : readMap(map, 'recovered');
  const read = (bytes: Uint8Array | undefined): bigint | undefined =>
    bytes === undefined ? undefined : cpuU64(bytes, target.byteOrder);
  const addresses = root.subtrees.map(({ addressBytes }) => read(addressBytes));
  const held = preservedOf(map, lost === undefined ? 'kernel' : 'recovered', [fdtAddress, ...addresses]);
  const subtrees = root.subtrees.map(({ name, sizeBytes }, index) => {
    const address = addresses[index];
    const preserved = address === undefined ? undefined : held.has(address);
    return { name, address, size: read(sizeBytes), preserved };
  });
  return {
    abi,
    abis: [abi],
    alternatives: [],
    root,
    compatible: root.compatible,
    byteOrder: target.byteOrder,
    target,
    fdtAddress,
    mapAddress,
    contents,
    recovered,
    map,
    subtrees,
    clients: subtrees.flatMap(({ name, address, size }, index) =>
      // Of several nodes with one name every reader sees the first; a hostile blob has a thousand.
      address === undefined || subtrees.findIndex((other) => other.name === name) !== index
        ? []
        : [decodeClient(name, address, size, memory, target)],
    ),
    evidence: [...root.evidence, ...evidence],
    notes: [
      ...rootNotes(root),
      ...(mapAddress === 0n ? [notFinalizedNote(abi)] : []),
      ...(lost === undefined ? [] : [erratumNote(abi, lost.erratum)]),
      ...(contents.statistics.badKeys === 0 || lost !== undefined ? [] : [badKeyNote(contents)]),
      ...(fdtAddress === undefined || held.has(fdtAddress)
        ? []
        : [{ text: `the page of the root FDT at ${hex(fdtAddress)} is not preserved` }]),
    ],
  };
}

function erratumNote(abi: Abi, id: string): Note {
  const { title, recovery } = abi.erratum(id) as Erratum;
  return { erratum: id, text: recovery === undefined ? title : `${title}. ${recovery}` };
}

function badKeyNote(contents: MapContents): Note {
  const first = contents.badKeys[0]!;
  return {
    erratum: 'B4',
    text: `${contents.statistics.badKeys} keys are no block, the first ${hex(first.key)} in the leaf at ${hex(first.leaf)}`,
  };
}

function notFinalizedNote(abi: Abi): Note {
  const refused = abi.file.fdt.root.some(({ role, nonZero }) => role === 'phys' && nonZero === true);
  return {
    text: refused
      ? 'the map address is 0: kernel 1 was never finalized, and the next kernel boots cold'
      : 'the map address is 0: nothing is preserved',
  };
}

/** What the FDT alone tells: oddities, and nodes that a failed registration left behind. */
function rootNotes(root: RootModel): Note[] {
  return [
    ...root.oddities.map((text) => ({ text })),
    ...root.subtrees
      .filter(({ addressBytes }) => addressBytes === undefined)
      .map(({ name }) => ({
        erratum: 'B15',
        text: `subtree '${name}' has no address: a failed registration left it behind`,
      })),
  ];
}
