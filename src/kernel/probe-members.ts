import { type CDerivation, spellType } from './c-declarator.js';
import type { CAggregate, CBase, CMember } from './c-types.js';
import type { CField, CKind } from './model.js';
import type { ProbeValues } from './probe-object.js';
import type { ProbeLines } from './probe-plan.js';
import type { TypeTable } from './probe-preprocessed.js';

/** What is needed to plan the members of one structure. */
export interface StructPlanner {
  readonly lines: ProbeLines;
  readonly table: TypeTable;
  /** C name of the outermost structure. */
  readonly type: string;
  /** What `#pragma pack` says at its definition. */
  readonly pack: string | undefined;
  /** Types that are held by value are added here. */
  readonly needed: string[];
}

/** Reads a member once the numbers are there. */
export type FieldPlan = (values: ProbeValues) => CField;

/** A typedef of a typedef of …: more is no real header. */
const MAX_TYPEDEFS = 32;

/** Plans for all members; `path` leads to them from the outermost structure and ends with a dot or is empty. */
export function memberPlans(planner: StructPlanner, members: readonly CMember[], path: string): FieldPlan[] {
  // Structures in structures are bounded by the parser's limit on depth.
  return members.flatMap((member) => {
    if (member.bitField) return bitField(planner, member, path);
    return member.name === '' ? anonymous(planner, member, path) : named(planner, member, path);
  });
}

function bitField({ lines, type }: StructPlanner, { name, base }: CMember, path: string): FieldPlan {
  const symbol = lines.bitsOf(type, path + name);
  const kind: CKind = base.kind === 'enum' ? 'enum' : 'integer';
  return (values) => ({
    name,
    type: base.text,
    kind,
    ...values.bits(symbol),
    count: null,
    bitField: true,
    ...tagOf(base),
  });
}

function named(planner: StructPlanner, member: CMember, path: string): FieldPlan {
  const { lines, type, needed } = planner;
  const full = path + member.name;
  const { base, derivations, text } = resolve(planner.table, member);
  const arrays = derivations.findIndex(({ kind }) => kind !== 'array');
  const dims = arrays < 0 ? derivations.length : arrays;
  const element = derivations[dims];
  const first = derivations[0];
  const flexible = first?.kind === 'array' && first.size.length === 0;
  const value = `((${type} *)0)->${full}`;
  const one = value + '[0]'.repeat(dims);
  const at = lines.ask(
    undefined,
    `__builtin_offsetof(${type}, ${full})`,
    flexible ? '0' : `sizeof(${value})`,
    `sizeof(${one})`,
    element === undefined && base.kind === 'name' ? `__builtin_classify_type(${one})` : '0',
    // Elements without bytes can only be counted by what is written.
    flexible ? '0' : derivations.slice(0, dims).map(written).join(' * ') || '0',
  );
  const byValue = element === undefined && base.kind !== 'enum';
  if (byValue && base.tag !== '') needed.push(base.kind === 'name' ? base.tag : base.text);
  const inner = byValue && base.tag === '' ? base.body?.members : undefined;
  const fields = inner && memberPlans(planner, inner, `${full}${'[0]'.repeat(dims)}.`);
  const tag = element === undefined ? tagOf(base) : {};
  return (values) => {
    const [size, elementSize] = [Number(values.at(at + 1)), Number(values.at(at + 2))];
    return {
      name: member.name,
      type: text,
      kind: element === undefined ? kindOf(base, values.at(at + 3)) : 'pointer',
      bitOffset: Number(values.at(at)) * 8,
      bitSize: size * 8,
      count: dims === 0 ? null : elementSize === 0 ? Number(values.at(at + 4)) : size / elementSize,
      bitField: false,
      ...tag,
      ...(fields === undefined ? {} : { fields: fields.map((field) => field(values)) }),
    };
  };
}

/** A structure without a name among the members: its place follows from one of its own members. */
function anonymous(planner: StructPlanner, { base }: CMember, path: string): FieldPlan[] {
  const { lines, type } = planner;
  const aggregate = base.body ?? planner.table.aggregates.get(base.text);
  if (aggregate === undefined) return [];
  const own = base.tag === '' ? lines.typeOf(aggregate, planner.pack) : base.text;
  const leaf = firstLeaf(planner.table, aggregate, false) ?? firstLeaf(planner.table, aggregate, true);
  // An empty structure has no bytes.
  if (leaf === undefined) return [];
  const size = lines.ask(undefined, `sizeof(${own})`);
  const offset = leaf.bitField
    ? bitDistance(lines, type, path + leaf.name, own, leaf.name)
    : byteDistance(lines, type, path + leaf.name, own, leaf.name);
  const fields = base.tag === '' ? memberPlans(planner, aggregate.members, path) : undefined;
  if (base.tag !== '') planner.needed.push(base.text);
  return [
    (values) => ({
      name: '',
      type: base.text,
      kind: aggregate.kind,
      bitOffset: offset(values),
      bitSize: Number(values.at(size)) * 8,
      count: null,
      bitField: false,
      ...tagOf(base),
      ...(fields === undefined ? {} : { fields: fields.map((field) => field(values)) }),
    }),
  ];
}

type Distance = (values: ProbeValues) => number;

function byteDistance(lines: ProbeLines, type: string, path: string, own: string, ownPath: string): Distance {
  const at = lines.ask(
    undefined,
    `__builtin_offsetof(${type}, ${path}) - __builtin_offsetof(${own}, ${ownPath})`,
  );
  return (values) => Number(values.at(at)) * 8;
}

function bitDistance(lines: ProbeLines, type: string, path: string, own: string, ownPath: string): Distance {
  const [outer, inner] = [lines.bitsOf(type, path), lines.bitsOf(own, ownPath)];
  return (values) => values.bits(outer).bitOffset - values.bits(inner).bitOffset;
}

/** First member with a name, through anonymous structures. */
function firstLeaf(table: TypeTable, start: CAggregate, bitFields: boolean): CMember | undefined {
  const pending = [...start.members];
  for (let member = pending.shift(); member !== undefined; member = pending.shift()) {
    if (member.name !== '' && member.bitField === bitFields) return member;
    if (member.name === '')
      pending.unshift(...((member.base.body ?? table.aggregates.get(member.base.text))?.members ?? []));
  }
  return undefined;
}

interface Resolved {
  readonly base: CBase;
  readonly derivations: readonly CDerivation[];
  /** C text of the element's type. */
  readonly text: string;
}

/** Follows typedefs to what they mean; the text keeps the typedef's name unless it hides an array. */
function resolve(table: TypeTable, { base, derivations }: CMember): Resolved {
  let [current, steps] = [base, derivations];
  let shown: { base: CBase; derivations: readonly CDerivation[] } = { base, derivations };
  for (let count = 0; count < MAX_TYPEDEFS && current.kind === 'name'; count++) {
    const meaning = table.typedefs.get(current.tag);
    if (meaning === undefined) break;
    steps = [...steps, ...meaning.derivations];
    current = meaning.base;
    if (
      meaning.derivations[0]?.kind === 'array' &&
      steps.every(({ kind }, at) => kind === 'array' || at > 0)
    ) {
      shown = { base: current, derivations: steps };
    }
  }
  return {
    base: current,
    derivations: steps,
    text: spellType(shown.base.text, withoutArrays(shown.derivations)),
  };
}

function withoutArrays(derivations: readonly CDerivation[]): readonly CDerivation[] {
  const first = derivations.findIndex(({ kind }) => kind !== 'array');
  return first < 0 ? [] : derivations.slice(first);
}

function written(step: CDerivation): string {
  return step.kind === 'array' ? `(${step.size.map(({ text }) => text).join(' ')})` : '1';
}

function tagOf({ kind, tag }: CBase): { tag?: string } {
  return kind === 'name' || tag === '' ? {} : { tag };
}

/** What `__builtin_classify_type` says of types that the text does not tell. */
const POINTER_CLASS = 5n;
const FLOAT_CLASSES = [8n, 9n];
const STRUCT_CLASS = 12n;
const UNION_CLASS = 13n;

function kindOf(base: CBase, typeClass: bigint): CKind {
  if (base.kind !== 'name') return base.kind;
  if (typeClass === POINTER_CLASS) return 'pointer';
  if (typeClass === STRUCT_CLASS) return 'struct';
  if (typeClass === UNION_CLASS) return 'union';
  return FLOAT_CLASSES.includes(typeClass) ? 'float' : 'integer';
}
