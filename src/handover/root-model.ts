import { type Abi, allAbis } from '../abi/index.js';
import { type ByteOrder, KhoError, readU64 } from '../bytes/index.js';
import { type FdtNode, type FdtTree, property, readFdt, stringList } from '../fdt/index.js';
import { candidateAbis, compatibleProperty } from './root-versions.js';

/** A subnode of the root FDT: one client's blob. */
export interface RootSubtree {
  readonly name: string;
  readonly node: FdtNode;
  /** Value of the address property as bytes; undefined for a node that has none (a known producer bug). */
  readonly addressBytes: Uint8Array | undefined;
  readonly sizeBytes: Uint8Array | undefined;
}

/** The root FDT as far as it can be read without knowing byte order and page size. */
export interface RootModel {
  readonly tree: FdtTree;
  /** Blob bytes, exactly totalsize. */
  readonly bytes: Uint8Array;
  readonly source: string;
  readonly compatible: readonly string[];
  /** ABIs that the blob can be, oldest first; structure and string do not always decide. */
  readonly abis: readonly Abi[];
  /** Why it is one of these. */
  readonly evidence: readonly string[];
  /** What no released kernel writes. */
  readonly oddities: readonly string[];
  /** The eight bytes of the map's address. */
  readonly mapBytes: Uint8Array;
  /** Name of the map property, for messages. */
  readonly mapName: string;
  readonly subtrees: readonly RootSubtree[];
}

/**
 * Reads a root FDT: which ABI it is, where the map's address stands, which subtrees there are.
 *
 * @param told ABI that the caller insists on
 * @param onFault takes what is wrong with the properties of one subtree, which then counts as missing; without it that is thrown
 * @throws KhoError `E_FDT` and `E_WRONG_KIND` for bytes that are no sound blob, `E_HANDOVER` for a blob that is no KHO root
 */
export function readRoot(
  bytes: Uint8Array,
  source: string,
  told?: Abi,
  onFault?: (fault: KhoError) => void,
): RootModel {
  const tree = readFdt(bytes, { source });
  const compatibleAt = compatibleProperty(tree, source);
  const compatible = stringList(compatibleAt.value);
  if (compatible === undefined) {
    throw new KhoError('E_HANDOVER', 'the compatible property is no string list', {
      source,
      path: '/compatible',
      expected: [...new Set(allAbis().map((abi) => abi.compatible))].join(', '),
    });
  }
  const { abis, evidence, oddities } =
    told === undefined
      ? candidateAbis(tree, bytes, compatible, source, compatibleAt)
      : { abis: [told], evidence: [`${told.id} as told`], oddities: [] };
  // Candidates that structure cannot tell apart have the same properties.
  const abi = abis.at(-1)!;
  const mapRule = abi.file.fdt.root.find(({ role }) => role === 'phys')!;
  return {
    tree,
    bytes: bytes.subarray(0, Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32BE(4)),
    source,
    compatible,
    abis,
    evidence,
    oddities,
    mapName: mapRule.name,
    mapBytes: eightBytes(tree.root, mapRule.name, source, '/'),
    subtrees: tree.root.children.map((node) => subtree(node, abi, source, onFault)),
  };
}

function subtree(
  node: FdtNode,
  abi: Abi,
  source: string,
  onFault: ((fault: KhoError) => void) | undefined,
): RootSubtree {
  const value = (role: 'phys' | 'size'): Uint8Array | undefined => {
    const rule = abi.file.fdt.subtree.find((candidate) => candidate.role === role);
    if (rule === undefined || property(node, rule.name) === undefined) return undefined;
    try {
      return eightBytes(node, rule.name, source, `/${node.name}/`);
    } catch (error) {
      if (onFault === undefined || !(error instanceof KhoError)) throw error;
      onFault(error);
      return undefined;
    }
  };
  return { name: node.name, node, addressBytes: value('phys'), sizeBytes: value('size') };
}

function eightBytes(node: FdtNode, name: string, source: string, path: string): Uint8Array {
  const found = property(node, name);
  if (found?.value.length === 8) return found.value;
  throw new KhoError(
    'E_HANDOVER',
    found === undefined ? 'a property is missing' : 'a property has the wrong length',
    {
      source,
      path: `${path}${name}`,
      ...(found?.valueOffset === undefined
        ? {}
        : { offset: found.valueOffset, found: `${found.value.length} bytes` }),
      expected: '8 bytes in the byte order of the CPU',
    },
  );
}

/** The CPU's u64 in eight bytes. */
export function cpuU64(bytes: Uint8Array, order: ByteOrder): bigint {
  return readU64(bytes, 0, order);
}
