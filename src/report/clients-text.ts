import { hex } from '../bytes/index.js';
import type {
  ClientProblem,
  DecodedClient,
  KhoTestData,
  Located,
  LuoData,
  LuoFile,
  MemblockData,
  MemfdData,
  MetadataData,
} from '../clients/index.js';
import { clientAreas } from '../handover/index.js';
import { cut, type TreeItem } from './inspect-tree.js';
import { columns, grouped, humanBytes, safe, style } from './style.js';

/** Entries of one list shown at most, and runs of one memfd. */
const SHOWN = 16;
const RUNS = 4;

/** Columns of a name from a blob at most; names of 64 hostile bytes take four times that. */
const NAME = 48;

/** What a client handed over, every value with the address at which it stands; then its vmalloc areas and what is wrong. */
export function clientItems(client: DecodedClient): TreeItem[] {
  return [...dataItems(client), ...areaItems(client), ...some(client.problems, problemItem)];
}

/** `luo-v5 ('luo-v5')`: format and version of a client. */
export function clientFormat({ format, component, version }: DecodedClient): string {
  const said = version === undefined ? '' : ` ('${text(version)}')`;
  return `${format ?? component ?? 'unknown client'}${said}`;
}

function dataItems({ data }: DecodedClient): TreeItem[] {
  switch (data?.kind) {
    case 'kexec-metadata':
      return metadataItems(data);
    case 'memblock':
      return memblockItems(data);
    case 'kho-test':
      return khoTestItems(data);
    case 'luo':
      return luoItems(data);
    default:
      return [];
  }
}

function metadataItems({ previousRelease, kexecCount }: MetadataData): TreeItem[] {
  return [{ text: `release '${text(previousRelease)}', kexec count ${show(kexecCount)}` }];
}

function memblockItems({ regions }: MemblockData): TreeItem[] {
  return some(regions, ({ name, start, size }) => ({
    text: `region '${text(name)}'  ${start === undefined ? 'no start' : show(start)}  ${size === undefined ? 'no size' : `${humanBytes(size.value)} ${where(size.address)}`}`,
  }));
}

function khoTestItems({ folioCount, form, folios, checksum, status }: KhoTestData): TreeItem[] {
  return [
    {
      text: `${folioCount === undefined ? 'unknown number of' : grouped(folioCount.value)} folios, list ${form ?? 'of unknown form'}, checksum ${checksum === undefined ? 'missing' : show(checksum)}: ${status}`,
      lines: list(folios, ({ address, order, at }) => `folio ${hex(address)} order ${order} ${where(at)}`),
    },
  ];
}

function luoItems({ liveupdateNumber, sessions, flbs }: LuoData): TreeItem[] {
  return [
    {
      text: `live update number ${liveupdateNumber === undefined ? 'unknown' : show(liveupdateNumber, decimal)}, ${grouped(sessions.length)} sessions, ${grouped(flbs.length)} FLBs`,
    },
    ...some(sessions, ({ name, count, files }) => ({
      text: `session '${text(name)}'  ${where(name.address)}  ${show(count, decimal)} files`,
      children: some(files, fileItem),
    })),
    ...some(flbs, ({ name, data, count }) => ({
      text: `FLB '${text(name)}'  ${where(name.address)}  data ${show(data)}, count ${show(count, decimal)}`,
    })),
  ];
}

function fileItem({ compatible, token, data, memfd }: LuoFile): TreeItem {
  return {
    text: `file '${text(compatible)}'  token ${show(token)}  data ${show(data)}`,
    lines: memfd === undefined ? [] : memfdLines(memfd),
  };
}

function memfdLines({ size, position, seals, folioCount, folios, runs, omitted }: MemfdData): string[] {
  const seal = seals === undefined ? '' : `, seals ${sealNames(seals.value)} ${where(seals.address)}`;
  return [
    `size ${show(size, decimal)}, position ${show(position, decimal)}${seal}`,
    `${show(folioCount, decimal)} folios, array of ${grouped(folios.totalPages)} pages from chunk ${hex(folios.first)}`,
    ...list(
      runs,
      ({ pfn, index, count, stride, flags }) =>
        `  pfn ${hex(pfn)} x ${grouped(count)}${stride === 1 ? '' : `, ${stride} pages apart`}, from page ${index} of the file${flagNames(flags)}`,
      RUNS,
    ),
    ...(omitted === 0 ? [] : [`  (${grouped(omitted)} folios more)`]),
  ];
}

/** The vmalloc areas that a client holds. */
function areaItems(client: DecodedClient): TreeItem[] {
  const areas = clientAreas(client);
  if (areas.length === 0) return [];
  const rows = areas.slice(0, SHOWN).map(({ path, chunks, entries }) => {
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0n);
    return [
      cut(safe(path), NAME),
      `${grouped(chunks.length)} ${chunks.length === 1 ? 'chunk' : 'chunks'} from ${hex(chunks[0] ?? 0n)}`,
      `${grouped(entries.length)} ${entries.length === 1 ? 'entry' : 'entries'}`,
      humanBytes(bytes),
    ];
  });
  const more = areas.length > SHOWN ? [`(${grouped(areas.length - SHOWN)} more)`] : [];
  return [{ text: `vmalloc areas (${grouped(areas.length)})`, lines: [...columns(rows), ...more] }];
}

function problemItem({ kind, path, text: said, receiver, erratum }: ClientProblem): TreeItem {
  const outcome = receiver === undefined ? '' : `; a receiving kernel: ${receiver.outcome}`;
  const because = erratum === undefined ? '' : ` (erratum ${erratum})`;
  return { text: `${style.note(kind)}: ${safe(path)}: ${safe(said)}${outcome}${because}` };
}

/** Bits of seals by their names (F_SEAL_*). */
function sealNames(seals: number): string {
  const names = ['SEAL', 'SHRINK', 'GROW', 'WRITE', 'FUTURE_WRITE', 'EXEC'];
  const set = names.filter((_, bit) => (seals & (1 << bit)) !== 0);
  return set.length === 0 ? hex(seals) : `${hex(seals)} (${set.join(' ')})`;
}

function flagNames(flags: number): string {
  const set = ['dirty', 'uptodate'].filter((_, bit) => (flags & (1 << bit)) !== 0);
  return set.length === 0 ? '' : ` (${set.join(', ')})`;
}

function text({ value }: Located<string>): string {
  return cut(safe(value), NAME);
}

/** A value and where it stands. */
function show<Value extends number | bigint>(
  { value, address }: Located<Value>,
  form: (value: Value) => string = (shown) => hex(shown),
): string {
  return `${form(value)} ${where(address)}`;
}

function decimal(value: number | bigint): string {
  return grouped(value);
}

function where(address: bigint): string {
  return style.dim(`@${hex(address)}`);
}

/** Items of the first entries, and how many are left out. */
function some<Entry>(entries: readonly Entry[], item: (entry: Entry) => TreeItem): TreeItem[] {
  const shown = entries.slice(0, SHOWN).map(item);
  return entries.length > SHOWN ? [...shown, { text: `(${grouped(entries.length - SHOWN)} more)` }] : shown;
}

function list<Entry>(entries: readonly Entry[], line: (entry: Entry) => string, most = SHOWN): string[] {
  const shown = entries.slice(0, most).map(line);
  return entries.length > most ? [...shown, `  (${grouped(entries.length - most)} more)`] : shown;
}
