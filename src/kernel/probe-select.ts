import type { TreeMap } from '../abi/index.js';
import { type CItem, type CItems, readItems } from './c-items.js';
import { type CToken, lexC } from './c-lexer.js';
import type { SourcePlace } from './model.js';
import { noHeaders, type SourceTree } from './source-tree.js';

/** Something that the user should know of a collection. */
export interface ProbeNote {
  readonly place: SourcePlace;
  readonly text: string;
}

/** A file that is no header of the contract, and what counts of it. */
export interface OtherFile {
  readonly items: CItems;
  readonly taken: ReadonlySet<CItem>;
}

/** The files of a tree that hold its ABI. */
export interface SelectedHeaders {
  readonly abi: readonly CItems[];
  readonly other: readonly OtherFile[];
}

/**
 * Finds the headers of the contract, and in older or future places the declarations with known names and what those need.
 *
 * @throws KhoError `E_KERNEL_TREE` when there is nothing of KHO.
 */
export async function selectHeaders(
  tree: SourceTree,
  map: TreeMap,
  notes: ProbeNote[],
): Promise<SelectedHeaders> {
  const { abi, other, contains, names } = map.headers;
  const abiPaths = (await lists(tree, abi)).filter((path) => path.endsWith('.h'));
  const texts = await tree.read(abiPaths);
  const abiItems = [...texts].map(([path, text]) => readItems(lexC(path, text)));
  const seen = new Set(abiPaths);
  const otherPaths = (await lists(tree, other)).filter((path) => !seen.has(path));
  const marks = new RegExp(contains.map((part) => `(?:${part})`).join('|'));
  const files = [...(await tree.read(otherPaths))]
    .filter(([, text]) => marks.test(text))
    .map(([path, text]) => readItems(lexC(path, text)));
  const wanted = new RegExp(`^(?:${names.join('|')})$`);
  const otherFiles = takeNamed(files, (name) => wanted.test(name), abiItems, notes);
  if (abiItems.length === 0 && otherFiles.length === 0) throw await noHeaders(tree, [...abi, ...other]);
  return { abi: abiItems, other: otherFiles };
}

async function lists(tree: SourceTree, prefixes: readonly string[]): Promise<string[]> {
  const found = await Promise.all(prefixes.map((prefix) => tree.list(prefix)));
  return [...new Set(found.flat())];
}

/** Items with a wanted name, and everything in these files that they cannot be compiled without. */
function takeNamed(
  files: readonly CItems[],
  wanted: (name: string) => boolean,
  abi: readonly CItems[],
  notes: ProbeNote[],
): OtherFile[] {
  const known = new Set(abi.flatMap(({ items }) => items.map(key)));
  const places = new Map<string, { item: CItem; file: number }>();
  const pending: string[] = [];
  for (const [file, { items, text }] of files.entries()) {
    for (const item of items) {
      const id = key(item);
      const names = [item.name, ...(item.constants ?? [])];
      if (id === '' || known.has(id)) continue;
      if (places.has(id)) {
        if (names.some(wanted)) {
          notes.push({ place: { file: text.file, line: item.line }, text: `another ${id} was taken` });
        }
        continue;
      }
      places.set(id, { item, file });
      if (names.some(wanted)) pending.push(id);
    }
  }
  const taken = files.map(() => new Set<CItem>());
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const place = places.get(id);
    if (place === undefined || taken[place.file]!.has(place.item)) continue;
    taken[place.file]!.add(place.item);
    pending.push(...needs(place.item.tokens));
  }
  return files.map((items, index) => ({ items, taken: taken[index]! })).filter((file) => file.taken.size > 0);
}

/** One name space for tags, one for the rest. */
function key({ kind, name, constants }: CItem): string {
  if (kind === 'enum' && name === '') return constants?.[0] ?? '';
  return kind === 'macro' || kind === 'typedef' ? name : `${kind} ${name}`;
}

/** What a declaration needs: macros, typedefs and constants by name, structures except those that it only points to. */
function needs(tokens: readonly CToken[]): string[] {
  const found: string[] = [];
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind !== 'word') continue;
    const before = tokens[index - 1]?.text ?? '';
    if (!/^(struct|union|enum)$/.test(before)) found.push(text);
    else if (tokens[index + 1]?.text !== '*') found.push(`${before} ${text}`);
  }
  return found;
}
