/** What of Kexec Handover is in the BTF of a kernel. */
import { allAbis, PAGE_SHIFTS, type PageShift, type TreeMap } from '../abi/index.js';
import type { ByteOrder } from '../bytes/index.js';
import { type BtfLayouts, idsNamed } from './btf-layouts.js';
import { fingerprintTree } from './fingerprint.js';
import type { Fingerprint } from './fingerprint-schema.js';
import type { CDeclaration, CField, CStruct, TreeAbi } from './model.js';

/** Structures that fill one page, best known first: their size is the page size of the kernel. */
const PAGE_STRUCTS = ['kho_vmalloc_chunk', 'kho_radix_node', 'kho_radix_leaf', 'khoser_mem_chunk'];

/** Structures and constants of KHO as a kernel was built with them. */
export interface BtfKho {
  readonly source: string;
  readonly byteOrder: ByteOrder;
  /** All types of the file. */
  readonly types: number;
  /** From a structure that fills a page; undefined when the kernel has none, or one of another size. */
  readonly pageShift?: PageShift;
  /** Name of that structure. */
  readonly pageStruct?: string;
  /** By name, in order of names; with what they hold. Empty: built without KHO. */
  readonly structs: ReadonlyMap<string, CStruct>;
  /** Enums with their constants, by name. */
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
  /** What a reader should know: two structures of one name. */
  readonly notes: readonly string[];
}

/**
 * Picks out the structures and enums of KHO by the names in abi/tree.yaml and in the registry, with the structures that they
 * hold.
 *
 * @throws KhoError `E_BTF` where one of them is damaged
 */
export function khoOfBtf(layouts: BtfLayouts, map: TreeMap): BtfKho {
  const { types } = layouts;
  const wanted = wantedNames(map);
  const notes: string[] = [];
  const structs = new Map<string, CStruct>();
  let queue = idsNamed(types, 'structure', wanted);
  const asked = new Set<string>();
  while (queue.length > 0) {
    for (const id of queue) {
      const struct = layouts.struct(id);
      const known = structs.get(struct.name);
      if (known === undefined) structs.set(struct.name, struct);
      else if (JSON.stringify(known) !== JSON.stringify(struct))
        notes.push(`there are several structures ${struct.name}; the first one is looked at`);
    }
    const tags = [...structs.values()].flatMap(({ fields }) => tagsOf(fields));
    const missing = new Set(tags.filter((tag) => !structs.has(tag) && !asked.has(tag)));
    for (const tag of missing) asked.add(tag);
    queue = missing.size === 0 ? [] : idsNamed(types, 'structure', (name) => missing.has(name));
  }
  const enums = new Map<string, ReadonlyMap<string, bigint>>();
  for (const id of idsNamed(types, 'enum', wanted)) {
    const constants = types.enumerators(id).map(({ name, value }) => [name, value] as const);
    enums.set(types.name(id), new Map(constants));
  }
  const sorted = new Map([...structs].sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    source: types.source,
    byteOrder: types.byteOrder,
    types: types.count,
    structs: sorted,
    enums,
    notes,
    ...pageOf(sorted),
  };
}

/** The fingerprint of a kernel's BTF: structures and constants, without the names and texts that only sources have. */
export function fingerprintBtf(kho: BtfKho, map: TreeMap, pageShift: PageShift): Fingerprint {
  const place = { file: 'kexec_handover.h', line: 1 };
  const declaration = (name: string, kind: CDeclaration['kind'], constants?: string[]): CDeclaration => {
    return { name, kind, place, text: '', packed: false, conditions: [], ...(constants && { constants }) };
  };
  const constants = new Map([...kho.enums.values()].flatMap((list) => [...list]));
  const tree: TreeAbi = {
    tree: { path: kho.source, revision: null, release: null },
    compilers: [],
    headers: [
      {
        path: place.file,
        kind: 'other',
        comments: [],
        macros: [],
        declarations: [
          ...[...kho.structs.values()].map(({ name, kind }) => declaration(name, kind)),
          ...[...kho.enums].map(([name, list]) => declaration(name, 'enum', [...list.keys()])),
        ],
      },
    ],
    targets: [
      { pageShift, byteOrder: kho.byteOrder, arches: [], layouts: { structs: kho.structs, constants } },
    ],
    disagreements: [],
    notes: [],
  };
  return fingerprintTree(tree, map).print;
}

function wantedNames(map: TreeMap): (name: string) => boolean {
  const patterns = map.headers.names.map((source) => new RegExp(`^(?:${source})$`));
  const known = new Set(allAbis().flatMap(({ file }) => Object.keys(file.structs)));
  return (name) => known.has(name) || patterns.some((pattern) => pattern.test(name));
}

/** Tags of the structures that lie in a structure; a pointer's target does not. */
function tagsOf(fields: readonly CField[]): string[] {
  return fields.flatMap((field) => {
    const own = field.tag !== undefined && field.kind !== 'enum' ? [field.tag] : [];
    return [...own, ...tagsOf(field.fields ?? [])];
  });
}

function pageOf(structs: ReadonlyMap<string, CStruct>): Pick<BtfKho, 'pageShift' | 'pageStruct'> {
  for (const name of PAGE_STRUCTS) {
    const size = structs.get(name)?.size;
    const pageShift = PAGE_SHIFTS.find((shift) => 2 ** shift === size);
    if (pageShift !== undefined) return { pageShift, pageStruct: name };
  }
  return {};
}
