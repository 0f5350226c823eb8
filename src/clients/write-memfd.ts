import { type ClientAbi, encodeStruct, type PlacedStruct } from '../abi/index.js';
import { hex, KhoError } from '../bytes/index.js';
import type { MemfdFile } from './formats.js';
import type { ClientMemory } from './host.js';

/**
 * Hands over a memfd: its structure in a folio, then the pages of the folio array, then each folio, then the array's
 * chunk list. Gives the address of the structure. Seals that the format has no field for are not handed over.
 *
 * Source: mm/memfd_luo.c, Linux 6.19 to 7.3.
 *
 * @throws KhoError `E_SCENARIO` for folios that cannot exist
 */
export function writeMemfd(memory: ClientMemory, abi: ClientAbi, file: MemfdFile): bigint {
  const { target, host } = memory;
  const folios = listFolios(file, target.pageShift);
  const entry = abi.struct('memfd_luo_folio_ser', target.pageShift);
  const main = abi.struct('memfd_luo_ser', target.pageShift);
  checkSeals(abi, file.seals);

  const address = memory.takePreserved();
  let descriptor = { first: 0n, total_pages: 0, flags: 0, order: 0 };
  if (folios.length > 0) {
    const area = memory.takeArea(folios.length * entry.size);
    const array = new Uint8Array(folios.length * entry.size);
    for (const [number, { pfn, order, index }] of folios.entries()) {
      memory.must(host.preserveFolio(pfn, order), 'preserving a folio');
      const values = { bits: { pfn, flags: abi.file.limits.folioFlags! }, index };
      array.set(encodeStruct(entry, values, target.byteOrder), number * entry.size);
    }
    const { first, totalPages, flags, order } = memory.preserveArea(area);
    descriptor = { first, total_pages: totalPages, flags, order };
    memory.writeArea(area, array);
  }
  const values = { pos: file.position, size: file.size, nr_folios: folios.length, folios: descriptor };
  const seals = hasField(main, 'seals') ? { seals: file.seals } : {};
  memory.write(address, encodeStruct(main, { ...values, ...seals }, target.byteOrder));
  return address;
}

function hasField(struct: PlacedStruct, name: string): boolean {
  return struct.fields.some((field) => field.name === name);
}

function checkSeals(abi: ClientAbi, seals: number): void {
  const known = abi.file.limits.seals;
  if (known === undefined || (seals & ~known) === 0) return;
  throw new KhoError('E_SCENARIO', 'unknown seals', { found: hex(seals), expected: `bits of ${hex(known)}` });
}

interface Folio {
  readonly pfn: number;
  readonly order: number;
  readonly index: bigint;
}

function listFolios({ folios }: MemfdFile, pageShift: number): Folio[] {
  const list: Folio[] = [];
  let next = 0n;
  for (const run of folios) {
    const pages = 1n << BigInt(run.order);
    const end = run.pfn + BigInt(run.count) * pages;
    // PFN 0 in an entry means that there is none.
    if (run.pfn === 0n || run.pfn % pages !== 0n || end > 1n << BigInt(64 - pageShift)) {
      throw new KhoError('E_SCENARIO', 'a folio of this order cannot be here', {
        found: `PFN ${hex(run.pfn)}, order ${run.order}`,
        expected: 'a multiple of 2^order that is not 0, below 64 address bits',
      });
    }
    const first = run.index ?? next;
    for (let number = 0n; number < BigInt(run.count); number++) {
      list.push({ pfn: Number(run.pfn + number * pages), order: run.order, index: first + number * pages });
    }
    next = first + BigInt(run.count) * pages;
  }
  return list;
}
