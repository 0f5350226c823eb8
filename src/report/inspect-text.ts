import { targetName } from '../abi/index.js';
import { hex } from '../bytes/index.js';
import type { Handover, Subtree } from '../handover/index.js';
import { clientFormat, clientItems } from './clients-text.js';
import { fdtLayoutName } from './fdt-text.js';
import { mapItem } from './inspect-map.js';
import { cut, PLAIN_TREE, type TreeItem, type TreeStyle, treeLines, wrapped } from './inspect-tree.js';
import { columns, grouped, safe, style } from './style.js';

/** Columns of a subtree's name at most. */
const NAME = 48;

/** A handover as one picture for people: what it is, then a tree from the root FDT down to sessions and files. */
export function inspectText(handover: Handover, look: TreeStyle = PLAIN_TREE): string {
  const lines: string[] = [style.title(`KHO handover, ${handover.abis.map(({ id }) => id).join(' or ')}`)];
  const unknown = (value: string | undefined, hint: string): string => value ?? `unknown (${hint})`;
  lines.push(
    ...columns(
      [
        ['compatible', handover.compatible.map((text) => `'${safe(text)}'`).join(', ')],
        ['byte order', unknown(handover.byteOrder, 'give --memory or --byte-order')],
        [
          'page size',
          unknown(
            handover.target && `${2 ** handover.target.pageShift} bytes`,
            'nothing in the FDT tells it; give --memory',
          ),
        ],
        ['root FDT', fdtLine(handover)],
        ['map root', handover.mapAddress === undefined ? 'unknown' : hex(handover.mapAddress)],
      ],
      '  ',
    ).flatMap((line) => wrapped(line, look.width)),
  );
  lines.push('', ...treeLines(rootItem(handover, look), look));
  if (handover.notes.length > 0) {
    lines.push('', style.title('Notes'));
    for (const { erratum, text } of handover.notes) {
      const kind = style.note(erratum === undefined ? 'note' : `erratum ${erratum}`);
      lines.push(...wrapped(`  ${kind}: ${safe(text)}`, look.width));
    }
  }
  for (const other of handover.alternatives) {
    const text = style.note(`The same bytes read as ${other.abis.map(({ id }) => id).join(' or ')}`);
    lines.push('', ...treeLines({ text, children: mapItems(other, look) }, look));
  }
  if (handover.evidence.length > 0) {
    lines.push('', style.title('Evidence'));
    for (const text of handover.evidence)
      lines.push(...wrapped(`  ${safe(text)}`, look.width).map((line) => style.dim(line)));
  }
  return `${lines.join('\n')}\n`;
}

function rootItem(handover: Handover, look: TreeStyle): TreeItem {
  const { subtrees, fdtAddress } = handover;
  // Clients are in the order of the subtrees that have an address.
  const clients = [...handover.clients];
  const items = subtrees.map((subtree) =>
    subtreeItem(subtree, subtree.address === undefined ? undefined : clients.shift()),
  );
  return {
    text: `${style.title('root FDT')}${fdtAddress === undefined ? '' : `  ${style.dim(`@${hex(fdtAddress)}`)}`}`,
    children: [...mapItems(handover, look), ...items],
  };
}

function mapItems(handover: Handover, look: TreeStyle): TreeItem[] {
  const { contents, recovered, target, mapAddress } = handover;
  if (contents === undefined) return [];
  const title = `${style.title(`preserved memory, ${targetName(target!)}`)}  ${style.dim(`@${hex(mapAddress!)}`)}`;
  const meant = style.title('What was meant (order-0 pages put right)');
  return [
    mapItem(handover, contents, 'kernel', title, look),
    ...(recovered === undefined ? [] : [mapItem(handover, recovered, 'recovered', meant, look)]),
  ];
}

function subtreeItem(
  { name, address, size, preserved }: Subtree,
  client: Handover['clients'][number] | undefined,
): TreeItem {
  const parts = [
    style.title(safe(name) === '' ? '(empty name)' : cut(safe(name), NAME)),
    ...(client === undefined ? [] : [clientFormat(client)]),
    address === undefined ? 'no address' : style.dim(`@${hex(address)}`),
    ...(size === undefined ? [] : [`${grouped(size)} bytes`]),
    ...(preserved === undefined ? [] : [preserved ? 'preserved' : style.note('not preserved')]),
  ];
  return { text: parts.join('  '), children: client === undefined ? [] : clientItems(client) };
}

function fdtLine(handover: Handover): string {
  const where = handover.fdtAddress === undefined ? '' : `at ${hex(handover.fdtAddress)}, `;
  return `${where}${handover.root.bytes.length} bytes, ${fdtLayoutName(handover.root.bytes)} layout`;
}
