import { type ClientAbi, type ClientComponent, clientAbisOf } from '../abi/index.js';
import { printable, readU64 } from '../bytes/index.js';
import { type FdtNode, type FdtTree, property, readFdt, stringList } from '../fdt/index.js';
import type { ProblemFacts, ReadContext } from './context.js';
import type { Located } from './model.js';

/** Largest device tree that is read: the largest folio is far above what any client writes. */
const MAX_TREE = 1 << 22;

const FDT_MAGIC = 0xd00dfeed;

/** A client's device tree at its place in memory. */
export class ClientTree {
  readonly context: ReadContext;
  readonly address: bigint;
  readonly tree: FdtTree;
  readonly path: string;

  constructor(context: ReadContext, address: bigint, tree: FdtTree, path: string) {
    this.context = context;
    this.address = address;
    this.tree = tree;
    this.path = path;
  }

  /** A number of 8 or 4 bytes; undefined and a problem when it is missing or has another length. */
  number(node: FdtNode, name: string, size: 4 | 8, facts: ProblemFacts = {}): Located<bigint> | undefined {
    const found = property(node, name);
    const path = this.pathOf(node, name);
    if (found?.value.length === size) {
      const { byteOrder } = this.context.target;
      const view = new DataView(found.value.buffer, found.value.byteOffset, size);
      const value =
        size === 8 ? readU64(found.value, 0, byteOrder) : BigInt(view.getUint32(0, byteOrder === 'little'));
      return { value, address: this.at(found.valueOffset) };
    }
    const text =
      found === undefined ? 'the property is missing' : `${found.value.length} bytes instead of ${size}`;
    this.context.problem('property', path, text, {
      ...facts,
      address: this.at(found?.valueOffset ?? node.offset),
    });
    return undefined;
  }

  /** Strings of `compatible`; a problem when there are none. */
  compatible(node: FdtNode, facts: ProblemFacts = {}): Located<readonly string[]> | undefined {
    const found = property(node, 'compatible');
    const list = found === undefined ? undefined : stringList(found.value);
    if (list !== undefined) return { value: list, address: this.at(found!.valueOffset) };
    const text = found === undefined ? 'the property is missing' : 'no NUL-terminated string';
    this.context.problem(found === undefined ? 'property' : 'string', this.pathOf(node, 'compatible'), text, {
      ...facts,
      address: this.at(found?.valueOffset ?? node.offset),
    });
    return undefined;
  }

  pathOf(node: FdtNode, name: string): string {
    return `${this.path}${node.name === '' ? '' : `/${printable(node.name)}`}/${name}`;
  }

  at(offset: number | undefined): bigint {
    return this.address + BigInt(offset ?? 0);
  }
}

/** Whether a device tree begins at an address; undefined when the dump lacks it. */
export function isTree(context: ReadContext, address: bigint): boolean | undefined {
  const bytes = context.memory.read(address, 4);
  return bytes === undefined
    ? undefined
    : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === FDT_MAGIC;
}

/** Reads the device tree of a subtree. What is wrong with it becomes a problem. */
export function readTree(
  context: ReadContext,
  address: bigint,
  size: bigint | undefined,
  path: string,
): ClientTree | undefined {
  const head = context.read(address, 8, 'the header of the device tree', path);
  if (head === undefined) return undefined;
  const words = new DataView(head.buffer, head.byteOffset);
  // Without its magic number it is read as far as the header, so that the reader can say what the bytes are instead.
  const totalsize = words.getUint32(0) === FDT_MAGIC ? words.getUint32(4) : head.length;
  if (totalsize > MAX_TREE) {
    context.problem('limit', path, `a device tree of ${totalsize} bytes is not read`, { address });
    return undefined;
  }
  if (size !== undefined && size < BigInt(totalsize)) {
    context.problem('blob-size', path, `blob-size ${size} is less than totalsize ${totalsize}`, { address });
  }
  const bytes = context.read(address, totalsize, 'the device tree', path);
  if (bytes === undefined) return undefined;
  const tree = context.attempt('tree', path, () => readFdt(bytes, { source: context.memory.source }), {
    address,
  });
  return tree === undefined ? undefined : new ClientTree(context, address, tree, path);
}

/** Formats of a component that one of the strings names, oldest first. None is a problem. */
export function formatsOf(
  context: ReadContext,
  component: ClientComponent,
  strings: Located<readonly string[]>,
  path: string,
): ClientAbi[] {
  const found = strings.value.flatMap((text) => clientAbisOf(component, text));
  if (found.length > 0) return found;
  const known = clientAbisOf(component);
  const versions = [...new Set(known.map(({ file }) => `${file.version.value}`))];
  const names = strings.value.map((text) => `'${printable(text.slice(0, 64))}'`).join(', ');
  const composite = strings.value.some((text) => text.includes(';'));
  context.problem(
    'version',
    path,
    `${composite ? 'not a released format' : 'unknown version'}: ${names}; known are ${versions.join(', ')}`,
    { address: strings.address, receiver: [known.at(-1)!, 'version'] },
  );
  return found;
}

/** First string of a list as one located value. */
export function firstOf(strings: Located<readonly string[]>): Located<string> {
  return { value: strings.value[0]!, address: strings.address };
}
