import { type Abi, abisByCompatible, allAbis } from '../abi/index.js';
import { KhoError, printable } from '../bytes/index.js';
import { type FdtProperty, type FdtTree, property, readHeader } from '../fdt/index.js';

/** One string of the root's compatible property, taken apart. */
export interface VersionString {
  readonly text: string;
  /** The part before the first semicolon: what a receiver would have to be. */
  readonly main: string;
  /** Parts after it, as a posted series (June 2026, never released) glues them on: `radix-v1`, `vmalloc-v1`. */
  readonly parts: readonly string[];
}

/** Takes the strings of a compatible property apart. */
export function versionStrings(compatible: readonly string[]): VersionString[] {
  return compatible.map((text) => {
    const [main, ...parts] = text.split(';');
    return { text, main: main!, parts };
  });
}

/** ABIs that a blob can be, and why. */
export interface Candidates {
  /** Oldest first; more than one where a format changed under the same string. */
  readonly abis: readonly Abi[];
  readonly evidence: readonly string[];
  /** What no released kernel writes. */
  readonly oddities: readonly string[];
}

/**
 * ABIs that a root FDT can be: by its compatible string, then by its structure, because one string covers several formats.
 *
 * @throws KhoError `E_HANDOVER` when no ABI has any of the strings
 */
export function candidateAbis(
  tree: FdtTree,
  bytes: Uint8Array,
  compatible: readonly string[],
  source: string,
  at: FdtProperty,
): Candidates {
  const strings = versionStrings(compatible);
  const named = [...new Set(strings.flatMap(({ main }) => abisByCompatible(main)))];
  if (named.length === 0) throw unknownVersion(compatible, source, at);
  const oddities = strings
    .filter(({ parts }) => parts.length > 0)
    .map(({ text }) => `'${printable(text)}' is not a released format: every released kernel refuses it`);
  if (strings.length > 1)
    oddities.push(
      'a list of version strings: no released kernel writes one; a receiver looks for its own anywhere in it',
    );
  const evidence: string[] = [];
  let abis = named;
  for (const { said, test } of [propertyTest(tree), layoutTest(tree, bytes)]) {
    const fitting = abis.filter(test);
    if (fitting.length === abis.length || said === undefined) continue;
    if (fitting.length === 0) {
      oddities.push(
        `version and structure disagree: ${said}, which ${abis.map(({ id }) => id).join(', ')} does not have`,
      );
      continue;
    }
    evidence.push(`${said}: ${fitting.map(({ id }) => id).join(' or ')}`);
    abis = fitting;
  }
  return { abis, evidence, oddities };
}

interface StructureTest {
  /** What was seen; undefined when it says nothing. */
  readonly said: string | undefined;
  readonly test: (abi: Abi) => boolean;
}

/** Names of the properties of subnodes. */
function propertyTest(tree: FdtTree): StructureTest {
  const known = new Set(allAbis().flatMap(({ file }) => file.fdt.subtree.map(({ name }) => name)));
  const seen = new Set<string>();
  for (const node of tree.root.children)
    for (const { name } of node.properties) if (known.has(name)) seen.add(name);
  const list = [...seen].sort().join(', ');
  return {
    said: seen.size === 0 ? undefined : `subnodes carry ${list}`,
    test: ({ file }) =>
      file.fdt.subtree
        .map(({ name }) => name)
        .sort()
        .join(', ') === list,
  };
}

/** How the blob was written: which strings come first in the strings block. */
function layoutTest(tree: FdtTree, bytes: Uint8Array): StructureTest {
  const header = readHeader(bytes, () => {});
  if (header === undefined) return { said: undefined, test: () => true };
  const strings = Buffer.from(bytes.subarray(header.offStrings, header.stringsEnd)).toString('latin1');
  const starts = (names: readonly string[]): boolean =>
    strings.startsWith(names.map((name) => `${name}\0`).join(''));
  const empty = tree.root.children.length === 0;
  const sequential = header.offReserve === 48 && header.offStruct === 64;
  const edited = header.offReserve === 40 && header.offStruct === 56;
  const test = ({ file }: Abi): boolean => {
    const root = file.fdt.root.map(({ name }) => name).reverse();
    // Sequential calls put the newest name first; a blob without subnodes looks the same from both writers.
    if (file.fdt.writer === 'sequential')
      return (
        sequential && starts([...(empty ? [] : file.fdt.subtree.map(({ name }) => name).reverse()), ...root])
      );
    return starts(root) && (edited || (sequential && empty));
  };
  if (!allAbis().some(test)) return { said: undefined, test: () => true };
  return {
    said:
      empty && sequential
        ? 'no subnode was ever added'
        : sequential
          ? 'the blob was written in one go'
          : 'the blob was edited in place',
    test,
  };
}

function unknownVersion(compatible: readonly string[], source: string, at: FdtProperty): KhoError {
  return new KhoError('E_HANDOVER', 'unknown KHO version', {
    source,
    path: '/compatible',
    ...(at.valueOffset === undefined ? {} : { offset: at.valueOffset }),
    found: compatible.map((text) => `'${printable(text)}'`).join(', '),
    expected: [...new Set(allAbis().map((abi) => abi.compatible))].join(', '),
    hint: 'say which one with --abi',
  });
}

/** The compatible property of a root node. @throws KhoError `E_HANDOVER` */
export function compatibleProperty(tree: FdtTree, source: string): FdtProperty {
  const found = property(tree.root, 'compatible');
  if (found !== undefined) return found;
  throw new KhoError('E_HANDOVER', 'the root node has no compatible string', {
    source,
    path: '/compatible',
    expected: [...new Set(allAbis().map((abi) => abi.compatible))].join(', '),
  });
}
