import { type AbiDiff, type AbiDifference, PAGE_SIZE_NAMES } from '../abi/index.js';
import { columns, style } from './style.js';

const TITLES: Record<AbiDifference['area'], string> = {
  properties: 'FDT properties',
  structures: 'Structures',
  geometry: 'Geometry',
  behaviour: 'Behaviour',
  identity: 'Identity',
  errata: 'Known defects',
};

/** One sentence that says whether the bytes differ, and whether the version string tells. */
export function abiDiffVerdict({ from, to, sameString, wireDiffers, withoutBump }: AbiDiff): string {
  const strings = sameString
    ? `both say '${from.compatible}'`
    : `'${from.compatible}' became '${to.compatible}'`;
  if (wireDiffers.length === 0) return `same bytes for every page size; ${strings}`;
  const where =
    wireDiffers.length === PAGE_SIZE_NAMES.length
      ? 'every page size'
      : `${wireDiffers.join(' and ')} pages only`;
  return `different bytes for ${where}; ${strings}${withoutBump ? ': changed WITHOUT a version bump' : ''}`;
}

/** Two ABIs as text for a terminal. */
export function abiDiffText(diff: AbiDiff): string {
  const verdict = abiDiffVerdict(diff);
  const lines = [
    style.title(`${diff.from.id} -> ${diff.to.id}`),
    diff.withoutBump
      ? style.bad(verdict)
      : diff.wireDiffers.length === 0
        ? style.good(verdict)
        : style.note(verdict),
  ];
  for (const [area, part] of byArea(diff)) {
    lines.push('', style.title(TITLES[area]));
    lines.push(
      ...columns(
        part.map(({ path, from, to }) => [
          sign({ from, to }),
          path,
          from !== undefined && to !== undefined ? `${from} -> ${to}` : (from ?? to)!,
        ]),
        '  ',
      ),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Two ABIs as Markdown, fit for a mail or a comment. */
export function abiDiffMarkdown(diff: AbiDiff): string {
  const lines = [`### ${diff.from.id} → ${diff.to.id}`, '', `**${abiDiffVerdict(diff)}**`];
  for (const [area, part] of byArea(diff)) {
    lines.push('', `#### ${TITLES[area]}`, '', `| what | ${diff.from.id} | ${diff.to.id} |`, '|---|---|---|');
    for (const { path, from, to } of part) lines.push(`| \`${path}\` | ${cell(from)} | ${cell(to)} |`);
  }
  return `${lines.join('\n')}\n`;
}

/** Two ABIs as plain data. */
export function abiDiffReport(diff: AbiDiff): object {
  const { from, to, sameString, wireDiffers, withoutBump, differences } = diff;
  return {
    from: from.id,
    to: to.id,
    sameString,
    wireDiffers,
    withoutBump,
    verdict: abiDiffVerdict(diff),
    differences: differences.map(({ area, path, from: before, to: after }) => ({
      area,
      path,
      from: before ?? null,
      to: after ?? null,
    })),
  };
}

function byArea({ differences }: AbiDiff): Map<AbiDifference['area'], AbiDifference[]> {
  const areas = new Map<AbiDifference['area'], AbiDifference[]>();
  for (const difference of differences)
    areas.set(difference.area, [...(areas.get(difference.area) ?? []), difference]);
  return areas;
}

function sign({ from, to }: Pick<AbiDifference, 'from' | 'to'>): string {
  if (from === undefined) return style.good('+');
  return to === undefined ? style.bad('-') : style.note('~');
}

function cell(value: string | undefined): string {
  return value === undefined ? '—' : value.replaceAll('|', '\\|');
}
