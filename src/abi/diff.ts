import { PAGE_SIZE_NAMES, type PageSizeName } from './page-sizes.js';
import type { Abi } from './registry.js';

/** What part of a format a difference is about. Only the first three are on the wire. */
export type DiffArea = 'properties' | 'structures' | 'geometry' | 'behaviour' | 'identity' | 'errata';

/** One thing that two ABIs say differently; `undefined` is absent. */
export interface AbiDifference {
  readonly area: DiffArea;
  /** Where: `subtree/blob-size`, `kho_vmalloc.order`, `memoryMap/16K/depth`. */
  readonly path: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Two ABIs side by side. */
export interface AbiDiff {
  readonly from: Abi;
  readonly to: Abi;
  readonly sameString: boolean;
  /** Page sizes for which the bytes differ. */
  readonly wireDiffers: readonly PageSizeName[];
  /** The bytes differ and the version string does not. */
  readonly withoutBump: boolean;
  readonly differences: readonly AbiDifference[];
}

const WIRE: readonly DiffArea[] = ['properties', 'structures', 'geometry'];

/** Everything that two ABI files say differently, area by area, in the order of the files. */
export function diffAbis(from: Abi, to: Abi): AbiDiff {
  const differences = [...facts(from).keys(), ...facts(to).keys()]
    .filter((key, index, all) => all.indexOf(key) === index)
    .map((key) => ({ key, before: facts(from).get(key), after: facts(to).get(key) }))
    .filter(({ before, after }) => before !== after)
    .map(({ key, before, after }): AbiDifference => {
      const [area, path] = key.split('\0') as [DiffArea, string];
      return { area, path, from: before, to: after };
    });
  const sameString = from.compatible === to.compatible;
  const wireDiffers = PAGE_SIZE_NAMES.filter((size) =>
    differences.some(({ area, path }) => WIRE.includes(area) && concerns(path, size)),
  );
  const byArea = (area: DiffArea): number => AREAS.indexOf(area);
  return {
    from,
    to,
    sameString,
    wireDiffers,
    withoutBump: sameString && wireDiffers.length > 0,
    differences: differences.sort((a, b) => byArea(a.area) - byArea(b.area)),
  };
}

const AREAS: readonly DiffArea[] = [
  'properties',
  'structures',
  'geometry',
  'behaviour',
  'identity',
  'errata',
];

/** Whether a path is about a page size: it names it, or it names none. */
function concerns(path: string, size: PageSizeName): boolean {
  const named = PAGE_SIZE_NAMES.find((name) => path.split('/').includes(name));
  return named === undefined || named === size;
}

const cache = new WeakMap<Abi, Map<string, string>>();

/** An ABI as flat facts: `area\0path` to value. */
function facts(abi: Abi): Map<string, string> {
  const known = cache.get(abi);
  if (known !== undefined) return known;
  const { file } = abi;
  const out = new Map<string, string>();
  const put = (area: DiffArea, path: string, value: unknown): void => {
    out.set(`${area}\0${path}`, typeof value === 'string' ? value : JSON.stringify(value));
  };
  for (const part of ['root', 'subtree'] as const) {
    for (const { name, type, role } of file.fdt[part])
      put('properties', `${part}/${name}`, `${type}, ${role}`);
    if (file.fdt[part].length > 1)
      put('properties', `${part}/order of calls`, file.fdt[part].map(({ name }) => name).join(', '));
  }
  for (const [name, { size, packed, fields }] of Object.entries(file.structs)) {
    put('structures', name, `${size === 'page' ? 'one page' : `${size} bytes`}${packed ? ', packed' : ''}`);
    for (const { name: field, type, offset, count } of fields)
      put('structures', `${name}.${field}`, `${type}${count === undefined ? '' : `[${count}]`} at ${offset}`);
  }
  const { geometry, kind, ...rules } = file.memoryMap;
  put('geometry', 'memoryMap/kind', kind);
  for (const size of PAGE_SIZE_NAMES) {
    for (const [name, value] of Object.entries(geometry[size]))
      put('geometry', `memoryMap/${size}/${name}`, value);
    if (file.vmalloc !== undefined)
      put('geometry', `vmalloc/${size}/entriesPerChunk`, file.vmalloc.entriesPerChunk[size]);
  }
  // A formula's choice shows in the numbers of the page sizes that it changes.
  flatten('memoryMap', rules, (path, value) => put('behaviour', path, value));
  const { writer, results } = file.fdt;
  const { finalize, ranges, kernelInit, clients, receiver, handoff } = file;
  flatten(
    '',
    { fdt: { writer, results }, finalize, ranges, kernelInit, clients, receiver, handoff },
    (path, value) => put('behaviour', path, value),
  );
  put('identity', 'compatible', file.compatible);
  put('identity', 'releases', file.releases.tagged.join(', ') || 'none tagged');
  for (const { id, title } of file.errata) put('errata', id, title);
  cache.set(abi, out);
  return out;
}

/** Leaves of plain data, by path. The data is our own and shallow. */
function flatten(path: string, value: unknown, put: (path: string, value: unknown) => void): void {
  if (value === undefined) return;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    put(path, value);
    return;
  }
  for (const [key, part] of Object.entries(value)) flatten(path === '' ? key : `${path}/${key}`, part, put);
}
