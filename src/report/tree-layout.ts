/** Two layouts of a structure beside each other: offset and size before, offset and size after. */
import type { FieldPrint, Fingerprint, StructPrint, TreeFinding, TreeReport } from '../kernel/index.js';
import { oneLine } from './findings-safe.js';

/** Longest name of a member in a table; the lines of a mail have 72 columns. */
const NAME = 30;
/** Rows of a table; a node of a radix tree has one row, but a baseline may hold anything. */
const ROWS = 40;

/** A structure before and after, for the first target that a finding holds for. */
export interface LayoutPair {
  readonly name: string;
  readonly target: string;
  readonly before: StructPrint;
  readonly after: StructPrint;
}

/** The two layouts that a finding is about; undefined when it is about something else or one side has none. */
export function layoutPair({ before, print }: TreeReport, finding: TreeFinding): LayoutPair | undefined {
  const [target] = finding.targets;
  if (before === undefined || target === undefined || !finding.item?.startsWith('struct ')) return undefined;
  const name = finding.item.slice('struct '.length);
  const [from, to] = [structOf(before, name, target), structOf(print, name, target)];
  return from === undefined || to === undefined ? undefined : { name, target, before: from, after: to };
}

function structOf({ components }: Fingerprint, name: string, target: string): StructPrint | undefined {
  for (const { targets } of Object.values(components)) {
    const structs = targets[target]?.structs ?? {};
    if (Object.hasOwn(structs, name)) return structs[name];
  }
  return undefined;
}

/** Lines of at most 72 columns: head, a line for each member, the size; an arrow where something differs. */
export function layoutLines({ before, after }: LayoutPair): string[] {
  const rows = merged(before.fields, after.fields).map(({ was, is }) => ({
    name: shortName((is ?? was)!.name),
    was: cells(was),
    is: cells(is),
  }));
  const shown = rows.slice(0, ROWS);
  const width = Math.max(8, ...shown.map(({ name }) => name.length));
  const line = (name: string, was: string, arrow: string, is: string): string =>
    `${name.padEnd(width)}  ${was}  ${arrow}  ${is}`.trimEnd();
  return [
    line('', '     before', '  ', '      after'),
    line('member', 'offset   size', '  ', 'offset   size'),
    ...shown.map(({ name, was, is }) => line(name, was, was === is ? '  ' : '->', is)),
    ...(rows.length > shown.length ? [`(${rows.length - shown.length} more)`] : []),
    line(
      '(whole)',
      `${''.padStart(6)} ${`${before.size}`.padStart(6)}`,
      before.size === after.size ? '  ' : '->',
      `${''.padStart(6)} ${`${after.size}`.padStart(6)}`,
    ),
  ];
}

/** Members of both sides in the order of the bytes; a member that is gone stands before what follows it. */
function merged(
  before: readonly FieldPrint[],
  after: readonly FieldPrint[],
): { was: FieldPrint | undefined; is: FieldPrint | undefined }[] {
  const old = new Map(before.map((field) => [field.name, field]));
  const now = new Set(after.map(({ name }) => name));
  const gone = before.filter(({ name }) => !now.has(name));
  const out: { was: FieldPrint | undefined; is: FieldPrint | undefined }[] = [];
  for (const is of after) {
    const was = old.get(is.name);
    while (gone.length > 0 && gone[0]!.bit <= (was ?? is).bit) out.push({ was: gone.shift(), is: undefined });
    out.push({ was, is });
  }
  return [...out, ...gone.map((was) => ({ was, is: undefined }))];
}

/** Offset and size, 13 columns; bits as `8:4`, byte and bit. */
function cells(field: FieldPrint | undefined): string {
  if (field === undefined) return `${'-'.padStart(6)} ${'-'.padStart(6)}`;
  const { bit, bits } = field;
  const offset = bit % 8 === 0 ? `${bit / 8}` : `${Math.floor(bit / 8)}:${bit % 8}`;
  const size = bits % 8 === 0 ? `${bits / 8}` : `${bits} bit`;
  return `${offset.padStart(6)} ${size.padStart(6)}`;
}

function shortName(name: string): string {
  // A line of backticks would end the block that the table stands in.
  const text = oneLine(name).replaceAll('`', '\\x60');
  return text.length <= NAME ? text : `${text.slice(0, NAME - 2)}..`;
}
