import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KhoError } from '../bytes/index.js';
import type { PlacedStruct } from './layout.js';
import type { AbiFile, Erratum, VmallocRules } from './schema.js';
import { StructTable } from './struct-table.js';
import { type PageShift, pageSizeName } from './target.js';

/**
 * The ABI files as the build compiled them: checked against schema and formulas, then written as JSON. Reading that is quick and
 * needs neither a YAML parser nor a schema library. The path is the same from source and from the built package.
 */
const COMPILED = fileURLToPath(new URL('../../dist/abi/abis.json', import.meta.url));

/** A loaded, checked ABI. Code asks it for the property it needs and never looks at its name. */
export class Abi {
  readonly file: AbiFile;
  readonly #structs: StructTable;

  constructor(file: AbiFile) {
    this.file = file;
    this.#structs = new StructTable(file.id, file.structs);
  }

  get id(): string {
    return this.file.id;
  }

  get compatible(): string {
    return this.file.compatible;
  }

  /** A structure of this ABI, placed for a page size. */
  struct(name: string, pageShift: PageShift): PlacedStruct {
    return this.#structs.get(name, pageShift);
  }

  /** Rules of preserved vmalloc areas. @throws KhoError `E_USAGE` for an ABI that has none */
  get vmalloc(): VmallocRules {
    if (this.file.vmalloc !== undefined) return this.file.vmalloc;
    throw new KhoError('E_USAGE', 'this ABI cannot preserve vmalloc areas', { found: this.id });
  }

  /** Known defects that apply to a page size. */
  errata(pageShift: PageShift): Erratum[] {
    const name = pageSizeName(pageShift);
    return this.file.errata.filter(({ when }) => when === undefined || when.pageSize === name);
  }

  erratum(id: string): Erratum | undefined {
    return this.file.errata.find((candidate) => candidate.id === id);
  }
}

let loaded: readonly Abi[] | undefined;

/** All ABIs, oldest first. */
export function allAbis(): readonly Abi[] {
  loaded ??= (JSON.parse(readFileSync(COMPILED, 'utf8')) as AbiFile[]).map((file) => new Abi(file));
  return loaded;
}

/** The ABI with an id. @throws KhoError `E_USAGE` that lists the known ids. */
export function getAbi(id: string): Abi {
  const found = allAbis().find((abi) => abi.id === id);
  if (found !== undefined) return found;
  const known = allAbis().map((abi) => abi.id);
  throw new KhoError('E_USAGE', 'unknown ABI', { found: id, expected: known.join(', ') });
}

/** ABIs that write a compatible string; more than one when a format changed without a new string. */
export function abisByCompatible(compatible: string): Abi[] {
  return allAbis().filter((abi) => abi.compatible === compatible);
}
