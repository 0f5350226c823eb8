/** Two layouts of one structure: what moved, grew, came and went. */
import type { FieldPrint, StructPrint } from './fingerprint-schema.js';

/** One difference between two layouts. */
export interface LayoutChange {
  readonly class: 'wire' | 'source';
  readonly message: string;
  /** Tag of the member whose own change made this one. */
  readonly cause?: string;
}

/** Everything that two layouts of a structure say differently. A run of members that moved alike is one change. */
export function compareLayouts(
  before: StructPrint,
  after: StructPrint,
  changed: (tag: string) => boolean,
): LayoutChange[] {
  const out: LayoutChange[] = [];
  const old = new Map(before.fields.map((field) => [field.name, field]));
  const now = new Map(after.fields.map((field) => [field.name, field]));
  const gone = before.fields.filter(({ name }) => !now.has(name));
  const come = after.fields.filter(({ name }) => !old.has(name));
  const kept = after.fields.filter(({ name }) => old.has(name));

  for (const field of kept) {
    const was = old.get(field.name)!;
    if (was.bits === field.bits && (was.count ?? null) === (field.count ?? null)) continue;
    const cause =
      field.tag !== undefined && field.tag === was.tag && changed(field.tag) ? field.tag : undefined;
    out.push({
      class: 'wire',
      message: `field ${field.name} was ${shape(was)}, is ${shape(field)}`,
      ...(cause === undefined ? {} : { cause }),
    });
  }
  // A member that lies in the place of one that stayed is another view of the same bytes, as in a union.
  const still = kept.filter(
    (field) => sameSlot(old.get(field.name)!, field) && sameSlot(field, old.get(field.name)!),
  );
  // A member that took the very place of another was renamed: the bytes are where they were.
  for (const field of [...come]) {
    const twin = gone.find(
      (was) => was.bit === field.bit && was.bits === field.bits && (was.count ?? 1) === (field.count ?? 1),
    );
    if (twin === undefined) continue;
    gone.splice(gone.indexOf(twin), 1);
    come.splice(come.indexOf(field), 1);
    still.push(field);
    out.push({
      class: 'source',
      message: `field ${twin.name} is called ${field.name} now, in the same place`,
    });
  }
  for (const field of gone) {
    const covered = still.some((other) => sameSlot(other, field));
    out.push({
      class: covered ? 'source' : 'wire',
      message: `field ${field.name} removed (${shape(field)} at ${place(field.bit)})`,
    });
  }
  for (const field of come) {
    const covered = still.some((other) => sameSlot(other, field));
    out.push({
      class: covered ? 'source' : 'wire',
      message: `field ${field.name} added (${shape(field)} at ${place(field.bit)})`,
    });
  }
  out.push(...moves(kept.map((field) => ({ was: old.get(field.name)!, field }))));
  if (before.size !== after.size)
    out.push({
      class: 'wire',
      message: `size was ${before.size}, is ${after.size} bytes`,
      ...soleCause(out),
    });
  else if (before.align !== undefined && after.align !== undefined && before.align !== after.align)
    out.push({
      class: 'source',
      message: `alignment was ${before.align}, is ${after.align}; its own bytes are the same`,
    });
  return out;
}

/** Whether two layouts are the same bytes under the same names. */
export function sameLayout(a: StructPrint, b: StructPrint): boolean {
  return a.size === b.size && JSON.stringify(a.fields) === JSON.stringify(b.fields);
}

/** Members that moved; neighbours that moved by the same distance are told together. */
function moves(pairs: readonly { was: FieldPrint; field: FieldPrint }[]): LayoutChange[] {
  const out: LayoutChange[] = [];
  let run: (typeof pairs)[number][] = [];
  const flush = (): void => {
    const [first] = run;
    if (first === undefined) return;
    const last = run.at(-1)!;
    const names =
      run.length === 1
        ? `field ${first.field.name}`
        : `${run.length} fields from ${first.field.name} to ${last.field.name}`;
    const distance = first.field.bit - first.was.bit;
    const by =
      distance % 8 === 0 ? plural(Math.abs(distance / 8), 'byte') : plural(Math.abs(distance), 'bit');
    out.push({
      class: 'wire',
      message: `${names} moved ${distance > 0 ? 'up' : 'down'} by ${by}, from ${place(first.was.bit)} to ${place(first.field.bit)}`,
    });
    run = [];
  };
  for (const pair of pairs) {
    const distance = pair.field.bit - pair.was.bit;
    const [first] = run;
    if (first !== undefined && distance !== first.field.bit - first.was.bit) flush();
    if (distance !== 0) run.push(pair);
  }
  flush();
  return out;
}

/** The cause of a grown structure, when all that happened to it has one. */
function soleCause(changes: readonly LayoutChange[]): { cause?: string } {
  const causes = changes
    .filter(({ class: kind }) => kind === 'wire')
    .flatMap(({ cause }) => (cause === undefined ? [] : [cause]));
  return causes[0] === undefined ? {} : { cause: causes[0] };
}

function sameSlot(a: FieldPrint, b: FieldPrint): boolean {
  return a.bit <= b.bit && b.bit + b.bits <= a.bit + a.bits;
}

/** `4 bytes`, `52 bits`, `511 x 8 bytes`. */
function shape({ bits, count }: FieldPrint): string {
  if (count === 0) return 'a flexible array';
  const each = bits / (count ?? 1);
  const one = each % 8 === 0 ? plural(each / 8, 'byte') : plural(each, 'bit');
  return count === undefined ? one : `${count} x ${one}`;
}

function place(bit: number): string {
  return bit % 8 === 0 ? `byte ${bit / 8}` : `bit ${bit}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
