import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { KhoError } from '../bytes/index.js';
import { type PlacedStruct, placeStruct } from './layout.js';
import { type AbiFile, abiSchema, type Erratum, PAGE_SIZE_NAMES } from './schema.js';
import { type PageShift, pageSizeName } from './target.js';
import { verifyNumbers } from './verify.js';

/** The folder of ABI files, the same from source and from the built package. */
const ABI_FOLDER = fileURLToPath(new URL('../../abi/', import.meta.url));

/** A loaded, checked ABI. Code asks it for the property it needs and never looks at its name. */
export class Abi {
  readonly file: AbiFile;
  readonly #structs = new Map<string, PlacedStruct>();

  constructor(file: AbiFile) {
    this.file = file;
  }

  get id(): string {
    return this.file.id;
  }

  get compatible(): string {
    return this.file.compatible;
  }

  /** A structure of this ABI, placed for a page size. */
  struct(name: string, pageShift: PageShift): PlacedStruct {
    const key = `${name}/${pageShift}`;
    let placed = this.#structs.get(key);
    if (placed === undefined) {
      const layout = this.file.structs[name];
      if (layout === undefined) throw new KhoError('E_ABI_FILE', `no structure ${name}`, { source: this.id });
      placed = placeStruct(name, layout, 2 ** pageShift);
      this.#structs.set(key, placed);
    }
    return placed;
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

/** All ABIs, oldest first. Files are read and checked once. */
export function allAbis(): readonly Abi[] {
  loaded ??= readdirSync(ABI_FOLDER)
    .filter((name) => name.startsWith('kho-') && name.endsWith('.yaml'))
    .sort()
    .map((name) => parseAbi(readFileSync(`${ABI_FOLDER}${name}`, 'utf8'), `abi/${name}`));
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

/** Parses and checks one ABI file. @throws KhoError `E_ABI_FILE` with the path of the first thing that is wrong. */
export function parseAbi(text: string, source: string): Abi {
  let data: unknown;
  try {
    data = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new KhoError('E_ABI_FILE', 'not YAML', {
      source,
      hint: (error as Error).message.split('\n')[0]!,
      cause: error,
    });
  }
  const result = abiSchema.safeParse(data);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new KhoError('E_ABI_FILE', issue.message, { source, path: issue.path.join('.') });
  }
  const abi = new Abi(result.data);
  try {
    for (const name of Object.keys(result.data.structs)) {
      for (const shift of [12, 14, 16] as const) abi.struct(name, shift);
    }
    for (const size of PAGE_SIZE_NAMES) verifyNumbers(result.data, size);
  } catch (error) {
    throw error instanceof KhoError ? error.at({ source }) : error;
  }
  return abi;
}
