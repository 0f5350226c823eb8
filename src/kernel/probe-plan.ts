import { PackState } from './c-directives.js';
import type { CToken } from './c-lexer.js';
import type { CAggregate } from './c-types.js';
import type { CLayouts, CStruct } from './model.js';
import { memberPlans, type StructPlanner } from './probe-members.js';
import type { ProbeValues } from './probe-object.js';
import {
  type PlacedType,
  type Preprocessed,
  type TypeTable,
  typeTable,
  whyNoInteger,
} from './probe-preprocessed.js';
import { STAGED } from './probe-stage.js';

/** Name of the generated part in messages of the compiler. */
export const PROBE_FILE = 'kho-abi-probe';

/** A program whose object file holds all numbers, and how to read them. */
export interface ProbePlan {
  readonly source: string;
  /** Constant whose line of the generated part this is; the first line is 1. */
  readonly owners: readonly (string | undefined)[];
  /** Constant that a value belongs to, by index of the value. */
  readonly valueOwners: readonly (string | undefined)[];
  read(values: ProbeValues): CLayouts;
}

/** Collects the lines of a probe program. */
export class ProbeLines {
  readonly declarations: string[] = [];
  readonly values: string[] = [];
  readonly valueOwners: (string | undefined)[] = [];
  /** Owner of each line of `values`. */
  readonly owners: (string | undefined)[] = [];
  #names = 0;

  /** Asks for numbers that the compiler knows; the result is the index of the first. */
  ask(owner: string | undefined, ...expressions: readonly string[]): number {
    const first = this.valueOwners.length;
    this.values.push(`${expressions.map((text) => `(unsigned long long)(${text})`).join(', ')},`);
    this.owners.push(owner);
    for (const _ of expressions) this.valueOwners.push(owner);
    return first;
  }

  /** An object of a type in which only one bit-field is set; the result is its symbol. */
  bitsOf(type: string, path: string): string {
    const symbol = `kho_abi_bits_${this.#names++}`;
    // A hostile array in it must not become a file of its size.
    this.declarations.push(
      `_Static_assert(sizeof(${type}) <= ${MAX_BIT_OBJECT}, "structure with bit-fields too large");`,
    );
    this.declarations.push(
      `const ${type} ${symbol} __attribute__((section(".kho_abi_bits"))) = { .${path} = -1 };`,
    );
    return symbol;
  }

  /** A type of its own for a structure that has no name; the result is the type's name. */
  typeOf(aggregate: CAggregate, pack: string | undefined): string {
    const name = `kho_abi_anonymous_${this.#names++}`;
    const text = `typedef ${aggregate.kind} ${withoutInnerTags(aggregate)} ${name};`;
    this.declarations.push(...PackState.wrap(text, pack).split('\n'));
    return name;
  }
}

/** Largest structure that a bit-field is looked for in. */
const MAX_BIT_OBJECT = 1 << 20;

/**
 * Makes the probe program of one preprocessed text.
 *
 * @param contract files whose structures and constants count
 * @param dropped constants that the compiler refused before
 */
export function makePlan(
  pre: Preprocessed,
  contract: ReadonlySet<string>,
  dropped: ReadonlySet<string>,
): ProbePlan {
  const lines = new ProbeLines();
  const table = typeTable(pre.types);
  const structs = planStructs(lines, table, pre.types, contract);
  const constants: ((values: ProbeValues) => [string, bigint] | undefined)[] = [];
  for (const [name, expression] of constantCandidates(pre, contract)) {
    if (dropped.has(name)) continue;
    const at = lines.ask(name, expression, `(${expression}) < 0`, `__builtin_classify_type(${expression})`);
    constants.push((values) => {
      if (values.at(at + 2) !== 1n) return undefined;
      return [name, values.at(at + 1) === 1n ? BigInt.asIntN(64, values.at(at)) : values.at(at)];
    });
  }
  const types = pre.types.map(({ place, ofTree, source, pack }) =>
    PackState.wrap(`# ${place.line} "${ofTree ? STAGED : ''}${place.file}"\n${source};\n`, pack),
  );
  const array = 'const unsigned long long kho_abi_values[] __attribute__((section(".kho_abi"), used)) = {';
  const generated = [...lines.declarations, array, ...lines.values, '0 };'];
  const before = lines.declarations.map(() => undefined);
  return {
    source: `${types.join('\n')}\n# 1 "${PROBE_FILE}"\n${generated.join('\n')}\n`,
    owners: [undefined, ...before, undefined, ...lines.owners],
    valueOwners: lines.valueOwners,
    read: (values) => ({
      structs: new Map(structs.map((plan) => plan(values)).map((struct) => [struct.name, struct])),
      constants: new Map(constants.map((plan) => plan(values)).filter((pair) => pair !== undefined)),
    }),
  };
}

/** Macros that may be integers, and the constants of enums of the contract, with what they expand to. */
export function constantCandidates(pre: Preprocessed, contract: ReadonlySet<string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const { constants, place, ofTree } of pre.types) {
    if (ofTree && contract.has(place.file)) for (const name of constants) found.set(name, name);
  }
  for (const [name, expansion] of pre.macros) {
    if (whyNoInteger(expansion, pre.words) === undefined) found.set(name, spellWide(expansion));
  }
  return found;
}

/** With blanks between all tokens: an expansion may hold two that would become one. */
function spellWide(tokens: readonly CToken[]): string {
  return tokens.map(({ text }) => text).join(' ');
}

/** Structures with a name in the files of the contract, and all that they hold by value. */
function planStructs(
  lines: ProbeLines,
  table: TypeTable,
  types: readonly PlacedType[],
  contract: ReadonlySet<string>,
): ((values: ProbeValues) => CStruct)[] {
  const plans: ((values: ProbeValues) => CStruct)[] = [];
  const done = new Set<string>();
  const pending: string[] = [];
  const packs = new Map<string, string | undefined>();
  for (const { tagged, names, pack } of types) {
    for (const { kind, tag } of tagged) packs.set(`${kind} ${tag}`, pack);
    for (const { name } of names) packs.set(name, pack);
  }
  for (const { tagged, names, base, place, ofTree } of types) {
    if (!ofTree || !contract.has(place.file)) continue;
    pending.push(...tagged.map(({ kind, tag }) => `${kind} ${tag}`));
    if (base?.body !== undefined && base.tag === '') {
      pending.push(...names.filter(({ derivations }) => derivations.length === 0).map(({ name }) => name));
    }
  }
  for (let index = 0; index < pending.length; index++) {
    const type = pending[index]!;
    const aggregate = table.aggregates.get(type) ?? table.typedefs.get(type)?.base.body;
    if (aggregate === undefined || done.has(type)) continue;
    done.add(type);
    const planner: StructPlanner = { lines, table, type, pack: packs.get(type), needed: pending };
    const at = lines.ask(undefined, `sizeof(${type})`, `_Alignof(${type})`);
    const fields = memberPlans(planner, aggregate.members, '');
    plans.push((values) => ({
      name: aggregate.tag === '' ? type : aggregate.tag,
      kind: aggregate.kind,
      size: Number(values.at(at)),
      align: Number(values.at(at + 1)),
      fields: fields.map((field) => field(values)),
    }));
  }
  return plans;
}

/** Body with attributes, where inner definitions with a tag are only named: they exist already. */
function withoutInnerTags({ body, attributes }: CAggregate): string {
  const parts: string[] = [];
  for (let index = 0; index < body.length; index++) {
    parts.push(body[index]!.text);
    const inner = /^(struct|union|enum)$/.test(body[index]!.text) && body[index + 1]?.kind === 'word';
    if (!inner || body[index + 2]?.text !== '{') continue;
    parts.push(body[++index]!.text);
    let depth = 0;
    do {
      const text = body[++index]?.text;
      if (text === '{') depth++;
      if (text === '}') depth--;
    } while (depth > 0 && index < body.length);
  }
  // Attributes mean the same before the brace as behind it.
  return `${attributes} { ${parts.join(' ')} }`;
}
