import { type ClientAbi, clientAbisOf } from '../abi/index.js';
import { printable } from '../bytes/index.js';
import { child } from '../fdt/index.js';
import type { ReadContext } from './context.js';
import type { Located } from './model.js';
import { type ClientTree, firstOf, formatsOf, isTree, readTree } from './read-fdt.js';

/** Where everything begins, whatever form says so. */
export interface LuoRoot {
  readonly abi: ClientAbi;
  readonly version: Located<string>;
  readonly number: Located<bigint> | undefined;
  readonly sessions: Located<bigint> | undefined;
  readonly flbs: Located<bigint> | undefined;
}

/** A root whose version no format has. */
export interface UnknownLuoRoot {
  readonly version: Located<string>;
}

/** Finds out which form the blob has, by its bytes, and reads the addresses in it. What is wrong becomes a problem. */
export function readLuoRoot(
  context: ReadContext,
  address: bigint,
  size: bigint | undefined,
  path: string,
): LuoRoot | UnknownLuoRoot | undefined {
  return isTree(context, address) === true
    ? treeRoot(context, address, size, path)
    : structRoot(context, address, size, path);
}

function structRoot(
  context: ReadContext,
  address: bigint,
  size: bigint | undefined,
  path: string,
): LuoRoot | UnknownLuoRoot | undefined {
  const structs = clientAbisOf('luo').filter(({ file }) => file.luo!.root === 'struct');
  const latest = structs.at(-1)!;
  const layout = latest.struct('luo_root', context.target.pageShift);
  if (size !== undefined && size < BigInt(layout.size)) {
    const text = `the blob has ${size} bytes; expected ${layout.size}`;
    context.problem('too-small', path, text, { address, receiver: [latest, 'too-small'] });
    return undefined;
  }
  // Twice the field: a composite string is longer.
  const bytes = context.read(address, 16, 'the compatible string', path);
  if (bytes === undefined) return undefined;
  const text = Buffer.from(bytes).toString('latin1').split('\0', 1)[0]!;
  const version = { value: text, address };
  const abi = structs.find(({ file }) => file.version.value === text);
  if (abi === undefined) {
    formatsOf(context, 'luo', { value: [structVersion(text)], address }, path);
    return { version };
  }
  const fields = context.struct<{ liveupdate_num: bigint; sessions_pa: bigint; flbs_pa: bigint }>(
    abi,
    'luo_root',
    address,
    path,
  );
  if (fields === undefined) return { version };
  const { liveupdate_num: number, sessions_pa: sessions, flbs_pa: flbs } = fields;
  return { abi, version, number, sessions, flbs };
}

/** A string that a device tree would have does not fit a structure: it is then unknown all the same. */
function structVersion(text: string): string {
  return clientAbisOf('luo', text).length > 0 ? `${text} (in a structure)` : text;
}

function treeRoot(
  context: ReadContext,
  address: bigint,
  size: bigint | undefined,
  path: string,
): LuoRoot | UnknownLuoRoot | undefined {
  const tree = readTree(context, address, size, path);
  if (tree === undefined) return undefined;
  const { root } = tree.tree;
  const latest = clientAbisOf('luo').at(-1)!;
  const strings = tree.compatible(root, { receiver: [latest, 'version'] });
  if (strings === undefined) return undefined;
  const version = firstOf(strings);
  const formats = formatsOf(context, 'luo', strings, `${path}/compatible`);
  if (formats.length === 0) return { version };
  const treeFormats = formats.filter(({ file }) => file.luo!.root !== 'struct');
  if (treeFormats.length === 0) {
    const text = `${printable(version.value)} is a structure, not a device tree`;
    context.problem('version-form', path, text, { address, receiver: [latest, 'version'] });
    return { version };
  }
  const hasFlbNode = child(root, 'luo-flb') !== undefined;
  const abi = treeFormats.find(({ file }) => file.luo!.flbs === hasFlbNode) ?? treeFormats.at(-1)!;
  return abi.file.luo!.root === 'fdt-header'
    ? headerRoot(context, tree, abi, version, path)
    : nodesRoot(context, tree, abi, version);
}

function headerRoot(
  context: ReadContext,
  tree: ClientTree,
  abi: ClientAbi,
  version: Located<string>,
  path: string,
): LuoRoot {
  const none = { abi, version, number: undefined, sessions: undefined, flbs: undefined };
  const header = tree.number(tree.tree.root, 'luo-abi-header', 8, { receiver: [abi, 'header'] });
  if (header === undefined || !context.visit(header.value, 'luo_abi_header', path)) return none;
  context.refer('luo_abi_header', path, header.value, BigInt(context.pageSize));
  const fields = context.struct<{ liveupdate_num: bigint; sessions_pa: bigint; flbs_pa: bigint }>(
    abi,
    'luo_abi_header',
    header.value,
    path,
  );
  if (fields === undefined) return none;
  const { liveupdate_num: number, sessions_pa: sessions, flbs_pa: flbs } = fields;
  return { abi, version, number, sessions, flbs };
}

function nodesRoot(
  context: ReadContext,
  tree: ClientTree,
  abi: ClientAbi,
  version: Located<string>,
): LuoRoot {
  const { root } = tree.tree;
  const number = tree.number(root, 'liveupdate-number', 8);
  const sessions = nodeAddress(context, tree, abi, 'luo-session', 'luo-session-header', 'session-node');
  if (!abi.file.luo!.flbs) {
    const text = 'there is no luo-flb node: the blob is of 6.19, and kernels from 7.0 on panic';
    context.problem('flb-node-absent', `${tree.path}/luo-flb`, text, {
      address: tree.address,
      erratum: 'B8',
    });
    return { abi, version, number, sessions, flbs: undefined };
  }
  const flbs = nodeAddress(context, tree, abi, 'luo-flb', 'luo-flb-header', 'flb-node');
  return { abi, version, number, sessions, flbs };
}

/** The address in one of the nodes, if the node has the one string that is accepted. */
function nodeAddress(
  context: ReadContext,
  tree: ClientTree,
  abi: ClientAbi,
  name: string,
  property: string,
  row: string,
): Located<bigint> | undefined {
  const node = child(tree.tree.root, name);
  const path = `${tree.path}/${name}`;
  const receiver = [abi, row] as const;
  if (node === undefined) {
    context.problem('node', path, 'the node is missing', { address: tree.address, receiver });
    return undefined;
  }
  const wanted = abi.node(`/${name}`).properties.find((candidate) => candidate.name === 'compatible')!.value;
  const strings = tree.compatible(node, { receiver });
  if (strings !== undefined && !strings.value.some((text) => text === wanted)) {
    const found = strings.value.map((text) => `'${printable(text)}'`).join(', ');
    const text = `unknown version: ${found}; known is ${wanted}`;
    context.problem('node-version', path, text, { address: strings.address, receiver });
    return undefined;
  }
  return tree.number(node, property, 8, { receiver });
}
