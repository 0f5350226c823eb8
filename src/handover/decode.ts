import type { Abi, Erratum, Target } from '../abi/index.js';
import { type ByteOrder, hex } from '../bytes/index.js';
import { type RadixContents, type RadixSource, radixGeometry, readRadix } from '../map/index.js';
import { type PhysicalMemory, readPresent } from '../memory/index.js';
import { type Detection, detectByteOrder, detectTarget, type Told } from './detect.js';
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
  readonly abi: Abi;
  readonly root: RootModel;
  readonly compatible: readonly string[];
  readonly byteOrder: ByteOrder | undefined;
  /** Undefined without memory: nothing in the FDT tells the page size. */
  readonly target: Target | undefined;
  readonly fdtAddress: bigint | undefined;
  /** Physical address of the map's root. */
  readonly map: bigint | undefined;
  /** The map's contents as the kernel reads them. */
  readonly contents: RadixContents | undefined;
  /** The same with order-0 pages put right, in trees that lost their order bit. */
  readonly recovered: RadixContents | undefined;
  readonly tree: RadixSource | undefined;
  readonly subtrees: readonly Subtree[];
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
  const detection = detectTarget(root, options.memory, options);
  return withMemory(root, options.memory, detection, options.fdtAddress);
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
    abi: root.abi,
    root,
    compatible: root.compatible,
    byteOrder: order,
    target: undefined,
    fdtAddress: options.fdtAddress,
    map: read(root.mapBytes),
    contents: undefined,
    recovered: undefined,
    tree: undefined,
    subtrees: root.subtrees.map(({ name, addressBytes, sizeBytes }) => ({
      name,
      address: read(addressBytes),
      size: read(sizeBytes),
      preserved: undefined,
    })),
    evidence,
    notes: halfNodes(root),
  };
}

function withMemory(
  root: RootModel,
  memory: PhysicalMemory,
  { target, evidence }: Detection,
  fdtAddress: bigint | undefined,
): Handover {
  const geometry = radixGeometry(root.abi, target.pageShift);
  const map = cpuU64(root.mapBytes, target.byteOrder);
  const tree: RadixSource = { memory, root: map, geometry, byteOrder: target.byteOrder };
  const lost = geometry.lostOrderBit;
  const contents = readRadix(tree);
  const recovered = lost === undefined ? undefined : readRadix(tree, 'recovered');
  const holds = coverage(recovered ?? contents, target.pageShift);
  const read = (bytes: Uint8Array | undefined): bigint | undefined =>
    bytes === undefined ? undefined : cpuU64(bytes, target.byteOrder);
  return {
    abi: root.abi,
    root,
    compatible: root.compatible,
    byteOrder: target.byteOrder,
    target,
    fdtAddress,
    map,
    contents,
    recovered,
    tree,
    subtrees: root.subtrees.map(({ name, addressBytes, sizeBytes }) => {
      const address = read(addressBytes);
      return {
        name,
        address,
        size: read(sizeBytes),
        preserved: address === undefined ? undefined : holds(address),
      };
    }),
    evidence,
    notes: [
      ...halfNodes(root),
      ...(lost === undefined ? [] : [erratumNote(root.abi, lost.erratum)]),
      ...(contents.statistics.badKeys === 0 || lost !== undefined ? [] : [badKeyNote(contents)]),
      ...(fdtAddress === undefined || holds(fdtAddress)
        ? []
        : [{ text: `the page of the root FDT at ${hex(fdtAddress)} is not preserved` }]),
    ],
  };
}

/** Whether an address lies in a preserved block. Runs are few and sorted once. */
function coverage(contents: RadixContents, pageShift: number): (address: bigint) => boolean {
  const shift = BigInt(pageShift);
  return (address) =>
    contents.runs.some(
      (run) =>
        run.address <= address && address < run.address + (BigInt(run.count) << (BigInt(run.order) + shift)),
    );
}

function erratumNote(abi: Abi, id: string): Note {
  const { title, recovery } = abi.erratum(id) as Erratum;
  return { erratum: id, text: recovery === undefined ? title : `${title}. ${recovery}` };
}

function badKeyNote(contents: RadixContents): Note {
  const first = contents.badKeys[0]!;
  return {
    erratum: 'B4',
    text: `${contents.statistics.badKeys} keys are no block, the first ${hex(first.key)} in the leaf at ${hex(first.leaf)}`,
  };
}

function halfNodes(root: RootModel): Note[] {
  return root.subtrees
    .filter(({ addressBytes }) => addressBytes === undefined)
    .map(({ name }) => ({
      erratum: 'B15',
      text: `subtree '${name}' has no address: a failed registration left it behind`,
    }));
}
