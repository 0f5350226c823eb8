import { allClientAbis } from '../../abi/index.js';
import { printable } from '../../bytes/index.js';
import { type FdtNode, property } from '../../fdt/index.js';
import { cpuU64, type RootModel } from '../../handover/index.js';
import type { RuleTable, ValidationContext } from '../context.js';
import type { Rule } from '../rule.js';
import { makeRules, SOURCE } from './build.js';

const R = makeRules('fdt', 'root FDT', {
  'root-unreadable': [
    150,
    'error',
    'the blob is no usable KHO root',
    SOURCE.populate,
    'The next kernel looks for its version string and for the address of the map in the root node. Without them it boots cold: all preserved ' +
      'memory is ordinary free memory, and no client learns anything.',
  ],
  'root-version-structure': [
    151,
    'warning',
    'version string and structure do not go together',
    SOURCE.header,
    'The string names one format, the properties or the layout belong to another. A receiver goes by the string and will misread the rest.',
  ],
  'root-version-unreleased': [
    152,
    'warning',
    'a version string that no released kernel writes',
    '"kho: granular compatibility and header decoupling" (posted June 2026, not merged)',
    'Composite strings with semicolons are refused by every released kernel; a list of strings matches if one of them is the own one.',
  ],
  'root-format-ambiguous': [
    153,
    'warning',
    'the bytes allow more than one format under this string',
    'errata B1 and B3',
    'The format changed without a new string, and nothing in these bytes decides. A receiver of the other kind reserves wrong memory.',
  ],
  'root-property-unknown': [
    154,
    'note',
    'a property that no kernel writes',
    SOURCE.header,
    'Receivers ignore properties that they do not know.',
  ],
  'root-property-order': [
    155,
    'note',
    'properties do not stand in the order in which kernels leave them',
    SOURCE.header,
    'Harmless to receivers: the blob was written by something else than a kernel, or was rewritten (dtc does that).',
  ],
  'subtree-half-node': [
    156,
    'warning',
    'a subtree without address',
    'erratum B15, Linux 6.19 to 7.1',
    'A failed registration left half a node behind. It is a bug of the producer, not damage; the client was never handed over.',
  ],
  'subtree-size-missing': [
    157,
    'error',
    'a subtree without blob-size',
    'kho_retrieve_subtree, Linux 7.1 to 7.3',
    'From kho-v3 on every subtree has a size. Without it the retrieve fails with -EINVAL: LUO panics, the others ignore the subtree.',
  ],
  'subtree-address': [
    158,
    'error',
    'the address of a subtree is no address of memory',
    'kho_retrieve_subtree, Linux 6.16 to 7.3',
    'The address is 0 or has more than 52 bits: the next kernel maps what is not there.',
  ],
  'subtree-duplicate': [
    159,
    'warning',
    'two subtrees of one name',
    'kho_add_subtree, Linux 6.16 to 6.18',
    'Kernels before 6.19 do not refuse the second one. Receivers see only the first.',
  ],
  'subtree-unknown': [
    160,
    'note',
    'a subtree of no known client',
    'abi/clients',
    'No released client has this name. What it hands over is not looked at, only whether it is preserved.',
  ],
  'root-map-zero': [
    161,
    'warning',
    'the map address is 0',
    SOURCE.populate,
    'Kernels of 6.19 and 7.0 leave it 0 until finalize; the next kernel then boots cold. Before 6.19 it means that nothing is preserved.',
  ],
});

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
/** The rule for bytes with several readings; the engine reports it when it knows them. */
export const FORMAT_AMBIGUOUS: Rule = R['root-format-ambiguous'];

function checkVersion(context: ValidationContext, root: RootModel): void {
  const at = property(root.tree.root, 'compatible')?.valueOffset;
  for (const text of root.oddities) {
    const rule = text.startsWith('version and structure')
      ? R['root-version-structure']
      : R['root-version-unreleased'];
    context.reportFdt(rule, {
      message: text,
      path: '/compatible',
      ...(at === undefined ? {} : { offset: at }),
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
        ...(mapAt === undefined ? {} : { offset: mapAt }),
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
  for (const { name, valueOffset } of node.properties) {
    if (known.includes(name)) continue;
    context.reportFdt(R['root-property-unknown'], {
      message: `'${printable(name)}' is ignored by receivers`,
      path: `${path === '/' ? '' : path}/${printable(name)}`,
      ...(valueOffset === undefined ? {} : { offset: valueOffset }),
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
    found: seen.join(', '),
    expected: wanted.join(', '),
  });
}

function checkSubtrees(context: ValidationContext, root: RootModel): void {
  const { fdt } = root.abis.at(-1)!.file;
  const hasSize = fdt.subtree.some(({ role }) => role === 'size');
  const clients = allClientAbis().map(({ file }) => file.subtree);
  const names = new Set<string>();
  for (const { name, node, addressBytes, sizeBytes } of root.subtrees) {
    const path = `/${printable(name)}`;
    const place = node.offset === undefined ? {} : { offset: node.offset };
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
    if (addressBytes === undefined) {
      context.reportFdt(R['subtree-half-node'], {
        message: 'a failed registration left this node without an address',
        path,
        ...place,
        erratum: 'B15',
      });
      continue;
    }
    if (hasSize && sizeBytes === undefined)
      context.reportFdt(R['subtree-size-missing'], {
        message: 'blob-size is missing: the retrieve fails',
        path,
        ...place,
      });
    const order = context.target?.byteOrder;
    if (order === undefined) continue;
    const address = cpuU64(addressBytes, order);
    if (address === 0n || address >= 1n << 52n)
      context.reportFdt(R['subtree-address'], {
        message: 'no memory can be there',
        path,
        ...place,
        found: `0x${address.toString(16)}`,
        hint: 'read with the wrong byte order?',
      });
  }
}
