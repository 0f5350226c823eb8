/** Structures as built against the registry of known ABIs: which ones have the same bytes, and what is different where none has. */
import {
  allAbis,
  allClientAbis,
  type PageShift,
  type PlacedStruct,
  pageSizeName,
  type TreeMap,
} from '../abi/index.js';
import type { BtfKho } from './btf-kho.js';
import { slotsOfBuilt, slotsOfPlaced, slotText } from './slots.js';

/** What the registry says of one structure, or of the constants of one component. */
export interface StructMatch {
  /** `struct kho_vmalloc`, or `constants of radix`. */
  readonly item: string;
  /** Files of abi/ and abi/clients/ that have it with the same bytes, oldest first. */
  readonly same: readonly string[];
  /** Where none has: the nearest file, and what is different there. */
  readonly nearest?: string;
  readonly differences: readonly string[];
}

/**
 * Compares every structure with all files of the registry that have one of its name. Structures whose name no file has are left
 * out: nothing is known of them.
 *
 * @throws KhoError `E_LIMIT` for a structure that unfolds to more members than any structure has
 */
export function matchStructs(kho: BtfKho, map: TreeMap, pageShift: PageShift): StructMatch[] {
  const out: StructMatch[] = [];
  const renamed = new Map(map.components.flatMap(({ registry }) => Object.entries(registry?.structs ?? {})));
  for (const struct of kho.structs.values()) {
    const name = renamed.get(struct.name) ?? struct.name;
    const known = registryStructs(name, pageShift);
    if (known.length === 0) continue;
    const built = slotsOfBuilt(struct, kho.structs, kho.source);
    const candidates = known.map(({ id, placed }) => {
      const differences = differ(slotsOfPlaced(placed), built);
      if (placed.size !== struct.size) differences.push(`size is ${struct.size} bytes, not ${placed.size}`);
      return { id, differences };
    });
    out.push(choose(`struct ${struct.name}`, candidates));
  }
  return [...out, ...matchFacts(kho, map, pageShift)];
}

function registryStructs(name: string, pageShift: PageShift): { id: string; placed: PlacedStruct }[] {
  const has = ({ file }: { file: { structs: object } }): boolean => Object.hasOwn(file.structs, name);
  const own = allAbis().filter(has);
  // A client's file has a copy of what it embeds; the owner's files say more.
  const files = own.length > 0 ? own : allClientAbis().filter(has);
  return files.map((abi) => ({ id: abi.id, placed: abi.struct(name, pageShift) }));
}

function differ(known: ReadonlyMap<string, string>, built: ReadonlyMap<string, string>): string[] {
  const lost = [...known].filter(([slot]) => !built.has(slot));
  const fresh = [...built].filter(([slot]) => !known.has(slot));
  return [
    ...lost.map(([slot, name]) => `no ${name}, ${slotText(slot)}`),
    ...fresh.map(([slot, name]) => `unknown ${name}, ${slotText(slot)}`),
  ];
}

/** Numbers that the bytes depend on, such as the depth of the tree, against the ABIs that have such a map. */
function matchFacts(kho: BtfKho, map: TreeMap, pageShift: PageShift): StructMatch[] {
  const constants = new Map([...kho.enums.values()].flatMap((list) => [...list]));
  return map.components.flatMap(({ id, facts }) => {
    const built = Object.entries(facts ?? {}).flatMap(([fact, sources]) => {
      const source = sources.find(({ constant }) => constants.has(constant));
      return source === undefined
        ? []
        : [{ fact, value: Number(constants.get(source.constant)!) + (source.add ?? 0) }];
    });
    const candidates = allAbis().flatMap((abi) => {
      const geometry: object = abi.file.memoryMap.geometry[pageSizeName(pageShift)];
      const known = new Map(Object.entries(geometry));
      if (!built.every(({ fact }) => known.has(fact))) return [];
      const differences = built
        .filter(({ fact, value }) => known.get(fact) !== value)
        .map(({ fact, value }) => `${fact} is ${value}, not ${known.get(fact)}`);
      return [{ id: abi.id, differences }];
    });
    return built.length === 0 || candidates.length === 0 ? [] : [choose(`constants of ${id}`, candidates)];
  });
}

/** The files that agree; without one, the newest of those with the fewest differences. */
function choose(item: string, candidates: readonly { id: string; differences: string[] }[]): StructMatch {
  const same = candidates.filter(({ differences }) => differences.length === 0).map(({ id }) => id);
  if (same.length > 0) return { item, same, differences: [] };
  const nearest = candidates.reduce((best, next) =>
    next.differences.length <= best.differences.length ? next : best,
  );
  return { item, same, nearest: nearest.id, differences: nearest.differences };
}
