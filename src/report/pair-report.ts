import { pageSizeName } from '../abi/index.js';
import type { PairVerdict, Verdict } from '../receive/index.js';
import { columns, style } from './style.js';

const PAINT: Record<Verdict, (text: string) => string> = {
  compatible: style.good,
  degraded: style.note,
  refused: style.bad,
  corrupts: style.bad,
  panic: style.bad,
};

/** One pair of kernels as text. */
export function pairText(pair: PairVerdict): string {
  const { from, to, pageShift, components, conditions, verdict } = pair;
  const width = Math.max(...components.map(({ component }) => component.length));
  const lines = [
    style.title(
      `Linux ${from.name} (${from.covers}) -> Linux ${to.name} (${to.covers}), ${pageSizeName(pageShift)} pages`,
    ),
    `verdict: ${PAINT[verdict](verdict)}`,
    '',
  ];
  for (const { component, verdict: each, from: sent, to: read, reason } of components) {
    lines.push(
      `  ${component.padEnd(width)}  ${PAINT[each](each.padEnd(10))}  ${sent ?? 'none'} -> ${read ?? 'none'}`,
    );
    lines.push(`  ${''.padEnd(width)}  ${reason}`);
  }
  for (const condition of conditions) lines.push('', `${style.note('if')} ${condition}`);
  return `${lines.join('\n')}\n`;
}

/** One pair as plain data. */
export function pairReport({ from, to, pageShift, verdict, components, conditions }: PairVerdict): object {
  return {
    from: { release: from.name, covers: from.covers, abi: from.kho.id },
    to: { release: to.name, covers: to.covers, abi: to.kho.id },
    pageSize: 2 ** pageShift,
    verdict,
    components: components.map(({ from: sent, to: read, ...rest }) => ({
      ...rest,
      from: sent ?? null,
      to: read ?? null,
    })),
    conditions,
  };
}

/** One pair as Markdown. */
export function pairMarkdown({ from, to, pageShift, verdict, components, conditions }: PairVerdict): string {
  const lines = [
    `### Linux ${from.name} → Linux ${to.name}, ${pageSizeName(pageShift)} pages: **${verdict}**`,
    '',
    '| component | from | to | verdict | reason |',
    '|---|---|---|---|---|',
    ...components.map(
      ({ component, from: sent, to: read, verdict: each, reason }) =>
        `| ${component} | ${sent ?? '—'} | ${read ?? '—'} | **${each}** | ${reason} |`,
    ),
  ];
  if (conditions.length > 0) lines.push('', ...conditions.map((condition) => `- if ${condition}`));
  return `${lines.join('\n')}\n`;
}

/** All pairs: a row for each sender, a column for each receiver. */
export function matrixText(matrix: readonly (readonly PairVerdict[])[]): string {
  const first = matrix[0]![0]!;
  const rows = [
    ['from \\ to', ...matrix[0]!.map(({ to }) => to.name)],
    ...matrix.map((row) => [row[0]!.from.name, ...row.map(cell)]),
  ];
  return [
    style.title(
      `Every release to every release, ${pageSizeName(first.pageShift)} pages: root FDT and map / worst of all components`,
    ),
    ...columns(rows, '  '),
    '',
    'Give two releases for the reasons, for example: kho-abi pair 6.19 7.0',
    '',
  ].join('\n');
}

/** All pairs as Markdown. */
export function matrixMarkdown(matrix: readonly (readonly PairVerdict[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    row(['from ↓ to →', ...matrix[0]!.map(({ to }) => to.name)]),
    row(['---', ...matrix[0]!.map(() => '---')]),
    ...matrix.map((line) => row([`**${line[0]!.from.name}**`, ...line.map(cell)])),
    '',
  ].join('\n');
}

function cell({ components, verdict }: PairVerdict): string {
  const root = components[0]!.verdict;
  return root === verdict ? root : `${root} / ${verdict}`;
}
