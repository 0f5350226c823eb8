import { pageSizeName } from '../abi/index.js';
import { type BtfCheck, type FieldPrint, type StructMatch, structPrint } from '../kernel/index.js';
import { columns, grouped, safe, style } from './style.js';

/** Ids of the registry that a line names before it only counts. */
const NAMED = 8;

/** The check of a kernel's BTF as text for a terminal. */
export function btfText(check: BtfCheck): string {
  const { kho, pageShift, registry, baseline, departures } = check;
  const size = `${pageSizeName(pageShift)} pages`;
  const about = `${safe(kho.source)}: ${grouped(kho.types)} types, ${kho.byteOrder} endian`;
  if (kho.structs.size === 0) return `${about}: built without KHO\n`;
  const lines = [
    style.title(`${about}, ${size}`) +
      style.dim(kho.pageStruct === undefined ? ' (not told by any structure)' : ` (${kho.pageStruct})`),
  ];
  const found = (item: string): StructMatch | undefined => registry.find((match) => match.item === item);
  for (const struct of kho.structs.values()) {
    lines.push('', style.title(`${struct.kind} ${safe(struct.name)}, ${struct.size} bytes`));
    lines.push(
      ...columns(structPrint(struct).fields.map(row), '  '),
      ...verdict(found(`struct ${struct.name}`)),
    );
  }
  for (const [name, constants] of kho.enums) {
    lines.push('', style.title(`enum ${safe(name)}`));
    lines.push(
      ...columns(
        [...constants].map(([constant, value]) => [safe(constant), `= ${value}`]),
        '  ',
      ),
    );
  }
  for (const match of registry.filter(({ item }) => item.startsWith('constants')))
    lines.push('', style.title(match.item), ...verdict(match));
  if (baseline !== undefined) {
    lines.push('', style.title(`against ${safe(baseline.path)}`));
    for (const { class: kind, message } of baseline.changes)
      lines.push(`  ${kind === 'wire' ? style.bad(kind) : style.note(kind)}  ${safe(message)}`);
    if (baseline.changes.length === 0) lines.push(`  ${style.good('no difference')}`);
    if (baseline.missing.length > 0)
      lines.push(`  not in this kernel: ${baseline.missing.map(safe).join(', ')}`);
  }
  for (const note of kho.notes) lines.push('', style.note(`note: ${safe(note)}`));
  lines.push('', summary(check, departures));
  return `${lines.join('\n')}\n`;
}

function summary({ kho }: BtfCheck, departures: number): string {
  const structures = `${kho.structs.size} structures`;
  return departures === 0
    ? style.good(`${structures}, 0 departures`)
    : style.bad(`${structures}, ${departures} ${departures === 1 ? 'departure' : 'departures'}`);
}

function row({ name, type, bit, bits, count }: FieldPrint): string[] {
  const whole = bit % 8 === 0 && bits % 8 === 0;
  const array = count === undefined ? '' : `[${count === 0 ? '' : count}]`;
  return [
    whole ? `${bit / 8}` : `${Math.floor(bit / 8)}.${bit % 8}`,
    whole ? `${bits / 8}` : `${bits} bits`,
    `${safe(type)} ${safe(name)}${array}`,
  ];
}

function verdict(match: StructMatch | undefined): string[] {
  if (match === undefined) return [style.note('  not in the registry')];
  if (match.same.length > 0) {
    const more = match.same.length > NAMED ? ` and ${match.same.length - NAMED} more` : '';
    return [style.good(`  same bytes as ${match.same.slice(-NAMED).join(', ')}${more}`)];
  }
  return [
    style.bad(`  departs from every known ABI; the nearest is ${match.nearest}:`),
    ...match.differences.map((difference) => style.bad(`    ${safe(difference)}`)),
  ];
}
