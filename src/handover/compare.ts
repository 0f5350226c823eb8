import { hex, KhoError } from '../bytes/index.js';
import type { Annotation } from './annotate.js';
import { annotateStructure } from './annotate-structure.js';
import { type CompareArea, type Fact, type FactOptions, handoverFacts } from './compare-facts.js';
import { compareMemory, type OnlyRanges } from './compare-memory.js';
import type { Handover } from './decode.js';

/** One thing that differs: what each side says; undefined where it says nothing of the kind. */
export interface Difference {
  readonly area: CompareArea;
  readonly path: string;
  readonly a: string | undefined;
  readonly b: string | undefined;
}

/** Two handovers compared. */
export interface Comparison {
  readonly same: boolean;
  /** By meaning and by bytes, in the order of the first handover. */
  readonly differences: readonly Difference[];
  /** Preserved memory; undefined when it was not compared by address. */
  readonly memory: { readonly onlyA: OnlyRanges; readonly onlyB: OnlyRanges } | undefined;
  /** What was not compared, and why. */
  readonly notes: readonly string[];
}

/**
 * Compares two handovers by meaning and by bytes.
 *
 * Two boots of one machine put everything at other addresses. With `ignoreAddresses` no physical address counts: of preserved
 * memory only the number of blocks of each order is compared, and addresses inside the root FDT and the blobs, as the layouts of
 * their formats mark them, read as zero.
 */
export function compareHandovers(
  a: Handover,
  b: Handover,
  { ignoreAddresses = false }: { ignoreAddresses?: boolean } = {},
): Comparison {
  const fdtOnly = a.map === undefined || b.map === undefined;
  const options: FactOptions = { ignoreAddresses, fdtOnly };
  const differences = [
    ...factDifferences(
      [...handoverFacts(a, options), ...orderFacts(a, options)],
      [...handoverFacts(b, options), ...orderFacts(b, options)],
    ),
    ...byteDifferences(a, b, options),
  ];
  const memory =
    a.map === undefined || b.map === undefined || ignoreAddresses ? undefined : compareMemory(a.map, b.map);
  const sameMemory = memory === undefined || memory.onlyA.count + memory.onlyB.count === 0;
  const notes = fdtOnly
    ? ['one of the two is a root FDT without memory: preserved memory, blobs and clients were not compared']
    : [];
  return { same: differences.length === 0 && sameMemory, differences, memory, notes };
}

/** Blocks by order: the part of preserved memory that has no addresses. */
function orderFacts({ contents, target }: Handover, { ignoreAddresses, fdtOnly }: FactOptions): Fact[] {
  if (!ignoreAddresses || fdtOnly || contents === undefined) return [];
  const { byOrder, badKeys } = contents.statistics;
  const size = 2 ** target!.pageShift;
  const facts: Fact[] = [...byOrder]
    .sort(([x], [y]) => x - y)
    .map(([order, count]) => ({
      area: 'memory',
      path: `blocks of ${BigInt(size) << BigInt(order)} bytes`,
      value: `${count}`,
    }));
  return badKeys === 0 ? facts : [...facts, { area: 'memory', path: 'bad keys', value: `${badKeys}` }];
}

function factDifferences(a: readonly Fact[], b: readonly Fact[]): Difference[] {
  const keyOf = ({ area, path }: Fact): string => `${area}\0${path}`;
  const theirs = new Map(b.map((fact) => [keyOf(fact), fact]));
  const differences: Difference[] = [];
  for (const fact of a) {
    const key = keyOf(fact);
    const other = theirs.get(key)?.value;
    theirs.delete(key);
    if (other !== fact.value) differences.push({ area: fact.area, path: fact.path, a: fact.value, b: other });
  }
  for (const { area, path, value } of theirs.values())
    differences.push({ area, path, a: undefined, b: value });
  return differences;
}

/** Roles of fields that hold addresses. */
const ADDRESSES = new Set<string | undefined>(['phys', 'pfn']);

function byteDifferences(a: Handover, b: Handover, options: FactOptions): Difference[] {
  const names = (handover: Handover): string[] =>
    handover.subtrees.filter(({ address }) => address !== undefined).map(({ name }) => name);
  const shared = options.fdtOnly ? [] : [...new Set(names(a))].filter((name) => names(b).includes(name));
  return ['fdt', ...shared.filter((name) => name !== 'fdt')].flatMap((path) => {
    const [left, right] = [a, b].map((handover) => bytesOf(handover, path, options.ignoreAddresses));
    const what = path === 'fdt' ? 'root FDT' : path;
    const found = firstDifference(left!, right!);
    return found === undefined ? [] : [{ area: 'bytes' as const, path: what, a: found[0], b: found[1] }];
  });
}

/** Bytes of the root FDT or a blob, with zeros for addresses if they do not count; a text when they cannot be read. */
function bytesOf(handover: Handover, path: string, maskAddresses: boolean): Uint8Array | string {
  let shown: Annotation;
  try {
    shown = annotateStructure(handover, path);
  } catch (error) {
    if (error instanceof KhoError) return `cannot be read: ${error.summary}`;
    throw error;
  }
  if (!maskAddresses) return shown.bytes;
  const bytes = Uint8Array.from(shown.bytes);
  for (const { offset, length, role } of shown.fields)
    if (ADDRESSES.has(role)) bytes.fill(0, offset, offset + length);
  return bytes;
}

function firstDifference(
  a: Uint8Array | string,
  b: Uint8Array | string,
): readonly [string, string] | undefined {
  const about = (side: Uint8Array | string): string =>
    typeof side === 'string' ? side : `${side.length} bytes`;
  if (typeof a === 'string' || typeof b === 'string')
    return typeof a === 'string' && typeof b === 'string' ? undefined : [about(a), about(b)];
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at++;
  if (at === length && a.length === b.length) return undefined;
  let count = Math.abs(a.length - b.length);
  for (let index = at; index < length; index++) if (a[index] !== b[index]) count++;
  const text = (side: Uint8Array): string =>
    `${side.length} bytes, ${at < side.length ? `${hex(side[at]!)} at offset ${hex(at)}` : `no more at offset ${hex(at)}`}`;
  return [`${text(a)}`, `${text(b)}; ${count} bytes differ`];
}
