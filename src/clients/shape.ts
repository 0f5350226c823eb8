import type { ClientAbi, Target } from '../abi/index.js';
import { KhoError, Writer } from '../bytes/index.js';
import { type FdtNode, fdtNode, fdtTree, writeSequential } from '../fdt/index.js';

/** Values of one node by property name: numbers in the CPU's byte order, or bytes as they are. */
export type NodeValues = Readonly<Record<string, bigint | number | Uint8Array>>;

/** One node below the root: which node of the format's shape it is, and its name. */
export interface ShapedNode {
  readonly path: string;
  readonly name: string;
  readonly values: NodeValues;
}

/**
 * Writes a client's device tree as libfdt's sequential calls do: nodes and properties in the order of the format's file,
 * numbers as memory of the CPU. Gives exactly totalsize bytes.
 */
export function writeShape(
  abi: ClientAbi,
  target: Target,
  root: NodeValues,
  children: readonly ShapedNode[],
): Uint8Array {
  const make = (path: string, name: string, values: NodeValues): FdtNode =>
    fdtNode(
      name,
      abi.node(path).properties.map((property) => ({
        name: property.name,
        value: propertyBytes(property.type, values[property.name] ?? property.value, target, property.name),
      })),
    );
  const tree = make('/', '', root);
  tree.children.push(...children.map(({ path, name, values }) => make(path, name, values)));
  return writeSequential(fdtTree(tree));
}

function propertyBytes(
  type: string,
  value: bigint | number | string | Uint8Array | undefined,
  target: Target,
  name: string,
): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(`${value}\0`, 'latin1');
  if (value === undefined) throw new KhoError('E_USAGE', `no value for property ${name}`);
  const out = new Writer(target.byteOrder);
  return (type === 'u32' ? out.u32(Number(value)) : out.u64(BigInt(value))).finish();
}
