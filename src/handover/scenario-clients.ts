import { parseU64 } from '../bytes/index.js';
import type { BootClients, FolioRun, MemblockRegion, MemfdFile } from '../clients/index.js';
import type { LineReader } from './scenario-words.js';

/** Lines that act on LUO at their place in the file. */
export type ClientOperation =
  | { readonly kind: 'luo-session'; readonly name: string }
  | ({ readonly kind: 'luo-memfd' } & MemfdFile)
  | { readonly kind: 'luo-file'; readonly compatible: string; readonly token: bigint; readonly data: bigint }
  | { readonly kind: 'luo-flb'; readonly name: string; readonly data: bigint; readonly count: bigint };

/** What the scenario's client lines ask of a booting kernel, as far as it is read. */
export interface BootPlan {
  metadata: BootClients['metadata'];
  khoTest: readonly number[] | undefined;
  luo: { number: bigint } | undefined;
  memblock: readonly MemblockRegion[];
  /** Number of `luo` lines without a subcommand. */
  plainLuo: number;
  sessions: number;
}

/** An empty plan. */
export function emptyPlan(): BootPlan {
  return { metadata: undefined, khoTest: undefined, luo: undefined, memblock: [], plainLuo: 0, sessions: 0 };
}

const MAX_FOLIO_ORDER = 10n;
const MAX_REGIONS = 8;
const U32 = 0xffff_ffffn;

/** Lines that say what a booting kernel registers; their place in the file does not matter. */
export const BOOT_LINES: Record<string, (line: LineReader, plan: BootPlan) => void> = {
  metadata(line, plan) {
    if (plan.metadata !== undefined) throw line.error(0, "a second 'metadata'");
    plan.metadata = { release: text(line, 'RELEASE', 64), count: Number(line.number('COUNT', U32)) };
  },
  'kho-test'(line, plan) {
    if (plan.khoTest !== undefined) throw line.error(0, "a second 'kho-test'");
    const orders: number[] = [];
    do orders.push(Number(line.number('ORDER', MAX_FOLIO_ORDER)));
    while (line.more());
    plan.khoTest = orders;
  },
  memblock(line, plan) {
    const region = { name: text(line, 'NAME', 15), start: line.number('PHYS'), size: line.number('SIZE') };
    if (region.size === 0n) throw line.error(3, 'a region of no bytes');
    if (plan.memblock.some(({ name }) => name === region.name))
      throw line.error(1, 'a second region of this name');
    if (plan.memblock.length === MAX_REGIONS)
      throw line.error(0, 'too many regions', `at most ${MAX_REGIONS}`);
    plan.memblock = [...plan.memblock, region];
  },
};

/** A `luo` line: an operation, or undefined for the plain form. */
export function luoLine(line: LineReader, plan: BootPlan): ClientOperation | undefined {
  const word = line.peek();
  const parse = word === undefined ? undefined : LUO[word];
  if (parse === undefined) {
    if (plan.plainLuo++ > 0) throw line.error(0, "a second plain 'luo'");
    plan.luo = { number: line.more() ? line.number('NUMBER or session, memfd, file, flb') : 1n };
    return undefined;
  }
  line.word('subcommand');
  plan.luo ??= { number: 1n };
  if (word === 'session') plan.sessions++;
  else if (word !== 'flb' && plan.sessions === 0) throw line.error(1, 'a file without a session before it');
  return parse(line);
}

const LUO: Record<string, (line: LineReader) => ClientOperation> = {
  session: (line) => ({ kind: 'luo-session', name: text(line, 'NAME', 63) }),
  memfd: (line) => {
    const token = line.number('TOKEN');
    const size = line.number('SIZE');
    let position = 0n;
    let seals = 0;
    const folios: FolioRun[] = [];
    while (line.more()) {
      const at = line.position;
      const [key, value] = line.peek()!.split('=');
      if (value !== undefined) {
        line.word('option');
        const number = parseU64(value);
        if (number === undefined || (key !== 'pos' && key !== 'seals') || (key === 'seals' && number > U32))
          throw line.error(at, 'unknown option', 'pos=N or seals=N');
        if (key === 'pos') position = number;
        else seals = Number(number);
      } else folios.push(folioRun(line));
    }
    return { kind: 'luo-memfd', token, size, position, seals, folios };
  },
  file: (line) => ({
    kind: 'luo-file',
    compatible: text(line, 'COMPATIBLE', 47),
    token: line.number('TOKEN'),
    data: line.number('DATA'),
  }),
  flb: (line) => ({
    kind: 'luo-flb',
    name: text(line, 'NAME', 47),
    data: line.number('DATA'),
    count: line.number('COUNT'),
  }),
};

function folioRun(line: LineReader): FolioRun {
  const at = line.position;
  const [pfn, count, order = 0n, index] = line.numbers('PFN:COUNT[:ORDER[:INDEX]]', 2, 4);
  if (order > 52n) throw line.error(at, 'ORDER is too large', 'at most 52');
  if (count! > 1n << 22n) throw line.error(at, 'too many folios', `at most ${1 << 22}`);
  if (pfn === 0n || pfn! % (1n << order) !== 0n)
    throw line.error(at, 'PFN is 0 or not a multiple of 2^ORDER');
  return { pfn: pfn!, count: Number(count), order: Number(order), ...(index === undefined ? {} : { index }) };
}

function text(line: LineReader, what: string, most: number): string {
  const at = line.position;
  const word = line.word(what);
  if (word.length > most) throw line.error(at, `${what} is too long`, `at most ${most} characters`);
  return word;
}
