import type { DecodedClient } from '../clients/index.js';

/** A vmalloc area that a client holds: the chunks that list it and the runs of pages in the order of the mapping. */
export interface ClientArea {
  /** Whose it is, from the subtree's name on: `/kho_test/data/folios_info`. */
  readonly path: string;
  readonly chunks: readonly bigint[];
  /** Physical address and bytes of each entry. */
  readonly entries: readonly { readonly address: bigint; readonly bytes: bigint }[];
}

/** The vmalloc areas of a client, in the order in which it was read. */
export function clientAreas(client: DecodedClient): ClientArea[] {
  const areas = new Map<
    string,
    { path: string; chunks: bigint[]; entries: ClientArea['entries'][number][] }
  >();
  for (const { what, path, address, bytes } of client.references) {
    if (what !== 'vmalloc chunk' && what !== 'vmalloc pages') continue;
    let area = areas.get(path);
    if (area === undefined) {
      area = { path, chunks: [], entries: [] };
      areas.set(path, area);
    }
    if (what === 'vmalloc chunk') area.chunks.push(address);
    else area.entries.push({ address, bytes });
  }
  return [...areas.values()];
}
