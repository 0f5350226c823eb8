import { allClientAbis } from '../../abi/index.js';
import { printable } from '../../bytes/index.js';
import { type FdtNode, property } from '../../fdt/index.js';
import { cpuU64, type RootModel } from '../../handover/index.js';
import type { RuleTable, ValidationContext } from '../context.js';
import type { Rule } from '../rule.js';
import { fdtPlace } from './place.js';
import { ROOT_RULES as R } from './root-table.js';

/** Rules of the root node and of its subtrees' properties. */
export const rootRules: RuleTable = {
  rules: Object.values(R),
  check(context: ValidationContext): void {
    const { root } = context;
    if (root === undefined) {
      for (const rule of this.rules)
        if (rule !== R['root-unreadable']) context.skip(rule, 'the root FDT cannot be read');
      return;
    }
    for (const rule of this.rules) context.ran(rule);
    checkVersion(context, root);
    checkProperties(context, root);
    checkSubtrees(context, root);
  },
};

/** The rule for a blob that is no KHO root; the engine reports it with the reader's error. */
export const ROOT_UNREADABLE: Rule = R['root-unreadable'];
/** The rule for a property that the reader passed over; the engine reports it. */
export const SUBTREE_LENGTH: Rule = R['subtree-property-length'];
/** The rule for a page size that nothing tells; the engine reports it. */
export const TARGET_ASSUMED: Rule = R['root-target-assumed'];
/** The rule for bytes with several readings; the engine reports it when it knows them. */
export const FORMAT_AMBIGUOUS: Rule = R['root-format-ambiguous'];

function checkVersion(context: ValidationContext, root: RootModel): void {
  const at = property(root.tree.root, 'compatible');
  for (const text of root.oddities) {
    const rule = text.startsWith('version and structure')
      ? R['root-version-structure']
      : R['root-version-unreleased'];
    context.reportFdt(rule, {
      message: text,
      path: '/compatible',
      ...fdtPlace(context, at?.valueOffset, at?.value.length),
    });
  }
}

function checkProperties(context: ValidationContext, root: RootModel): void {
  const { fdt } = root.abis.at(-1)!.file;
  const named = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name);
  unknownProperties(context, root.tree.root, '/', named(fdt.root));
  inOrder(context, root.tree.root, '/', named(fdt.root));
  // setprop puts the newest property first.
  const subtree = fdt.writer === 'in-place' ? named(fdt.subtree).reverse() : named(fdt.subtree);
  for (const { node, name } of root.subtrees) {
    unknownProperties(context, node, `/${printable(name)}`, subtree);
    inOrder(context, node, `/${printable(name)}`, subtree);
  }
  const mapAt = property(root.tree.root, root.mapName)?.valueOffset;
  if (root.mapBytes.every((byte) => byte === 0)) {
    const nonZero = fdt.root.some(({ role, nonZero: refused }) => role === 'phys' && refused === true);
    context.reportFdt(
      R['root-map-zero'],
      {
        message: nonZero
          ? 'kernel 1 was never finalized, and the next kernel boots cold'
          : 'nothing is preserved',
        path: `/${root.mapName}`,
        ...fdtPlace(context, mapAt, 8),
        found: '0',
      },
      nonZero ? 'error' : 'warning',
    );
  }
}

function unknownProperties(
  context: ValidationContext,
  node: FdtNode,
  path: string,
  known: readonly string[],
): void {
  for (const { name, value, valueOffset } of node.properties) {
    if (known.includes(name)) continue;
    context.reportFdt(R['root-property-unknown'], {
      message: `'${printable(name)}' is ignored by receivers`,
      path: `${path === '/' ? '' : path}/${printable(name)}`,
      ...fdtPlace(context, valueOffset, value.length),
    });
  }
}

function inOrder(context: ValidationContext, node: FdtNode, path: string, known: readonly string[]): void {
  const seen = node.properties.map(({ name }) => name).filter((name) => known.includes(name));
  const wanted = known.filter((name) => seen.includes(name));
  if (seen.join() === wanted.join()) return;
  context.reportFdt(R['root-property-order'], {
    message: 'a kernel would leave another order',
    path,
    ...fdtPlace(context, node.offset),
    found: seen.join(', '),
    expected: wanted.join(', '),
  });
}

function checkSubtrees(context: ValidationContext, root: RootModel): void {
  const { fdt } = root.abis.at(-1)!.file;
  const sizeName = fdt.subtree.find(({ role }) => role === 'size')?.name;
  const addressName = fdt.subtree.find(({ role }) => role === 'phys')!.name;
  const clients = allClientAbis().map(({ file }) => file.subtree);
  const names = new Set<string>();
  for (const { name, node, addressBytes } of root.subtrees) {
    const path = `/${printable(name)}`;
    const place = fdtPlace(context, node.offset);
    if (names.has(name))
      context.reportFdt(R['subtree-duplicate'], {
        message: `a second '${printable(name)}'; receivers see the first`,
        path,
        ...place,
      });
    names.add(name);
    if (!clients.includes(name))
      context.reportFdt(R['subtree-unknown'], {
        message: `nobody known hands over '${printable(name)}'`,
        path,
        ...place,
      });
    if (property(node, addressName) === undefined) {
      context.reportFdt(R['subtree-half-node'], {
        message: 'a failed registration left this node without an address',
        path,
        ...place,
        erratum: 'B15',
      });
      continue;
    }
    if (sizeName !== undefined && property(node, sizeName) === undefined)
      context.reportFdt(R['subtree-size-missing'], {
        message: 'blob-size is missing: the retrieve fails',
        path,
        ...place,
      });
    const order = context.target?.byteOrder;
    if (order === undefined || addressBytes === undefined) continue;
    const address = cpuU64(addressBytes, order);
    if (address === 0n || address >= 1n << 52n)
      context.reportFdt(R['subtree-address'], {
        message: 'no memory can be there',
        path,
        ...fdtPlace(context, property(node, addressName)?.valueOffset, 8),
        found: `0x${address.toString(16)}`,
        hint: 'read with the wrong byte order?',
      });
  }
}
