/** From what is known of a tree to its fingerprint: what can be compared and kept beside the headers. */
import { createHash } from 'node:crypto';
import { type TreeMap, targetName } from '../abi/index.js';
import { Components, versionParts } from './components.js';
import type {
  ComponentPrint,
  FieldPrint,
  Fingerprint,
  MarkerPrint,
  TargetPrint,
} from './fingerprint-schema.js';
import type { AbiHeader, CField, CLayouts, CStruct, SourcePlace, TreeAbi } from './model.js';

/** A fingerprint, and where each item stands in the tree; places are no part of what is compared. */
export interface TreePrint {
  readonly print: Fingerprint;
  /** By item: `struct kho_vmalloc`, `macro KHO_FDT_COMPATIBLE`, `constant KHO_TREE_MAX_DEPTH`, `file PATH`. */
  readonly places: ReadonlyMap<string, SourcePlace>;
}

/** First 16 hex digits of the SHA-256 of a text. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Makes the fingerprint of a tree. */
export function fingerprintTree(tree: TreeAbi, map: TreeMap): TreePrint {
  const components = new Components(map);
  const places = new Map<string, SourcePlace>();
  const out = new Map<string, Draft>();
  const draft = (id: string): Draft => {
    let found = out.get(id);
    if (found === undefined) {
      found = new Draft(components.describe(id)?.title ?? id, components.guard(id));
      out.set(id, found);
    }
    return found;
  };

  const owner = new Map<string, string>();
  const ids = map.components.map(({ id }) => id);
  // Where a component has a header of its own, what C files say of it is code and no contract.
  const contracts = new Set(
    tree.headers
      .filter(({ kind }) => kind === 'abi')
      .flatMap(({ path, macros, declarations }) =>
        [...macros.filter(({ body }) => body !== ''), ...declarations].map(({ name }) =>
          components.ofItem(name, path),
        ),
      ),
  );
  const componentOf = (name: string, header: AbiHeader): string | undefined => {
    if (header.kind === 'abi') return components.ofItem(name, header.path);
    const id = components.ofName(name);
    return id === undefined || contracts.has(id) ? undefined : id;
  };
  for (const header of tree.headers) {
    const own = components.ofFile(header.path);
    if (header.kind === 'abi') {
      draft(own).comments.push(...header.comments.map(({ text }) => text));
      places.set(`file ${own}`, { file: header.path, line: 1 });
    }
    for (const macro of header.macros) {
      const id = componentOf(macro.name, header);
      if (id === undefined) continue;
      owner.set(macro.name, id);
      places.set(`macro ${macro.name}`, macro.place);
      if (macro.body !== '')
        draft(id).source.set(`macro ${macro.name}`, shortHash(macroText(macro.params, macro.body)));
      const value = macro.string;
      if (value === undefined || value === '' || macro.params !== null || macro.conditions.length > 0)
        continue;
      const scheme = components.scheme(macro.name, value);
      if (scheme === undefined) draft(id).names.set(macro.name, value);
      else {
        const parts = versionParts(value, ids);
        for (const part of parts) {
          const component = part.component ?? id;
          draft(component).markers.push({
            component,
            scheme: parts.length > 1 ? 'composite' : scheme,
            value: part.value,
            macro: macro.name,
          });
        }
      }
    }
    for (const declaration of header.declarations) {
      const id = componentOf(declaration.name, header);
      if (id === undefined) continue;
      const item = `${declaration.kind === 'enum' ? 'enum' : 'struct'} ${declaration.name}`;
      owner.set(declaration.name, id);
      places.set(item, declaration.place);
      draft(id).source.set(item, shortHash(declaration.text));
      for (const constant of declaration.constants ?? []) {
        owner.set(constant, componentOf(constant, header) ?? id);
        places.set(`constant ${constant}`, declaration.place);
      }
    }
  }
  for (const target of tree.targets) {
    const name = targetName(target);
    for (const [id, layouts] of divide(target.layouts, owner)) {
      const { scheme, rest } = versions(layouts, components);
      for (const marker of scheme) {
        const markers = draft(id).markers;
        if (!markers.some(({ macro }) => macro === marker.macro)) markers.push({ ...marker, component: id });
      }
      draft(id).targets.set(name, {
        ...rest,
        facts: factsOf(layouts.constants, components.describe(id)?.facts),
      });
    }
  }
  const kept = [...out].filter(([, found]) => !found.empty).map(([id]) => id);
  return {
    print: { components: Object.fromEntries(kept.sort().map((id) => [id, out.get(id)!.finish()])) },
    places,
  };
}

/** Text of a macro in one spelling. */
function macroText(params: readonly string[] | null, body: string): string {
  return params === null ? body : `(${params.join(', ')}) ${body}`;
}

/** Layouts by component. */
function divide(layouts: CLayouts, owner: ReadonlyMap<string, string>): Map<string, CLayouts> {
  const out = new Map<string, { structs: Map<string, CStruct>; constants: Map<string, bigint> }>();
  const of = (name: string) => {
    const id = owner.get(name);
    if (id === undefined) return undefined;
    if (!out.has(id)) out.set(id, { structs: new Map(), constants: new Map() });
    return out.get(id)!;
  };
  for (const [name, struct] of layouts.structs) of(name)?.structs.set(name, struct);
  for (const [name, value] of layouts.constants) of(name)?.constants.set(name, value);
  return out;
}

/** Takes the constants that are versions out of the others. */
function versions(
  layouts: CLayouts,
  components: Components,
): { scheme: Omit<MarkerPrint, 'component'>[]; rest: Omit<TargetPrint, 'facts'> } {
  const scheme: Omit<MarkerPrint, 'component'>[] = [];
  const constants: Record<string, string> = {};
  for (const [name, value] of sorted(layouts.constants)) {
    const kind = components.scheme(name, String(value));
    if (kind === undefined) constants[name] = String(value);
    else scheme.push({ scheme: kind, value: String(value), macro: name });
  }
  const structs = Object.fromEntries(
    sorted(layouts.structs).map(([name, struct]) => [name, structPrint(struct)]),
  );
  return { scheme, rest: { structs, constants } };
}

/** A structure as it is kept. */
export function structPrint(struct: CStruct): TargetPrint['structs'][string] {
  return {
    size: struct.size,
    ...(struct.align === null ? {} : { align: struct.align }),
    fields: leaves(struct.fields),
  };
}

/** Members of a structure in order; those of members without a tag stand in their place, with dotted names. */
function leaves(fields: readonly CField[]): FieldPrint[] {
  const out: FieldPrint[] = [];
  const stack: { field: CField; prefix: string }[] = [];
  const push = (list: readonly CField[], prefix: string): void => {
    for (const field of [...list].reverse()) stack.push({ field, prefix });
  };
  push(fields, '');
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { field, prefix } = next;
    const name = [prefix, field.name].filter((part) => part !== '').join('.');
    // An array of structures without a tag stays one member: its elements are all alike.
    if (field.fields !== undefined && field.count === null) {
      push(field.fields, name);
      continue;
    }
    out.push({
      name: name === '' ? '(anonymous)' : name,
      type: field.type,
      kind: field.kind,
      bit: field.bitOffset,
      bits: field.bitSize,
      ...(field.count === null ? {} : { count: field.count }),
      ...(field.tag === undefined ? {} : { tag: field.tag }),
    });
  }
  return out;
}

/** Facts that can be told from the constants of a tree. */
function factsOf(
  constants: ReadonlyMap<string, bigint>,
  rules: Readonly<Record<string, readonly { constant: string; add?: number | undefined }[]>> = {},
): Record<string, number> {
  const out: Record<string, number> = {};
  for (const [name, sources] of Object.entries(rules)) {
    const source = sources.find(({ constant }) => constants.has(constant));
    if (source !== undefined) out[name] = Number(constants.get(source.constant)!) + (source.add ?? 0);
  }
  return out;
}

function sorted<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A component that is being put together. */
class Draft {
  readonly comments: string[] = [];
  readonly markers: MarkerPrint[] = [];
  readonly names = new Map<string, string>();
  readonly source = new Map<string, string>();
  readonly targets = new Map<string, TargetPrint>();

  readonly title: string;
  readonly guard: readonly string[];

  constructor(title: string, guard: readonly string[]) {
    this.title = title;
    this.guard = guard;
  }

  get empty(): boolean {
    return this.markers.length + this.names.size + this.source.size + this.targets.size === 0;
  }

  finish(): ComponentPrint {
    const words = this.comments.map((text) => text.replace(/\s+/g, ' ').trim()).sort();
    return {
      title: this.title,
      guard: [...this.guard],
      markers: this.markers.sort((a, b) => (a.macro < b.macro ? -1 : 1)),
      names: Object.fromEntries(sorted(this.names)),
      source: Object.fromEntries(sorted(this.source)),
      docs: shortHash(words.join('\n')),
      targets: Object.fromEntries(sorted(this.targets)),
    };
  }
}
