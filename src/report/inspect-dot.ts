import { hex, KhoError } from '../bytes/index.js';
import type { DecodedClient } from '../clients/index.js';
import type { Handover } from '../handover/index.js';
import { type MapPage, mapPages } from '../map/index.js';
import { grouped, safe } from './style.js';

/** Nodes of a drawing at most: above it no layout is readable, and Graphviz takes minutes. */
export const MAX_DOT_NODES = 2000;

/** Characters of a label's line. */
const MAX_LABEL = 60;

/**
 * A handover as a Graphviz graph: root FDT, tables and leaves or chunks and bitmaps, clients and the pages they point to.
 *
 * @throws KhoError `E_LIMIT` for a handover with more than `MAX_DOT_NODES` nodes, `E_USAGE` without memory
 */
export function handoverDot(handover: Handover): string {
  const { map, contents, clients } = handover;
  if (map === undefined || contents === undefined)
    throw new KhoError('E_USAGE', '--dot needs the memory', { hint: 'give --memory' });
  const { shape } = contents.statistics;
  const ofMap = shape.kind === 'radix' ? shape.tables + shape.leaves : shape.chunks + shape.bitmaps;
  const ofClients = clients.reduce((sum, { references }) => sum + 1 + references.length, 0);
  const total = 1 + ofMap + ofClients;
  if (total > MAX_DOT_NODES) {
    throw new KhoError('E_LIMIT', 'too many nodes for a drawing', {
      found: `${total} nodes: ${ofMap} of the map, ${ofClients} of clients`,
      expected: `at most ${MAX_DOT_NODES}`,
      hint: '--ranges and --json show handovers of any size',
    });
  }
  const lines = [
    'digraph kho {',
    '  rankdir=LR;',
    '  node [shape=box, fontname="monospace", fontsize=10];',
    '  edge [fontname="monospace", fontsize=9];',
    node('fdt', [
      'root FDT',
      handover.fdtAddress === undefined ? '' : hex(handover.fdtAddress),
      handover.abi.id,
    ]),
    ...mapLines(mapPages(map, MAX_DOT_NODES)),
    ...clients.flatMap(clientLines),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function mapLines(pages: readonly MapPage[]): string[] {
  const lines = ['  subgraph cluster_map {', `    label=${quote('map')};`];
  for (const { kind, address, level } of pages) {
    const what =
      kind === 'leaf' ? 'leaf' : kind === 'table' ? `table, level ${level}` : `${kind}, order ${level}`;
    lines.push(`  ${node(id(kind, address), [what, hex(address)])}`);
  }
  lines.push('  }');
  const kinds = new Map(pages.map(({ kind, address }) => [`${kind === 'bitmap'}${address}`, kind]));
  for (const { kind, address, parent, index } of pages) {
    const to = id(kind, address);
    if (parent === undefined) lines.push(edge('fdt', to, 'map'));
    else
      lines.push(edge(id(kinds.get(`false${parent}`)!, parent), to, kind === 'chunk' ? 'next' : `${index}`));
  }
  return lines;
}

/** What a client points to; the same page may stand for several clients, so each client has nodes of its own. */
function clientLines(client: DecodedClient, number: number): string[] {
  const own = `client${number}`;
  const lines = [
    `  subgraph cluster_${own} {`,
    `    label=${quote(shown(client.name))};`,
    `  ${node(own, [shown(client.name), client.format ?? 'unknown format', hex(client.address)])}`,
  ];
  const edges = [edge('fdt', own, '')];
  for (const [index, { what, path, address, bytes, count }] of client.references.entries()) {
    const times = count === 1 ? '' : ` x ${grouped(count)}`;
    lines.push(`  ${node(`${own}_${index}`, [what, hex(address), `${grouped(bytes)} bytes${times}`])}`);
    // The path begins with the client's own name.
    edges.push(edge(own, `${own}_${index}`, shown(path).replace(/^\/[^/]*\/?/, '')));
  }
  return [...lines, '  }', ...edges];
}

function id(kind: MapPage['kind'], address: bigint): string {
  return `${kind}_${address.toString(16)}`;
}

function node(name: string, labels: readonly string[]): string {
  const label = labels
    .filter((text) => text !== '')
    .map(escaped)
    .join('\\n');
  return `  ${name} [label="${label}"];`;
}

function edge(from: string, to: string, label: string): string {
  return `  ${from} -> ${to}${label === '' ? '' : ` [label=${quote(label)}]`};`;
}

function quote(text: string): string {
  return `"${escaped(text)}"`;
}

/** Inside double quotes of DOT only the quote ends the string, and a backslash begins an escape of the label. */
function escaped(text: string): string {
  return text.replace(/[\\"]/g, '\\$&');
}

/** A name as a label: no control characters, not longer than a line. */
function shown(text: string): string {
  const plain = safe(text);
  return plain.length > MAX_LABEL ? `${plain.slice(0, MAX_LABEL - 3)}...` : plain;
}
