import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { targetName } from '../abi/index.js';
import { fromHex, KhoError, readWholeFile } from '../bytes/index.js';
import type { CellFiles } from './cell.js';
import type { Cell } from './corpus.js';
import type { Tally } from './tally.js';

const indexSchema = z.array(
  z.strictObject({
    file: z.string().regex(/^[a-z0-9./-]+$/),
    form: z.enum(['text', 'hex']),
    abi: z.string(),
    target: z.string(),
    scenario: z.string(),
    golden: z.string(),
  }),
);

/** Hand-worked files and the cells that they speak about. */
export class Documented {
  readonly #folder: string;
  readonly #entries: z.infer<typeof indexSchema>;

  /** @throws KhoError `E_GOLDEN` when the index is damaged */
  constructor(folder: string) {
    this.#folder = join(folder, 'documented');
    const path = join(this.#folder, 'index.yaml');
    if (!existsSync(path)) {
      this.#entries = [];
      return;
    }
    const result = indexSchema.safeParse(parse(Buffer.from(readWholeFile(path)).toString('utf8')));
    if (!result.success) throw new KhoError('E_GOLDEN', result.error.issues[0]!.message, { source: path });
    this.#entries = result.data;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Compares a cell with the hand-worked files about it; gives the golden files that they confirm. */
  compare(cell: Cell, made: CellFiles, tally: Tally): string[] {
    const confirmed: string[] = [];
    for (const entry of this.#entries) {
      if (entry.abi !== cell.target.abi.id || entry.target !== targetName(cell.target)) continue;
      if (entry.scenario !== cell.name) continue;
      const raw = Buffer.from(readWholeFile(join(this.#folder, entry.file)));
      const expected = entry.form === 'hex' ? hexRows(raw.toString('utf8'), entry.file) : raw;
      const found = made.files.get(entry.golden) ?? new Uint8Array();
      if (tally.bytes(cell.path, `documented: ${entry.file}`, found, expected)) confirmed.push(entry.golden);
    }
    return confirmed;
  }
}

/** Rows of an offset and hex bytes. */
function hexRows(text: string, source: string): Uint8Array {
  const rows = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/));
  const bytes = fromHex(rows.map((row) => row.slice(1).join('')).join(''));
  for (const [index, row] of rows.entries()) {
    if (Number.parseInt(row[0]!, 16) !== 16 * index)
      throw new KhoError('E_GOLDEN', 'offset out of step', { source, line: index + 1 });
  }
  return bytes;
}
