import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { targetName } from '../abi/index.js';
import { KhoError, readWholeFile, sha256 } from '../bytes/index.js';
import { toolVersion } from '../fdt/index.js';
import { type CellFiles, encodeCell } from './cell.js';
import { checkDecode, checkElf, DtcRoundTrip } from './cell-checks.js';
import { type Cell, type CellFilter, cellsOf, GOLDEN_FOLDER } from './corpus.js';
import { Documented } from './documented.js';
import { compareWithKernel, KernelCode } from './kernel-code.js';
import { foreignEntry, listFiles, type Manifest, readManifest, readWitnessRecord } from './manifest.js';
import { PROVENANCE, type Provenance } from './provenance.js';
import { Tally } from './tally.js';

/** Work on several cells at once: most of the time goes to waiting for dtc. */
const PARALLEL = 4;

/** Result of one ABI and target. */
export interface TargetResult {
  readonly abi: string;
  readonly target: string;
  cells: number;
  readonly tally: Tally;
  /** Golden files by the strongest thing that stands behind them. */
  readonly provenance: Map<Provenance, number>;
}

/** Result of a whole check. */
export interface VerifyResult {
  readonly dtcVersion: string;
  readonly targets: readonly TargetResult[];
  /** Manifest, stray and missing files. */
  readonly files: Tally;
  readonly cells: number;
  readonly comparisons: number;
  readonly differences: number;
}

/** What to check, and whom to tell. */
export interface VerifyOptions extends CellFilter {
  readonly folder?: string;
  /** Called after each cell. */
  readonly progress?: (done: number, total: number, path: string) => void;
  /** Called when an ABI and target is finished. */
  readonly finished?: (result: TargetResult) => void;
}

/**
 * The main job: encodes every cell, compares it with its golden files, sends its FDT through dtc and back, decodes it again,
 * compares it with every other source there is (kernel code, C witness, hand-worked files), then checks the manifest.
 *
 * @throws KhoError `E_TOOL_MISSING` when dtc is not installed, `E_GOLDEN` when the folder cannot be read
 */
export async function verifyGolden(options: VerifyOptions = {}): Promise<VerifyResult> {
  const folder = options.folder ?? GOLDEN_FOLDER;
  const dtcVersion = await toolVersion('dtc');
  await toolVersion('fdtget');
  const manifest = readManifest(folder);
  const sources = new Sources(folder, manifest);
  const cells = cellsOf(folder, options);
  const results = new Map<string, TargetResult & { left: number }>();
  for (const cell of cells) {
    const key = keyOf(cell);
    const [abi, target] = key.split('/') as [string, string];
    const result = results.get(key) ?? {
      abi,
      target,
      cells: 0,
      left: 0,
      tally: new Tally(),
      provenance: new Map(),
    };
    result.left++;
    results.set(key, result);
  }
  await sources.sendToDtc(cells, options.progress);
  let done = 0;
  await inParallel(cells, async (cell) => {
    const result = results.get(keyOf(cell))!;
    result.tally.add(await sources.checkCell(cell, result.provenance));
    result.cells++;
    options.progress?.(++done, cells.length, cell.path);
    if (--result.left === 0) options.finished?.(result);
  });
  const files = checkFiles(folder, manifest, cells, options);
  const targets = [...results.values()];
  const sum = (pick: (tally: Tally) => number): number =>
    targets.reduce((total, { tally }) => total + pick(tally), pick(files));
  return {
    dtcVersion,
    targets,
    files,
    cells: cells.length,
    comparisons: sum((tally) => tally.comparisons),
    differences: sum((tally) => tally.differences.length),
  };
}

/** Everything that a cell is compared with. */
export class Sources {
  readonly #folder: string;
  readonly #manifest: Manifest | undefined;
  readonly #kernel: KernelCode;
  readonly #documented: Documented;
  readonly #witness: ReadonlyMap<string, string>;
  readonly #dtc = new DtcRoundTrip();

  constructor(folder: string, manifest?: Manifest) {
    this.#folder = folder;
    this.#manifest = manifest;
    this.#kernel = new KernelCode(folder);
    this.#documented = new Documented(folder);
    this.#witness = readWitnessRecord(folder);
  }

  /**
   * Sends the golden blobs to dtc before the memory images are made: starting a process costs the more the larger this one is.
   * Blobs that cannot be read are left to the comparison of their cell.
   */
  async sendToDtc(cells: readonly Cell[], progress?: VerifyOptions['progress']): Promise<void> {
    let done = 0;
    await inParallel(cells, async (cell) => {
      const path = join(this.#folder, cell.path, 'handover.dtb');
      if (existsSync(path)) await this.#dtc.send(readWholeFile(path)).catch(() => {});
      progress?.(++done, cells.length, `dtc ${cell.path}`);
    });
  }

  /** Runs every comparison of one cell and counts its files by provenance. */
  async checkCell(cell: Cell, counts: Map<Provenance, number>): Promise<Tally> {
    const tally = new Tally();
    const made = encodeCell(cell);
    const golden = readCell(this.#folder, cell);
    for (const name of new Set([...made.files.keys(), ...golden.keys()])) {
      const expected = golden.get(name);
      if (expected === undefined) tally.check(cell.path, name, false, () => 'the golden file is missing');
      else tally.bytes(cell.path, name, made.files.get(name) ?? new Uint8Array(), expected);
    }
    for (const [name, proven] of this.prove(cell, made, tally)) {
      const path = `${cell.path}/${name}`;
      counts.set(proven[0]!, (counts.get(proven[0]!) ?? 0) + 1);
      const claimed = this.#manifest?.files[path]?.provenance ?? [];
      tally.text(path, 'provenance in the manifest', claimed.join(' '), proven.join(' '));
    }
    if (made.handover !== undefined && golden.has('handover.dtb') && golden.has('memory.hexdump')) {
      for (const check of [
        () => this.#dtc.check(cell, made.handover!.fdt, tally),
        () => checkDecode(cell, golden, made, tally),
        () => checkElf(cell, made, tally),
      ]) {
        await unreadable(cell, tally, check);
      }
    }
    return tally;
  }

  /** What stands behind each file of a cell, strongest first: every claim is made good here. */
  prove(cell: Cell, made: CellFiles, tally: Tally): Map<string, Provenance[]> {
    const proven = new Map<string, Provenance[]>([...made.files.keys()].map((name) => [name, ['baseline']]));
    const confirm = (names: Iterable<string>, provenance: Provenance): void => {
      for (const name of names) proven.get(name)?.push(provenance);
    };
    const record = this.#kernel.record(cell);
    if (record !== undefined) confirm(compareWithKernel(cell, made, record, tally), 'kernel-code');
    confirm(this.#documented.compare(cell, made, tally), 'documented');
    for (const [name, bytes] of made.files) {
      const path = `${cell.path}/${name}`;
      const recorded = this.#witness.get(path);
      const same = tally.text(path, 'C witness', sha256(bytes), recorded ?? 'not witnessed');
      if (same) confirm([name], 'witness');
    }
    for (const list of proven.values()) list.sort((a, b) => PROVENANCE.indexOf(a) - PROVENANCE.indexOf(b));
    return proven;
  }
}

/** A golden file that cannot even be read is a difference like any other; a missing tool is not. */
async function unreadable(cell: Cell, tally: Tally, check: () => Promise<void> | void): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof KhoError) || error.exitStatus !== 2) throw error;
    tally.check(cell.path, 'reading it back', false, () => error.message);
  }
}

/** Golden files of a cell by name; empty when the folder is missing. */
export function readCell(folder: string, cell: Cell): Map<string, Uint8Array> {
  const path = join(folder, cell.path);
  if (!existsSync(path)) return new Map();
  return new Map(
    readdirSync(path)
      .sort()
      .map((name) => [name, readWholeFile(join(path, name))]),
  );
}

/** Compares hashes and sizes with the manifest and looks for stray and missing files. */
function checkFiles(folder: string, manifest: Manifest, cells: readonly Cell[], filter: CellFilter): Tally {
  const tally = new Tally();
  const cellPaths = new Set(cells.map(({ path }) => path));
  const whole = filter.abi === undefined && filter.target === undefined && filter.scenario === undefined;
  const present = new Set(listFiles(folder));
  for (const path of present) {
    const entry = manifest.files[path];
    const inCell = cellPaths.has(path.slice(0, path.lastIndexOf('/')));
    if (!whole && !inCell) continue;
    if (entry === undefined || (!inCell && foreignEntry(folder, path) === undefined)) {
      tally.check(
        path,
        'manifest',
        false,
        () => 'stray file: no scenario makes it, or the manifest does not list it',
      );
      continue;
    }
    const bytes = readWholeFile(join(folder, path));
    tally.text(path, 'SHA-256 and size', `${sha256(bytes)} ${bytes.length}`, `${entry.sha256} ${entry.size}`);
  }
  if (whole) {
    for (const path of Object.keys(manifest.files)) {
      if (!present.has(path))
        tally.check(path, 'manifest', false, () => 'listed in the manifest but missing');
    }
  }
  return tally;
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

function keyOf(cell: Cell): string {
  return `${cell.target.abi.id}/${targetName(cell.target)}`;
}
