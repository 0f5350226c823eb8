import { KhoError } from '../bytes/index.js';
import { type PlacedStruct, placeStruct } from './layout.js';
import type { StructLayout } from './struct-schema.js';
import type { PageShift } from './target.js';

/** The structures of one file, placed for a page size when they are first asked for. */
export class StructTable {
  readonly #source: string;
  readonly #layouts: Readonly<Record<string, StructLayout>>;
  readonly #placed = new Map<string, PlacedStruct>();

  /** @param source id of the file, for messages */
  constructor(source: string, layouts: Readonly<Record<string, StructLayout>>) {
    this.#source = source;
    this.#layouts = layouts;
  }

  /** @throws KhoError `E_ABI_FILE` for a name that the file does not have */
  get(name: string, pageShift: PageShift): PlacedStruct {
    const key = `${name}/${pageShift}`;
    let placed = this.#placed.get(key);
    if (placed === undefined) {
      const layout = this.#layouts[name];
      if (layout === undefined)
        throw new KhoError('E_ABI_FILE', `no structure ${name}`, { source: this.#source });
      placed = placeStruct(name, layout, 2 ** pageShift, this.#layouts);
      this.#placed.set(key, placed);
    }
    return placed;
  }
}
