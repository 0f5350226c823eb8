import { shownName } from './shown-path.js';
import { type FdtNode, type FdtTree, property, walkNodes } from './tree.js';

/** One reason why `dtc` refuses to write a tree that it could read. */
export interface DtcObjection {
  /** Name of dtc's own check. */
  readonly check: string;
  readonly path: string;
  readonly text: string;
}

/** What dtc makes of a tree before it writes it. */
export interface DtcView {
  readonly tree: FdtTree;
  /** Not empty: dtc prints errors and writes nothing, unless it is forced with -f. */
  readonly objections: readonly DtcObjection[];
}

const BAD_NODE_CHAR = /[^a-zA-Z0-9,._+\-@]/;
const BAD_PROPERTY_CHAR = /[^a-zA-Z0-9,._+*#?-]/;

/**
 * Checks that dtc runs before it looks at name properties. It stops at the first check that fails, so after one of these
 * it drops no name, even when -f makes it write.
 */
const EARLY_CHECKS = new Set([
  'duplicate_node_names',
  'duplicate_property_names',
  'node_name_chars',
  'node_name_format',
  'property_name_chars',
  'name_is_string',
]);

/** Objections kept; a hostile tree can earn one for each node. */
const MAX_OBJECTIONS = 100;

/**
 * The tree as dtc writes it. dtc drops a `name` property that repeats the node's name (a relic of versions before 16),
 * and refuses trees that break its error-level checks. Property and node order stay as they are.
 * Source: behaviour of dtc 1.6 and 1.7 with `-I dtb -O dtb`.
 */
export function dtcView(tree: FdtTree): DtcView {
  const objections: DtcObjection[] = [];
  let namesAreLookedAt = true;
  const object = (check: string, path: string, text: string): void => {
    if (EARLY_CHECKS.has(check)) namesAreLookedAt = false;
    if (objections.length < MAX_OBJECTIONS) objections.push({ check, path, text });
  };
  const phandles = new Map<number, string>();
  for (const { node, path } of withPaths(tree)) {
    checkNode(node, path, object);
    checkPhandle(node, path, phandles, object);
    const name = property(node, 'name');
    if (name !== undefined && !isOneString(name.value))
      object('name_is_string', path, 'the name property is not a string');
  }
  return { tree: namesAreLookedAt ? dropNames(tree, object) : tree, objections };
}

type Object = (check: string, path: string, text: string) => void;

function* withPaths(tree: FdtTree): Generator<{ node: FdtNode; path: string }> {
  const names: string[] = [];
  for (const { node, depth } of walkNodes(tree)) {
    names.length = depth;
    names.push(shownName(node.name));
    yield { node, path: depth < 64 ? `/${names.slice(1).join('/')}` : `/…/${names[depth]}` };
  }
}

function checkNode(node: FdtNode, path: string, object: Object): void {
  if (BAD_NODE_CHAR.test(node.name)) object('node_name_chars', path, 'bad character in the node name');
  else if (node.name.indexOf('@') !== node.name.lastIndexOf('@')) {
    object('node_name_format', path, 'more than one @ in the node name');
  }
  if (repeats(node.children.map((child) => child.name)))
    object('duplicate_node_names', path, 'two subnodes of one name');
  if (repeats(node.properties.map((prop) => prop.name))) {
    object('duplicate_property_names', path, 'two properties of one name');
  }
  for (const { name } of node.properties) {
    if (BAD_PROPERTY_CHAR.test(name)) object('property_name_chars', path, 'bad character in a property name');
  }
}

function checkPhandle(node: FdtNode, path: string, seen: Map<number, string>, object: Object): void {
  const values: number[] = [];
  for (const name of ['phandle', 'linux,phandle']) {
    const value = property(node, name)?.value;
    if (value === undefined) continue;
    const cell = value.length === 4 ? Buffer.from(value).readUInt32BE() : 0;
    if (cell === 0 || cell === 0xffff_ffff) object('explicit_phandles', path, `bad ${name} value or length`);
    else values.push(cell);
  }
  if (values.length === 2 && values[0] !== values[1])
    object('explicit_phandles', path, 'phandle and linux,phandle differ');
  const handle = values[0];
  if (handle === undefined) return;
  if (seen.has(handle))
    object('explicit_phandles', path, `phandle ${handle} is also that of ${seen.get(handle)}`);
  else seen.set(handle, path);
}

/** A copy of the tree without redundant `name` properties; a wrong one is an objection and stays. */
function dropNames(tree: FdtTree, object: Object): FdtTree {
  const root: FdtNode = { name: '', properties: [], children: [] };
  const stack: { from: FdtNode; to: FdtNode }[] = [{ from: tree.root, to: root }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { from, to } = top;
    to.name = from.name;
    const name = property(from, 'name');
    const base = from.name.split('@', 1)[0]!;
    const redundant = name !== undefined && Buffer.from(name.value).toString('latin1') === `${base}\0`;
    if (name !== undefined && !redundant)
      object('name_properties', `/…/${from.name}`, 'the name property is not the node name');
    to.properties = redundant ? from.properties.filter((prop) => prop !== name) : from.properties;
    to.children = from.children.map((child) => ({ name: child.name, properties: [], children: [] }));
    for (const [index, child] of from.children.entries())
      stack.push({ from: child, to: to.children[index]! });
  }
  return { ...tree, root };
}

function isOneString(value: Uint8Array): boolean {
  return value.length > 0 && value.indexOf(0) === value.length - 1;
}

function repeats(names: readonly string[]): boolean {
  return new Set(names).size !== names.length;
}
