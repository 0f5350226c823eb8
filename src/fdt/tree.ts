/** The one in-memory form of a device tree; every reader makes it and every writer takes it. */

/** A property. `value` is a view on the blob it came from. */
export interface FdtProperty {
  /** Name, one character a byte (Latin-1), so that any byte survives a round trip. */
  name: string;
  value: Uint8Array;
  /** Offset of the value in the blob, when it was read from one. */
  valueOffset?: number;
}

/** A node. Properties come before children on the wire. */
export interface FdtNode {
  /** Name without path, with unit address; empty for the root. */
  name: string;
  properties: FdtProperty[];
  children: FdtNode[];
  /** Offset of the FDT_BEGIN_NODE tag in the blob, when it was read from one. */
  offset?: number;
}

/** One entry of the memory reservation block. */
export interface FdtReservation {
  address: bigint;
  size: bigint;
}

/** A whole device tree with what its header says besides offsets. */
export interface FdtTree {
  /** Format version of the blob it was read from; writers write version 17. */
  version: number;
  bootCpuid: number;
  reservations: FdtReservation[];
  root: FdtNode;
}

/** A new node, for building trees by hand. */
export function fdtNode(name: string, properties: FdtProperty[] = [], children: FdtNode[] = []): FdtNode {
  return { name, properties, children };
}

/** A new tree around a root node. */
export function fdtTree(root: FdtNode, reservations: FdtReservation[] = [], bootCpuid = 0): FdtTree {
  return { version: 17, bootCpuid, reservations, root };
}

/** First property of that name, which is the one that every reader of the field takes. */
export function property(node: FdtNode, name: string): FdtProperty | undefined {
  return node.properties.find((candidate) => candidate.name === name);
}

/** First child of exactly that name. */
export function child(node: FdtNode, name: string): FdtNode | undefined {
  return node.children.find((candidate) => candidate.name === name);
}

/** Node at an absolute path such as `/luo-session`; `/` is the root. */
export function nodeAt(tree: FdtTree, path: string): FdtNode | undefined {
  let node: FdtNode | undefined = tree.root;
  for (const name of path.split('/').filter((part) => part !== '')) {
    if (node === undefined) return undefined;
    node = child(node, name);
  }
  return node;
}

/** Strings of a NUL-separated string list; undefined if the last string is not terminated or the value is empty. */
export function stringList(value: Uint8Array): string[] | undefined {
  if (value.length === 0 || value[value.length - 1] !== 0) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.length - 1)
    .toString('latin1')
    .split('\0');
}

/** Visits all nodes, parents first, in blob order, without recursion. */
export function* walkNodes(tree: FdtTree): Generator<{ node: FdtNode; depth: number }> {
  const stack: { node: FdtNode; depth: number }[] = [{ node: tree.root, depth: 0 }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    yield top;
    const { children } = top.node;
    for (let index = children.length - 1; index >= 0; index--) {
      stack.push({ node: children[index]!, depth: top.depth + 1 });
    }
  }
}
