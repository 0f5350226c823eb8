import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { targetName } from '../abi/index.js';
import { KhoError, readWholeFile } from '../bytes/index.js';
import type { CellFiles } from './cell.js';
import type { Cell } from './corpus.js';
import type { Tally } from './tally.js';

/** One scenario as the kernel's own C code left it. */
const recordSchema = z.discriminatedUnion('terminated', [
  z.strictObject({ scenario: z.string(), terminated: z.literal(false) }),
  z.strictObject({
    scenario: z.string(),
    terminated: z.literal(true),
    fdt: z.base64().optional(),
    pagesGzip: z.base64(),
    index: z.string(),
    walk: z.string(),
    log: z.string(),
    vmalloc: z.string().optional(),
  }),
]);

type KernelRecord = z.infer<typeof recordSchema>;

/** Largest unpacked bundle. */
const LIMIT = 64 * 1024 * 1024;

/** Kernel-code records of a golden folder, loaded as they are asked for. */
export class KernelCode {
  readonly #folder: string;
  readonly #loaded = new Map<string, Map<string, KernelRecord>>();

  constructor(folder: string) {
    this.#folder = join(folder, 'kernel-code');
  }

  record(cell: Cell): KernelRecord | undefined {
    const key = `${cell.target.abi.id}/${targetName(cell.target)}`;
    let records = this.#loaded.get(key);
    if (records === undefined) {
      records = this.#load(join(this.#folder, `${key}.jsonl.gz`));
      this.#loaded.set(key, records);
    }
    return records.get(cell.name);
  }

  #load(path: string): Map<string, KernelRecord> {
    if (!existsSync(path)) return new Map();
    try {
      const text = gunzipSync(readWholeFile(path), { maxOutputLength: LIMIT }).toString('utf8');
      const records = text
        .trimEnd()
        .split('\n')
        .map((line) => recordSchema.parse(JSON.parse(line)));
      return new Map(records.map((record) => [record.scenario, record]));
    } catch (error) {
      if (error instanceof KhoError) throw error;
      throw new KhoError('E_GOLDEN', 'unreadable kernel-code bundle', { source: path, cause: error });
    }
  }
}

/**
 * Compares a cell with what the kernel's code left: FDT, every arena page (bytes of the FDT page past totalsize are left out),
 * walk, results, chunk lists. Gives the names of the golden files that it confirms.
 */
export function compareWithKernel(cell: Cell, made: CellFiles, record: KernelRecord, tally: Tally): string[] {
  const path = cell.path;
  if (made.handover === undefined) {
    // The encoder refused: the kernel must have hung, be known to hang, or have written a key that is no block.
    const corrupt =
      !record.terminated ||
      record.log.includes('would loop forever') ||
      record.walk.split('\n').some((line) => isNoBlock(cell, line));
    const ok = tally.check(
      path,
      'kernel code: refusal is justified',
      corrupt,
      () => 'the kernel code did this without harm',
    );
    return ok ? ['refused.txt'] : [];
  }
  if (!record.terminated) {
    tally.check(
      path,
      'kernel code: termination',
      false,
      () => 'the kernel code never ended, the encoder should refuse',
    );
    return [];
  }
  const confirmed: string[] = [];
  const fdt = Buffer.from(record.fdt ?? '', 'base64');
  if (tally.bytes(path, 'kernel code: root FDT', made.handover.fdt, fdt)) confirmed.push('handover.dtb');
  if (comparePages(cell, made, record, fdt.length, tally)) confirmed.push('memory.hexdump');
  const text = (name: string): string => Buffer.from(made.files.get(name) ?? []).toString('utf8');
  if (tally.text(path, 'kernel code: walk', text('walk.txt'), record.walk)) confirmed.push('walk.txt');
  const results = tally.text(path, 'kernel code: results', resultsOf(text('log.txt')), resultsOf(record.log));
  if (results) confirmed.push('log.txt');
  // The oracle also lists areas that were refused; golden files do not.
  const areas = (record.vmalloc ?? '').replace(/^vmalloc \d+ failed_or_removed.*\n/gm, '');
  if (tally.text(path, 'kernel code: vmalloc', text('vmalloc.txt'), areas) && areas !== '')
    confirmed.push('vmalloc.txt');
  return confirmed;
}

function comparePages(
  cell: Cell,
  made: CellFiles,
  record: KernelRecord & { terminated: true },
  totalsize: number,
  tally: Tally,
): boolean {
  const { store, fdtAddress } = made.handover!.producer;
  const pages = gunzipSync(Buffer.from(record.pagesGzip, 'base64'), { maxOutputLength: LIMIT });
  const states = record.index
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => line.split(' '));
  let same = tally.check(
    cell.path,
    'kernel code: number of pages',
    store.pages === states.length,
    () => `found ${store.pages}, expected ${states.length}`,
  );
  for (const [index, phys, state] of states.map(([a, b, c]) => [Number(a), BigInt(b!), c] as const)) {
    if (state === 'hole' || index >= store.pages) continue;
    const size = phys === fdtAddress ? totalsize : store.pageSize;
    const expected = pages.subarray(index * store.pageSize, index * store.pageSize + size);
    const equal =
      store.address(index) === phys &&
      tally.bytes(cell.path, `kernel code: page ${index}`, store.page(index).subarray(0, size), expected);
    same &&= equal;
  }
  return same;
}

/**
 * Line numbers, results and warnings of a log: the words differ between the oracle and our golden files. The oracle gives finalize
 * no line number, so its result counts without one.
 */
function resultsOf(log: string): string {
  const out: string[] = [];
  let warned = false;
  for (const line of log.split('\n')) {
    if (line.startsWith('WARN')) warned = true;
    const finalize = /^(?:\d+ )?finalize -> (-?\d+)/.exec(line)?.[1];
    if (finalize !== undefined) {
      out.push(`finalize ${finalize}`);
      continue;
    }
    const [, number, result, warning] = /^(\d+) .* -> (-?\d+)( \(warning.*)?$/.exec(line) ?? [];
    if (number === undefined) continue;
    out.push(`${number} ${result}${warned || warning !== undefined ? ' warned' : ''}`);
    warned = false;
  }
  return out.join('\n');
}

/** Whether a walk line has an order that no block can have. */
function isNoBlock(cell: Cell, line: string): boolean {
  const order = Number(line.split(' ')[1]);
  return line !== '' && (order < 0 || order >= 64 - cell.target.pageShift);
}
