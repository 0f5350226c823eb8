import { hex } from '../bytes/index.js';
import type {
  DecodedClient,
  KhoTestData,
  Located,
  LuoData,
  LuoFile,
  MemblockData,
  MemfdData,
  MetadataData,
} from '../clients/index.js';
import { grouped, humanBytes, safe, style } from './style.js';

/** Entries of one list printed at most. */
const SHOWN = 16;

/** Clients as a tree of text, every value with the address at which it stands. */
export function clientLines(clients: readonly DecodedClient[]): string[] {
  return clients.flatMap((client) => [
    `  ${style.title(safe(client.name))}  ${client.format ?? client.component ?? 'unknown client'}${version(client)}  ${where(client.address)}`,
    ...dataLines(client).map((line) => `    ${line}`),
    ...cut(client.problems, (problem) => [
      `    ${style.note(problem.kind)}: ${safe(problem.path)}: ${safe(problem.text)}` +
        (problem.receiver === undefined ? '' : `; a receiving kernel: ${problem.receiver.outcome}`) +
        (problem.erratum === undefined ? '' : ` (erratum ${problem.erratum})`),
    ]),
  ]);
}

function dataLines({ data }: DecodedClient): string[] {
  switch (data?.kind) {
    case 'kexec-metadata':
      return metadataLines(data);
    case 'memblock':
      return memblockLines(data);
    case 'kho-test':
      return khoTestLines(data);
    case 'luo':
      return luoLines(data);
    default:
      return [];
  }
}

function metadataLines({ previousRelease, kexecCount }: MetadataData): string[] {
  return [`release '${text(previousRelease)}', kexec count ${show(kexecCount)}`];
}

function memblockLines({ regions }: MemblockData): string[] {
  return cut(regions, ({ name, start, size }) => [
    `region '${text(name)}'  ${start === undefined ? 'no start' : show(start)}  ${size === undefined ? 'no size' : `${humanBytes(size.value)} ${where(size.address)}`}`,
  ]);
}

function khoTestLines({ folioCount, form, folios, checksum, status }: KhoTestData): string[] {
  return [
    `${folioCount === undefined ? 'unknown number of' : grouped(folioCount.value)} folios, list ${form ?? 'of unknown form'}, checksum ${checksum === undefined ? 'missing' : show(checksum)}: ${status}`,
    ...cut(folios, ({ address, order, at }) => [`  folio ${hex(address)} order ${order} ${where(at)}`]),
  ];
}

function luoLines({ liveupdateNumber, sessions, flbs }: LuoData): string[] {
  const lines = [
    `live update number ${liveupdateNumber === undefined ? 'unknown' : show(liveupdateNumber, decimal)}, ${grouped(sessions.length)} sessions, ${grouped(flbs.length)} FLBs`,
  ];
  lines.push(
    ...cut(sessions, ({ name, count, files }) => [
      `session '${text(name)}'  ${where(name.address)}  ${show(count, decimal)} files`,
      ...cut(files, (file) => fileLines(file).map((line) => `  ${line}`)),
    ]),
  );
  lines.push(
    ...cut(flbs, ({ name, data, count }) => [
      `FLB '${text(name)}'  ${where(name.address)}  data ${show(data)}, count ${show(count, decimal)}`,
    ]),
  );
  return lines;
}

function fileLines({ compatible, token, data, memfd }: LuoFile): string[] {
  const head = `file '${text(compatible)}'  token ${show(token)}  data ${show(data)}`;
  return memfd === undefined ? [head] : [head, ...memfdLines(memfd).map((line) => `  ${line}`)];
}

function memfdLines({ size, position, seals, folioCount, folios, runs, omitted }: MemfdData): string[] {
  const seal = seals === undefined ? '' : `, seals ${sealNames(seals.value)} ${where(seals.address)}`;
  return [
    `size ${show(size, decimal)}, position ${show(position, decimal)}${seal}`,
    `${show(folioCount, decimal)} folios, array of ${grouped(folios.totalPages)} pages from chunk ${hex(folios.first)}`,
    ...cut(runs, ({ pfn, index, count, stride, flags }) => [
      `  pfn ${hex(pfn)} x ${grouped(count)}${stride === 1 ? '' : `, ${stride} pages apart`}, from page ${index} of the file${flagNames(flags)}`,
    ]),
    ...(omitted === 0 ? [] : [`  (${grouped(omitted)} folios more)`]),
  ];
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

function version({ version: said }: DecodedClient): string {
  return said === undefined ? '' : ` ('${text(said)}')`;
}

function text({ value }: Located<string>): string {
  return safe(value);
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

/** Lines of the first items, and how many are left out. */
function cut<Item>(items: readonly Item[], lines: (item: Item) => string[]): string[] {
  const shown = items.slice(0, SHOWN).flatMap(lines);
  return items.length > SHOWN ? [...shown, `(${grouped(items.length - SHOWN)} more)`] : shown;
}
