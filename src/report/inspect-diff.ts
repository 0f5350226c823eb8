import { hex } from '../bytes/index.js';
import type { Comparison, Difference, Handover, OnlyRanges } from '../handover/index.js';
import type { HandoverDiffReport } from './inspect-diff-schema.js';
import { cut, wrapped } from './inspect-tree.js';
import { columns, grouped, humanBytes, safe, style } from './style.js';
import { toolInfo } from './version.js';

/** Differences of one area, and ranges of one side, shown at most. */
const SHOWN = 20;

/** Columns of a path, of a value and of a line at most. */
const PATH = 44;
const VALUE = 48;
const WIDTH = 100;

const TITLES: Record<Difference['area'], string> = {
  version: 'Versions',
  target: 'Target',
  addresses: "Addresses of KHO's own pages",
  subtrees: 'Subtrees',
  metadata: 'Metadata',
  regions: 'Regions',
  'self-test': 'Self-test',
  sessions: 'Sessions',
  files: 'Files',
  flbs: 'FLBs',
  vmalloc: 'vmalloc areas',
  memory: 'Preserved memory',
  bytes: 'Bytes',
};

/** One of the two handovers, and where it came from. */
export interface DiffSide {
  readonly fdt: string;
  readonly memory: string | undefined;
  readonly handover: Handover;
}

/** A comparison as text for people. */
export function handoverDiffText(a: DiffSide, b: DiffSide, comparison: Comparison): string {
  const { same, differences, memory, notes } = comparison;
  const lines = [
    `${style.bad('-')} A: ${safe(a.memory ?? a.fdt)}, ${a.handover.abi.id}`,
    `${style.good('+')} B: ${safe(b.memory ?? b.fdt)}, ${b.handover.abi.id}`,
  ];
  for (const area of Object.keys(TITLES) as Difference['area'][]) {
    const some = differences.filter((difference) => difference.area === area);
    const ranges = area === 'memory' && memory !== undefined ? rangeLines(memory) : [];
    if (some.length + ranges.length === 0) continue;
    lines.push('', style.title(TITLES[area]), ...differenceRows(some.slice(0, SHOWN)), ...ranges);
    if (some.length > SHOWN) lines.push(`  (${grouped(some.length - SHOWN)} more)`);
  }
  for (const note of notes) lines.push('', ...wrapped(`${style.note('note')}: ${note}`, WIDTH));
  const ranges = memory === undefined ? 0 : memory.onlyA.count + memory.onlyB.count;
  lines.push(
    '',
    same
      ? style.good('no differences')
      : `${grouped(differences.length)} differences${ranges === 0 ? '' : `, ${grouped(ranges)} ranges of preserved memory differ`}`,
  );
  return `${lines.join('\n')}\n`;
}

/** `~ place  what A says -> what B says`; with `-` or `+` what only one of them says. */
function differenceRows(differences: readonly Difference[]): string[] {
  const value = (text: string): string => cut(safe(text), VALUE);
  const mark = { '~': style.note('~'), '-': style.bad('-'), '+': style.good('+') };
  const rows = differences.map(({ path, a, b }): [keyof typeof mark, string, string] => {
    const place = cut(safe(path), PATH);
    if (a === undefined) return ['+', place, value(b ?? '')];
    return b === undefined ? ['-', place, value(a)] : ['~', place, `${value(a)} -> ${value(b)}`];
  });
  const places = columns(rows.map(([, ...cells]) => cells));
  return rows.flatMap(([sign], index) => wrapped(`  ${mark[sign]} ${places[index]!}`, WIDTH));
}

function rangeLines({ onlyA, onlyB }: { onlyA: OnlyRanges; onlyB: OnlyRanges }): string[] {
  return [
    ...sideLines('only in A', style.bad('-'), onlyA),
    ...sideLines('only in B', style.good('+'), onlyB),
  ];
}

function sideLines(title: string, mark: string, { ranges, count, bytes }: OnlyRanges): string[] {
  if (count === 0) return [];
  const rows = columns(
    ranges
      .slice(0, SHOWN)
      .map(({ start, end, order }) => [
        `${hex(start)}-${hex(end - 1n)}`,
        `order ${order}`,
        humanBytes(end - start),
      ]),
  );
  return [
    `  ${title}: ${grouped(count)} ranges, ${humanBytes(bytes)}`,
    ...rows.map((row) => `    ${mark} ${row}`),
    ...(count > SHOWN ? [`    (${grouped(count - SHOWN)} more)`] : []),
  ];
}

/** The same as plain data. */
export function handoverDiffReport(
  a: DiffSide,
  b: DiffSide,
  comparison: Comparison,
  ignoreAddresses: boolean,
): HandoverDiffReport {
  const side = ({ fdt, memory, handover }: DiffSide): HandoverDiffReport['a'] => ({
    fdt,
    memory: memory ?? null,
    abi: handover.abi.id,
  });
  const { same, differences, memory, notes } = comparison;
  return {
    tool: toolInfo(),
    a: side(a),
    b: side(b),
    ignoreAddresses,
    same,
    differences: differences.map(({ area, path, a: left, b: right }) => ({
      area,
      path,
      a: left ?? null,
      b: right ?? null,
    })),
    memory:
      memory === undefined ? null : { onlyA: onlyReport(memory.onlyA), onlyB: onlyReport(memory.onlyB) },
    notes: [...notes],
  };
}

function onlyReport({
  ranges,
  count,
  bytes,
}: OnlyRanges): NonNullable<HandoverDiffReport['memory']>['onlyA'] {
  return {
    count,
    bytes: hex(bytes),
    ranges: ranges.map(({ start, end, order }) => ({ start: hex(start), end: hex(end), order })),
  };
}
