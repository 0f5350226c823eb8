import { allClientAbis, getClientAbi, type Target } from '../abi/index.js';
import type { ByteOrder } from '../bytes/index.js';
import { BOOT_LINES, type BootPlan, type ClientOperation, emptyPlan, luoLine } from './scenario-clients.js';
import { LineReader, splitLine } from './scenario-words.js';

/** Where an operation stands and how it was written. */
interface Placed {
  /** Line in the file, from 1. */
  readonly line: number;
  /** Column of the first operand, from 1: where errors that show only on some targets point. */
  readonly column: number;
  /** Words of the line joined by single blanks, without the comment. */
  readonly text: string;
}

/** A run of vmalloc heads: `count` PFNs from `start`, `step` pages apart. */
export interface HeadRun {
  readonly start: bigint;
  readonly count: bigint;
  readonly step: bigint;
}

/** One line that does something. Numbers are as written; PFNs are turned into pages when a target is known. */
export type Operation = Placed &
  (
    | { readonly kind: 'page' | 'delpage'; readonly pfn: bigint; readonly order: number }
    | { readonly kind: 'ppage'; readonly address: bigint; readonly order: number }
    | { readonly kind: 'pages'; readonly pfn: bigint; readonly count: bigint; readonly step: bigint }
    | { readonly kind: 'range' | 'delrange'; readonly pfn: bigint; readonly count: bigint }
    | { readonly kind: 'prange'; readonly address: bigint; readonly bytes: bigint }
    | {
        readonly kind: 'vmalloc';
        readonly order: number;
        readonly vmFlags: VmFlags;
        readonly heads: readonly HeadRun[];
      }
    | { readonly kind: 'delvmalloc'; readonly index: number }
    | {
        readonly kind: 'subtree';
        readonly name: string;
        readonly address: bigint | 'alloc';
        readonly size: bigint;
      }
    | { readonly kind: 'rmsubtree'; readonly address: bigint }
    | {
        readonly kind: 'scratch';
        readonly array: bigint;
        readonly areas: readonly { address: bigint; size: bigint }[];
      }
    | { readonly kind: 'finalize' | 'abort' }
    | ClientOperation
  );

/** Flags of a vmalloc line: KHO's own (0 to 3), or raw flags of the kernel's vm_struct. */
export type VmFlags = { readonly kho: number } | { readonly raw: number };

/** A parsed scenario: what the first kernel does, for any target. */
export interface Scenario {
  readonly source: string;
  readonly base: bigint;
  readonly release: string;
  readonly init: 'bare' | 'kernel';
  /** Page shifts it is meant for; undefined: all. */
  readonly pageShifts: readonly number[] | undefined;
  readonly byteOrder: ByteOrder | undefined;
  /** ABIs it is meant for, as `v1` for kho-v1 and all kho-v1-…; undefined: all. */
  readonly versions: readonly string[] | undefined;
  /** PFNs at which NUMA nodes begin. */
  readonly nodeStarts: readonly bigint[];
  /** LUO format that a `client` line asks for instead of the ABI's own. */
  readonly luoFormat: string | undefined;
  /** What the client lines ask of a booting kernel, wherever they stand. */
  readonly boot: Omit<BootPlan, 'plainLuo' | 'sessions'>;
  readonly operations: readonly Operation[];
}

const DEFAULT_BASE = 0x1_0000_0000n;

/** Arena addresses are handled as exact numbers; no machine has more than 52 address bits. */
const MAX_BASE = 1n << 52n;

/** Whether a scenario is meant for a target. */
export function appliesTo(
  scenario: Scenario,
  { abi, pageShift, byteOrder }: Omit<Target, 'machine'>,
): boolean {
  const { versions, pageShifts } = scenario;
  if (abi.file.vmalloc === undefined && scenario.operations.some(({ kind }) => kind === 'vmalloc'))
    return false;
  if (!hasClients(scenario, abi)) return false;
  return (
    (pageShifts === undefined || pageShifts.includes(pageShift)) &&
    (scenario.byteOrder === undefined || scenario.byteOrder === byteOrder) &&
    (versions === undefined ||
      versions.some((name) => abi.id === `kho-${name}` || abi.id.startsWith(`kho-${name}-`)))
  );
}

/** Whether an ABI has every client, and every part of one, that a scenario's lines need. */
function hasClients(
  { boot, luoFormat, operations }: Scenario,
  { file: { clients } }: Target['abi'],
): boolean {
  const has = (kind: Operation['kind']): boolean => operations.some((operation) => operation.kind === kind);
  if (boot.metadata !== undefined && clients.metadata === undefined) return false;
  if (boot.khoTest !== undefined && clients.khoTest === undefined) return false;
  if (boot.memblock.length > 0 && clients.memblock === undefined) return false;
  if (has('luo-memfd') && clients.memfd === undefined) return false;
  if (boot.luo === undefined) return true;
  if (clients.luo === undefined) return false;
  return !has('luo-flb') || getClientAbi(luoFormat ?? clients.luo).file.luo?.flbs === true;
}

/**
 * Parses a scenario. The language is described in golden/scenarios/README.md.
 *
 * @param source file name for messages
 * @throws KhoError `E_SCENARIO` with file, line and column of the word that is wrong
 */
export function parseScenario(text: string, source: string): Scenario {
  const setup: Setup = {
    base: DEFAULT_BASE,
    release: 'oracle',
    init: 'bare',
    pageShifts: undefined,
    byteOrder: undefined,
    versions: undefined,
    nodeStarts: [],
    luoFormat: undefined,
  };
  const plan = emptyPlan();
  const operations: Operation[] = [];
  const seen = new Set<string>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = splitLine(raw, source, index + 1);
    if (line === undefined) continue;
    const reader = new LineReader(line);
    const keyword = reader.keyword();
    const boot = BOOT_LINES[keyword];
    const setUp = SETUP[keyword];
    if (boot !== undefined) boot(reader, plan);
    else if (setUp !== undefined) {
      if (operations.length > 0) throw reader.error(0, `'${keyword}' must come before the first operation`);
      if (seen.has(keyword) && keyword !== 'numa') throw reader.error(0, `a second '${keyword}'`);
      seen.add(keyword);
      setUp(reader, setup);
    } else {
      const parse = OPERATIONS[keyword];
      if (parse === undefined && keyword !== 'luo') {
        const known = [SETUP, BOOT_LINES, OPERATIONS].flatMap((lines) => Object.keys(lines));
        throw reader.error(0, 'unknown operation', [...known, 'luo'].join(', '));
      }
      const parsed = parse === undefined ? luoLine(reader, plan) : parse(reader);
      if (parsed !== undefined) {
        operations.push({
          line: line.number,
          column: (line.words[1] ?? line.words[0]!).column,
          text: line.words.map(({ text: word }) => word).join(' '),
          ...parsed,
        } as Operation);
      }
    }
    reader.end();
  }
  const { metadata, khoTest, luo, memblock } = plan;
  return { source, ...setup, boot: { metadata, khoTest, luo, memblock }, operations };
}

type Setup = { -readonly [Key in Exclude<keyof Scenario, 'source' | 'boot' | 'operations'>]: Scenario[Key] };

const SETUP: Record<string, (line: LineReader, setup: Setup) => void> = {
  base(line, setup) {
    setup.base = line.number('PHYS', MAX_BASE - 1n);
    if (setup.base % 4096n !== 0n) throw line.error(1, 'the base is not a multiple of the page size');
  },
  uts(line, setup) {
    setup.release = line.word('STRING');
    if (setup.release.length > 64) throw line.error(1, 'the release is longer than 64 characters');
  },
  pageshift(line, setup) {
    const shifts: number[] = [];
    do shifts.push(Number(line.oneOf('N', ['12', '14', '16'])));
    while (line.more());
    setup.pageShifts = shifts;
  },
  byteorder(line, setup) {
    setup.byteOrder = line.oneOf('BYTEORDER', ['little', 'big']) as ByteOrder;
  },
  numa(line, setup) {
    setup.nodeStarts = [...setup.nodeStarts, line.number('PFN')].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  },
  client(line, setup) {
    line.oneOf('CLIENT', ['luo']);
    setup.luoFormat = line.oneOf(
      'FORMAT',
      allClientAbis()
        .filter(({ component }) => component === 'luo')
        .map(({ id }) => id),
    );
  },
  only(line, setup) {
    const versions: string[] = [];
    do versions.push(line.word('VERSION'));
    while (line.more());
    setup.versions = versions;
  },
  init(line, setup) {
    setup.init = line.oneOf('KIND', ['bare', 'kernel']) as 'bare' | 'kernel';
  },
};

type Parsed = Operation extends infer Member
  ? Member extends Operation
    ? Omit<Member, keyof Placed>
    : never
  : never;

/** Orders above this would pass 64 address bits whatever the page size. */
const MAX_ORDER = 52n;

const OPERATIONS: Record<string, (line: LineReader) => Parsed> = {
  page: (line) => ({ kind: 'page', pfn: line.number('PFN'), order: order(line) }),
  delpage: (line) => ({ kind: 'delpage', pfn: line.number('PFN'), order: order(line) }),
  ppage: (line) => ({ kind: 'ppage', address: line.number('PHYS'), order: order(line) }),
  pages: (line) => ({
    kind: 'pages',
    pfn: line.number('PFN'),
    count: line.number('NR', MAX_COUNT),
    step: line.more() ? line.number('STEP') : 1n,
  }),
  range: (line) => ({ kind: 'range', pfn: line.number('PFN'), count: line.number('NR') }),
  delrange: (line) => ({ kind: 'delrange', pfn: line.number('PFN'), count: line.number('NR') }),
  prange: (line) => ({ kind: 'prange', address: line.number('PHYS'), bytes: line.number('BYTES') }),
  vmalloc: (line) => {
    // An area counts its pages in 32 bits.
    const mapping = Number(line.number('ORDER', 31n));
    const vmFlags = flags(line);
    const heads: HeadRun[] = [];
    do heads.push(headRun(line, mapping));
    while (line.more());
    return { kind: 'vmalloc', order: mapping, vmFlags, heads };
  },
  delvmalloc: (line) => ({ kind: 'delvmalloc', index: Number(line.number('N', 1_000_000n)) }),
  subtree: (line) => ({
    kind: 'subtree',
    name: line.word('NAME'),
    address: line.peek() === 'alloc' ? (line.word('alloc') as 'alloc') : line.number("PHYS or 'alloc'"),
    size: line.number('SIZE'),
  }),
  rmsubtree: (line) => ({ kind: 'rmsubtree', address: line.number('PHYS') }),
  scratch: (line) => {
    const array = line.number('ARRAY');
    const areas: { address: bigint; size: bigint }[] = [];
    do {
      const [address, size] = line.numbers('AREA:SIZE', 2, 2);
      areas.push({ address: address!, size: size! });
    } while (line.more());
    return { kind: 'scratch', array, areas };
  },
  finalize: () => ({ kind: 'finalize' }),
  abort: () => ({ kind: 'abort' }),
};

/** Folios of one line, 1 TiB at 4K, and heads of one line: a typing mistake must not run for hours. */
const MAX_COUNT = 1n << 28n;
const MAX_HEADS = 1n << 22n;

function order(line: LineReader): number {
  return Number(line.number('ORDER', MAX_ORDER));
}

function flags(line: LineReader): VmFlags {
  const word = line.peek();
  if (word?.startsWith('raw:'))
    return { raw: Number(line.number('raw:VMFLAGS', 0xffff_ffffn, 'raw:'.length)) };
  return { kho: Number(line.number('FLAGS', 3n)) };
}

function headRun(line: LineReader, mapping: number): HeadRun {
  const at = line.position;
  const [start, count, step] = line.numbers('PFN or START:COUNT[:STEP]', 1, 3);
  if (count !== undefined && count > MAX_HEADS) {
    throw line.error(at, 'too many heads', `at most ${MAX_HEADS}`);
  }
  // An entry of 0 would end the list; no kernel maps page 0 there.
  if (start === 0n && count !== 0n) throw line.error(at, 'a vmalloc area cannot hold page 0');
  return { start: start!, count: count ?? 1n, step: step ?? 1n << BigInt(mapping) };
}
