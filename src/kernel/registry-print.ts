/** The files of abi/ as a fingerprint, so that a tree can be compared with them by the same rules as with another tree. */
import {
  type Abi,
  type ClientAbi,
  PAGE_SHIFTS,
  type PageShift,
  type PlacedField,
  type PlacedStruct,
  type TreeMap,
  targetName,
} from '../abi/index.js';
import type { ByteOrder } from '../bytes/index.js';
import { Components } from './components.js';
import type {
  ComponentPrint,
  FieldPrint,
  Fingerprint,
  StructPrint,
  TargetPrint,
} from './fingerprint-schema.js';

/** Formats that a kernel writes: the root's and those of clients. */
export interface RegistryFormats {
  readonly kho?: Abi;
  readonly clients: readonly ClientAbi[];
}

/**
 * Fingerprint of formats of abi/. It has no texts and no constants. Embedded structures are resolved; see `expandStructs`.
 *
 * @param tree what it will be compared with: of the names of nodes and properties that headers may or may not spell, only those
 *   that it has are taken; names of the root FDT are always there
 */
export function registryPrint(
  { kho, clients }: RegistryFormats,
  tree: Fingerprint,
  map: TreeMap,
): Fingerprint {
  const components = new Components(map);
  const out: Record<string, ComponentPrint> = {};
  const part = (id: string): ComponentPrint => {
    out[id] ??= {
      title: components.describe(id)?.title ?? id,
      guard: [...components.guard(id)],
      markers: [],
      names: {},
      source: {},
      docs: '0'.repeat(16),
      targets: Object.fromEntries(
        eachTarget().map(({ name }) => [name, { structs: {}, constants: {}, facts: {} }]),
      ),
    };
    return out[id];
  };
  const target = (id: string, name: string): TargetPrint => part(id).targets[name]!;

  for (const format of [...(kho === undefined ? [] : [kho]), ...clients]) {
    const group = map.components.filter(({ registry }) => registry?.component === format.file.component);
    const main = group[0];
    if (main === undefined) continue;
    for (const { id } of group) part(id);
    const known = new Set(Object.values(tree.components[main.id]?.names ?? {}));
    const { always, maybe } = namesOf(format);
    const names = [...always, ...maybe.filter((name) => known.has(name))];
    part(main.id).names = Object.fromEntries(names.map((name) => [name, name]));
    part(main.id).markers.push(...markersOf(format, main.id, tree));
    const treeName = new Map(
      group.flatMap(({ registry }) =>
        Object.entries(registry?.structs ?? {}).map(([tree, file]) => [file, tree]),
      ),
    );
    for (const { name, shift, order } of eachTarget()) {
      for (const fileName of Object.keys(format.file.structs)) {
        const called = treeName.get(fileName) ?? fileName;
        const owner = components.ofItem(called, '');
        if (group.some(({ id }) => id === owner))
          target(owner, name).structs[called] = placedPrint(format.struct(fileName, shift), order);
      }
      if (kho !== undefined && format === kho)
        Object.assign(target('radix', name).facts, mapFacts(kho, shift));
    }
  }
  return { components: out };
}

function eachTarget(): { name: string; shift: PageShift; order: ByteOrder }[] {
  return PAGE_SHIFTS.flatMap((shift) =>
    (['little', 'big'] as const).map((order) => ({
      name: targetName({ byteOrder: order, pageShift: shift }),
      shift,
      order,
    })),
  );
}

/** Names that are on the wire: those of the root FDT, which every header spells, and those of blobs. */
function namesOf(format: Abi | ClientAbi): { always: string[]; maybe: string[] } {
  const { file } = format;
  if ('memoryMap' in file) {
    const names = [...file.fdt.root, ...file.fdt.subtree].map(({ name }) => name);
    return { always: names.filter((name) => name !== 'compatible'), maybe: [] };
  }
  const nodes = file.fdt?.nodes ?? [];
  const maybe = [
    ...(file.subtree === undefined ? [] : [file.subtree]),
    ...nodes.flatMap(({ path }) => path.split('/').filter((part) => part !== '' && part !== '*')),
    ...nodes.flatMap(({ properties }) => properties.map(({ name }) => name)),
  ];
  return { always: [], maybe: [...new Set(maybe)] };
}

/** Versions of a format. Further ones inside a blob are taken where the tree spells them. */
function markersOf(format: Abi | ClientAbi, component: string, tree: Fingerprint): ComponentPrint['markers'] {
  const { file } = format;
  const spelled = tree.components[component]?.markers ?? [];
  const main =
    'memoryMap' in file
      ? file.compatible
      : file.version.scheme === 'fixed' && spelled.length === 0
        ? undefined
        : String(file.version.value);
  const inner =
    'memoryMap' in file
      ? []
      : (file.fdt?.nodes ?? []).flatMap(({ properties }) =>
          properties.flatMap(({ value }) => (value === undefined ? [] : [String(value)])),
        );
  const values = [
    ...(main === undefined ? [] : [main]),
    ...inner.filter((value) => spelled.some((marker) => marker.value === value)),
  ];
  return [...new Set(values)].map((value) => {
    const twin = spelled.find((marker) => marker.value === value) ?? spelled[0];
    return { component, scheme: twin?.scheme ?? 'struct-string', macro: twin?.macro ?? 'registry', value };
  });
}

/** What the bytes of the map depend on. */
function mapFacts({ file }: Abi, shift: PageShift): Record<string, number> {
  const sizes = Object.values(file.memoryMap.geometry);
  const geometry = sizes.find(({ pageShift }) => pageShift === shift)!;
  if ('bitmapBytes' in geometry) return { bitsPerBitmap: geometry.bitmapBytes * 8 };
  const { order0Bit, tableBits, bitmapBits, depth } = geometry;
  return { order0Bit, tableBits, bitmapBits, depth };
}

/** A structure of a file as a compiler would lay it out. */
function placedPrint(struct: PlacedStruct, order: ByteOrder): StructPrint {
  return { size: struct.size, fields: placedFields(struct.fields, 0, '', order) };
}

/** Nesting is bounded by `placeStruct`. */
function placedFields(
  fields: readonly PlacedField[],
  base: number,
  prefix: string,
  order: ByteOrder,
): FieldPrint[] {
  return fields.flatMap((field): FieldPrint[] => {
    const bit = (base + field.offset) * 8;
    const name = `${prefix}${field.name}`;
    if (field.bits !== undefined) {
      let at = bit;
      return field.bits.map(({ name: bitName, width }) => {
        at += width;
        return { name: `${prefix}${bitName}`, type: 'u64', kind: 'integer', bit: at - width, bits: width };
      });
    }
    const array = field.elements > 1 || field.count !== undefined;
    if (field.nested !== undefined && !array)
      return placedFields(field.nested.fields, base + field.offset, `${name}.`, order);
    return [
      {
        name,
        type: field.struct ?? field.type,
        kind: field.nested === undefined ? 'integer' : 'struct',
        bit,
        bits: field.elementSize * field.elements * 8,
        ...(array ? { count: field.elements } : {}),
      },
    ];
  });
}

/**
 * The same fingerprint with the members of embedded structures in the place of each structure, so that two sources that divide the
 * same bytes into structures differently can be compared. Arrays of structures stay.
 */
export function expandStructs(print: Fingerprint): Fingerprint {
  const components = Object.entries(print.components).map(([id, component]) => {
    const targets = Object.entries(component.targets).map(([name, target]) => {
      const all: Record<string, StructPrint> = Object.assign(
        {},
        ...Object.values(print.components).map((other) => other.targets[name]?.structs ?? {}),
      );
      const structs = Object.entries(target.structs).map(([tag, struct]) => [tag, expand(struct, all)]);
      return [name, { ...target, structs: Object.fromEntries(structs) }];
    });
    return [id, { ...component, targets: Object.fromEntries(targets) }];
  });
  return { components: Object.fromEntries(components) };
}

/** Members that an expansion may give; a baseline of somebody else could hold structures that contain themselves. */
const MAX_FIELDS = 10_000;

function expand(struct: StructPrint, all: Readonly<Record<string, StructPrint>>): StructPrint {
  const fields: FieldPrint[] = [];
  const stack = [...struct.fields].reverse().map((field) => ({ field, depth: 0 }));
  for (let next = stack.pop(); next !== undefined && fields.length < MAX_FIELDS; next = stack.pop()) {
    const { field, depth } = next;
    const inner =
      field.tag === undefined || field.count !== undefined || depth > 8 ? undefined : all[field.tag];
    if (inner === undefined || field.kind === 'pointer') {
      fields.push(field);
      continue;
    }
    for (const member of [...inner.fields].reverse())
      stack.push({
        field: { ...member, name: `${field.name}.${member.name}`, bit: field.bit + member.bit },
        depth: depth + 1,
      });
  }
  return { ...struct, fields };
}
