/** A reply for a mailing list: plain ASCII text, 72 columns, no blanks at line ends, C lines and tables as they are. */
import { CANNOT_SEE, isUnbumped, type TreeFinding, type VersionMacro } from '../kernel/index.js';
import { plural } from './findings-parts.js';
import { oneLine } from './findings-safe.js';
import { layoutLines } from './tree-layout.js';
import { againstText, headline, messageText, type TreeView, treePlace } from './tree-parts.js';

/** Width of a line; what has no blank may be longer. */
const WIDTH = 72;
/** Findings that are written out for one part; the rest is counted. */
const SHOWN = 20;

/** A tree report as the body of a mail. */
export function treeMail(view: TreeView): string {
  const { findings } = view;
  const unbumped = findings.filter(isUnbumped);
  const lines = [...wrap(`KHO ABI: ${headline(view)}`), ''];
  lines.push(...wrap(lead(view, unbumped.length)), '');
  const part = (title: string, some: readonly TreeFinding[]): void => {
    if (some.length === 0) return;
    lines.push(title, '');
    for (const group of groups(some.slice(0, SHOWN))) lines.push(...groupLines(view, group), '');
    if (some.length > SHOWN) lines.push(`  (${plural(some.length - SHOWN, 'more finding')})`, '');
  };
  const rule = (...names: TreeFinding['name'][]): TreeFinding[] =>
    findings.filter(({ name }) => names.includes(name));
  part('Changed, and no version says so:', unbumped);
  lines.push(...todo(unbumped));
  part('Changed under a new version:', rule('changed-with-bump'));
  part('Covered only by a version above:', rule('guarded-by-other'));
  part('Raised without a visible change:', rule('bumped-without-change'));
  part('Other source text, same bytes:', rule('source-changed', 'docs-changed'));
  part(
    'Also seen:',
    findings.filter(({ rule: id }) => id >= 'KHO608'),
  );
  lines.push(...smallPrint(view));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function lead({ report }: TreeView, unbumped: number): string {
  const { comparison } = report;
  if (comparison === null)
    return 'This tree was not compared with anything; what follows is about the headers themselves.';
  const than = `Compared with ${againstText(report)}.`;
  if (unbumped > 0)
    return `${than} The bytes that one kernel hands to the next are others than before, and the version is the same. A kernel from before the change cannot tell and reads them wrongly.`;
  if (comparison.changes.some(({ class: kind }) => kind === 'wire' || kind === 'names'))
    return `${than} The bytes that one kernel hands to the next changed, and a version says so. Kernels from before and after the change refuse each other's handover.`;
  return `${than} The bytes that one kernel hands to the next are the same, as far as headers show them.`;
}

/** Neighbours that are about the same item and targets: place, layout and what is affected are told once. */
function groups(findings: readonly TreeFinding[]): TreeFinding[][] {
  const out: TreeFinding[][] = [];
  for (const finding of findings) {
    const last = out.at(-1);
    const same =
      last !== undefined &&
      finding.item !== null &&
      key(finding) === key(last[0]!) &&
      finding.found === undefined;
    if (same) last.push(finding);
    else out.push([finding]);
  }
  return out;
}

function key({ rule, item, targets, place }: TreeFinding): string {
  return [rule, item ?? '', targets.join(' '), treePlace(place)].join('\n');
}

function groupLines({ layouts }: TreeView, group: readonly TreeFinding[]): string[] {
  const [first] = group as [TreeFinding];
  const place = treePlace(first.place);
  const pair = group.map((finding) => layouts.get(finding)).find((found) => found !== undefined);
  const { found, expected, from, to, hint, raise } = first;
  const affects = [...new Set(group.flatMap((finding) => finding.affects))];
  const more = [
    ...(found === undefined ? [] : [`found: ${oneLine(found)}`]),
    ...(expected === undefined ? [] : [`expected: ${oneLine(expected)}`]),
    ...(from === undefined ? [] : [`version: ${oneLine(from)} -> ${oneLine(to ?? 'none')}`]),
    ...(affects.length === 0 ? [] : [`affects ${affects.map(oneLine).join(', ')}`]),
    ...(raise.length > 0 || hint === undefined ? [] : [oneLine(hint)]),
  ];
  return [
    ...group.flatMap((finding) => wrap(`* ${messageText(finding)}`, '', '  ')),
    ...(place === '' ? [] : [`  ${place}`]),
    ...more.flatMap((text) => wrap(text, '  ', '    ')),
    ...(pair === undefined ? [] : ['', ...layoutLines(pair).map((line) => `    ${line}`)]),
  ];
}

/** The lines of C to change, each macro once. */
function todo(unbumped: readonly TreeFinding[]): string[] {
  if (unbumped.length === 0) return [];
  const macros = new Map<string, readonly VersionMacro[]>();
  for (const { raise } of unbumped) macros.set(raise.map(({ macro }) => macro).join(' '), raise);
  const lines: string[] = [];
  for (const raise of macros.values()) {
    if (raise.length === 0) {
      lines.push(...wrap('No version covers a part of this: please give its header one.'), '');
      continue;
    }
    lines.push(
      raise.length === 1
        ? 'Please raise the version in the same patch:'
        : 'Please raise one of these in the same patch:',
      '',
    );
    for (const { macro, value, next, quoted, place } of raise) {
      const where = treePlace(place);
      const define = (sign: string, text: string): string =>
        `  ${sign}#define ${oneLine(macro)} ${oneLine(quoted ? `"${text}"` : text)}`;
      lines.push(
        ...(where === '' ? [] : [`  ${where}`]),
        define('-', value),
        define('+', next ?? 'NEXT'),
        '',
      );
    }
  }
  return [
    ...lines,
    ...wrap('A tree that keeps a baseline needs it written anew, in the same patch as well:'),
    '',
    '  kho-abi tree . --write-baseline',
    '',
  ];
}

function smallPrint({ report }: TreeView): string[] {
  const { tool, compilers, comparison } = report;
  const targets = report.targets.filter((target) => comparison?.targets.includes(target) ?? true);
  const compiled = compilers.map(({ arch, command }) => `${oneLine(command)} (${oneLine(arch)})`).join(', ');
  return [
    ...wrap(
      `Checked by ${tool.name} ${tool.version}${compiled === '' ? '' : ` with ${compiled}`}, for ${targets.join(', ') || 'no target'}.`,
    ),
    ...(comparison === null
      ? []
      : ['', 'What headers cannot show:', '', ...CANNOT_SEE.flatMap((text) => wrap(`* ${text}`, '', '  '))]),
  ];
}

/** Words in lines of at most 72 columns; a word that is longer has a line of its own. */
function wrap(text: string, first = '', rest = first): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    const start = line.trim() === '';
    if (!start && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest + word;
    } else line += start ? word : ` ${word}`;
  }
  return [...lines, line];
}
