import { hex } from '../bytes/index.js';
import type { DecodedClient, KhoTestData, Located, LuoData, MemfdData } from '../clients/index.js';
import type { Handover } from './decode.js';
import { clientAreas } from './extract-areas.js';

/** What a fact is about. */
export type CompareArea =
  | 'version'
  | 'target'
  | 'addresses'
  | 'subtrees'
  | 'metadata'
  | 'regions'
  | 'self-test'
  | 'sessions'
  | 'files'
  | 'flbs'
  | 'vmalloc'
  | 'memory'
  | 'bytes';

/** One thing that a handover says, by the place where it says it. Places have names, not numbers, where things have names. */
export interface Fact {
  readonly area: CompareArea;
  readonly path: string;
  readonly value: string;
}

/** What to leave out of a comparison. */
export interface FactOptions {
  /** No physical address of any kind. */
  readonly ignoreAddresses: boolean;
  /** Nothing that only a dump tells: one of the two handovers is an FDT alone. */
  readonly fdtOnly: boolean;
}

/** All that a handover says, as facts that can be compared one by one. */
export function handoverFacts(handover: Handover, options: FactOptions): Fact[] {
  const facts = new Facts(options);
  const { abis, compatible, byteOrder, target, fdtAddress, mapAddress, subtrees, clients } = handover;
  facts.add('version', 'ABI', abis.map(({ id }) => id).join(' or '));
  facts.add('version', 'compatible', compatible.join(', '));
  facts.add('target', 'byte order', byteOrder);
  if (!options.fdtOnly && target !== undefined)
    facts.add('target', 'page size', `${2 ** target.pageShift} bytes`);
  if (!options.fdtOnly) facts.address('addresses', 'root FDT', fdtAddress);
  facts.address('addresses', 'map', mapAddress);
  for (const { name, address, size, preserved } of subtrees) {
    const path = facts.place('subtrees', name);
    facts.add('subtrees', path, 'registered');
    facts.add('subtrees', `${path} blob-size`, size?.toString());
    if (address === undefined) facts.add('subtrees', `${path} address`, 'none');
    else facts.address('subtrees', `${path} address`, address);
    if (!options.fdtOnly) facts.add('subtrees', `${path} preserved`, preserved?.toString());
  }
  if (!options.fdtOnly) for (const client of clients) clientFacts(facts, client);
  return facts.list;
}

/** Gathers facts; gives equal names numbers, so that places are unique. */
class Facts {
  readonly list: Fact[] = [];
  readonly #options: FactOptions;
  readonly #places = new Map<string, number>();

  constructor(options: FactOptions) {
    this.#options = options;
  }

  get ignoresAddresses(): boolean {
    return this.#options.ignoreAddresses;
  }

  add(area: CompareArea, path: string, value: string | undefined): void {
    if (value !== undefined) this.list.push({ area, path, value });
  }

  address(area: CompareArea, path: string, value: bigint | undefined): void {
    if (!this.#options.ignoreAddresses && value !== undefined) this.add(area, path, hex(value));
  }

  /** A place for something of that name: `name`, then `name#2`. */
  place(area: CompareArea, name: string): string {
    const key = `${area} ${name}`;
    const number = (this.#places.get(key) ?? 0) + 1;
    this.#places.set(key, number);
    return number === 1 ? name : `${name}#${number}`;
  }
}

function clientFacts(facts: Facts, client: DecodedClient): void {
  const { name, format, version, data } = client;
  facts.add('version', `${name} format`, format ?? 'unknown');
  facts.add('version', `${name} version`, version?.value);
  switch (data?.kind) {
    case 'kexec-metadata':
      facts.add('metadata', `${name} release`, data.previousRelease.value);
      facts.add('metadata', `${name} kexec count`, `${data.kexecCount.value}`);
      break;
    case 'memblock':
      for (const region of data.regions) {
        const path = facts.place('regions', region.name.value);
        facts.add('regions', `${path} compatible`, region.compatible?.value ?? 'none');
        facts.address('regions', `${path} start`, region.start?.value);
        facts.add('regions', `${path} size`, amount(region.size) ?? 'none');
      }
      break;
    case 'kho-test':
      khoTestFacts(facts, name, data);
      break;
    case 'luo':
      luoFacts(facts, name, data);
      break;
    default:
  }
  for (const area of clientAreas(client)) {
    const path = facts.place('vmalloc', area.path);
    const bytes = area.entries.reduce((sum, entry) => sum + entry.bytes, 0n);
    facts.add('vmalloc', `${path} chunks`, `${area.chunks.length}`);
    facts.add('vmalloc', `${path} entries`, `${area.entries.length}`);
    facts.add('vmalloc', `${path} bytes`, `${bytes}`);
    for (const [index, chunk] of area.chunks.entries())
      facts.address('vmalloc', `${path} chunk ${index}`, chunk);
    for (const [index, entry] of area.entries.entries())
      facts.address('vmalloc', `${path} entry ${index}`, entry.address);
  }
}

function khoTestFacts(facts: Facts, name: string, data: KhoTestData): void {
  const { magic, folioCount, form, checksum, folios } = data;
  facts.add('self-test', `${name} magic`, magic && hex(magic.value));
  facts.add('self-test', `${name} folios`, folioCount && `${folioCount.value}`);
  facts.add('self-test', `${name} list`, form);
  facts.add('self-test', `${name} checksum`, checksum && hex(checksum.value));
  for (const [index, { address, order }] of folios.entries()) {
    facts.add('self-test', `${name} folio ${index} order`, `${order}`);
    facts.address('self-test', `${name} folio ${index}`, address);
  }
}

function luoFacts(facts: Facts, name: string, data: LuoData): void {
  const { liveupdateNumber, sessionsAddress, flbsAddress, sessions, flbs } = data;
  facts.add('metadata', `${name} live update number`, amount(liveupdateNumber));
  facts.address('addresses', `${name} sessions`, sessionsAddress?.value);
  facts.address('addresses', `${name} FLBs`, flbsAddress?.value);
  for (const session of sessions) {
    const path = facts.place('sessions', session.name.value);
    facts.add('sessions', path, 'there');
    facts.add('sessions', `${path} count`, amount(session.count));
    facts.address('addresses', `session ${path} files`, session.filesAddress.value);
    for (const file of session.files) {
      const at = facts.place('files', `${path}/${hex(file.token.value)}`);
      facts.add('files', at, file.compatible.value);
      facts.address('files', `${at} data`, file.data.value);
      if (file.memfd !== undefined) memfdFacts(facts, at, file.memfd);
    }
  }
  for (const flb of flbs) {
    const path = facts.place('flbs', flb.name.value);
    facts.add('flbs', `${path} data`, hex(flb.data.value));
    facts.add('flbs', `${path} count`, amount(flb.count));
  }
}

function memfdFacts(facts: Facts, path: string, memfd: MemfdData): void {
  const { size, position, seals, flags, folioCount, folios, runs, omitted } = memfd;
  facts.add('files', `${path} size`, amount(size));
  facts.add('files', `${path} position`, amount(position));
  facts.add('files', `${path} seals`, seals && hex(seals.value));
  facts.add('files', `${path} flags`, flags && hex(flags.value));
  facts.add('files', `${path} folios`, amount(folioCount));
  facts.add('vmalloc', `${path} flags and order`, `${hex(folios.flags)}, ${folios.order}`);
  facts.add('vmalloc', `${path} pages`, `${folios.totalPages}`);
  // Where a run ends depends on where its folios lie.
  if (facts.ignoresAddresses) return;
  for (const { index, pfn, count, stride, flags: of } of runs)
    facts.add(
      'files',
      `${path} page ${index}`,
      `pfn ${hex(pfn)} x ${count} every ${stride}, flags ${hex(of)}`,
    );
  if (omitted > 0) facts.add('files', `${path} folios that are not listed`, `${omitted}`);
}

function amount(located: Located<bigint | number> | undefined): string | undefined {
  return located === undefined ? undefined : `${located.value}`;
}
