import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KhoError } from '../bytes/index.js';
import type { ClientAbiFile, ClientComponent, ClientFdtNode, ClientReceiverRow } from './client-schema.js';
import type { PlacedStruct } from './layout.js';
import { StructTable } from './struct-table.js';
import { type PageShift, pageSizeName } from './target.js';

/** The client files as the build compiled them; see registry.ts. */
const COMPILED = fileURLToPath(new URL('../../dist/abi/clients.json', import.meta.url));

/** A loaded, checked format of one client. Code asks it for the property it needs and never looks at its name. */
export class ClientAbi {
  readonly file: ClientAbiFile;
  readonly #structs: StructTable;

  constructor(file: ClientAbiFile) {
    this.file = file;
    this.#structs = new StructTable(file.id, file.structs);
  }

  get id(): string {
    return this.file.id;
  }

  get component(): ClientComponent {
    return this.file.component;
  }

  /** A structure of this format, placed for a page size. */
  struct(name: string, pageShift: PageShift): PlacedStruct {
    return this.#structs.get(name, pageShift);
  }

  /** How many entries a container holds, and how many pages it has. */
  capacity(name: string, pageShift: PageShift): { entries: number; pages: number } {
    const found = this.file.capacities[name];
    if (found === undefined) throw new KhoError('E_ABI_FILE', `no capacity ${name}`, { source: this.id });
    return { entries: found[pageSizeName(pageShift)], pages: found.pages };
  }

  /** What a receiving kernel does under a condition, by the row's id. */
  receiver(id: string): ClientReceiverRow {
    const found = this.file.receiver.find((row) => row.id === id);
    if (found === undefined) throw new KhoError('E_ABI_FILE', `no receiver row ${id}`, { source: this.id });
    return found;
  }

  /** A node of the format's device tree. */
  node(path: string): ClientFdtNode {
    const found = this.file.fdt?.nodes.find((node) => node.path === path);
    if (found === undefined) throw new KhoError('E_ABI_FILE', `no node ${path}`, { source: this.id });
    return found;
  }
}

let loaded: readonly ClientAbi[] | undefined;

/** All client formats, by component, oldest first. */
export function allClientAbis(): readonly ClientAbi[] {
  loaded ??= (JSON.parse(readFileSync(COMPILED, 'utf8')) as ClientAbiFile[]).map(
    (file) => new ClientAbi(file),
  );
  return loaded;
}

/** The client format with an id. @throws KhoError `E_USAGE` that lists the known ids. */
export function getClientAbi(id: string): ClientAbi {
  const found = allClientAbis().find((abi) => abi.id === id);
  if (found !== undefined) return found;
  const known = allClientAbis().map((abi) => abi.id);
  throw new KhoError('E_USAGE', 'unknown client format', { found: id, expected: known.join(', ') });
}

/** Formats of a component, oldest first; with a version only those that carry it (more than one where it was not bumped). */
export function clientAbisOf(component: ClientComponent, version?: string | number): ClientAbi[] {
  return allClientAbis().filter(
    (abi) => abi.component === component && (version === undefined || abi.file.version.value === version),
  );
}
