import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Abi, allAbis, makeTarget, PAGE_SHIFTS, type Target, targetName } from '../abi/index.js';
import { BYTE_ORDERS, KhoError, readWholeFile } from '../bytes/index.js';
import { appliesTo, parseScenario, type Scenario } from '../handover/index.js';

/** The golden folder of this package, the same from source and from the built package. */
export const GOLDEN_FOLDER = fileURLToPath(new URL('../../golden/', import.meta.url));

/** One scenario on one target: a folder of golden files. */
export interface Cell {
  readonly target: Target;
  readonly name: string;
  readonly scenario: Scenario;
  /** Path in the golden folder, with slashes. */
  readonly path: string;
}

/** Limits the work to some ABIs, targets or scenarios; absent means all. */
export interface CellFilter {
  readonly abi?: string;
  readonly target?: string;
  readonly scenario?: string;
}

/** All scenarios of a golden folder, by name. */
export function loadScenarios(folder: string): Map<string, Scenario> {
  const path = join(folder, 'scenarios');
  if (!existsSync(path)) {
    throw new KhoError('E_GOLDEN', 'no scenarios', { source: path, hint: 'is this a golden folder?' });
  }
  const scenarios = new Map<string, Scenario>();
  for (const file of readdirSync(path).sort()) {
    if (!file.endsWith('.scenario')) continue;
    const text = Buffer.from(readWholeFile(join(path, file))).toString('utf8');
    scenarios.set(basename(file, '.scenario'), parseScenario(text, `scenarios/${file}`));
  }
  return scenarios;
}

/** Every target of an ABI: both byte orders, all page sizes. */
export function targetsOf(abi: Abi): Target[] {
  return BYTE_ORDERS.flatMap((order) => PAGE_SHIFTS.map((shift) => makeTarget(abi, order, shift)));
}

/** All cells of a golden folder, ordered by ABI, target and scenario. Scenarios that are not for a target make no cell. */
export function cellsOf(folder: string, filter: CellFilter = {}): Cell[] {
  const scenarios = loadScenarios(folder);
  const cells: Cell[] = [];
  for (const abi of allAbis()) {
    for (const target of targetsOf(abi)) {
      for (const [name, scenario] of scenarios) {
        if (!appliesTo(scenario, target)) continue;
        const path = `${abi.id}/${targetName(target)}/${name}`;
        if (wanted(filter, abi.id, targetName(target), name)) cells.push({ target, name, scenario, path });
      }
    }
  }
  return cells;
}

function wanted(filter: CellFilter, abi: string, target: string, scenario: string): boolean {
  return (
    (filter.abi === undefined || filter.abi === abi) &&
    (filter.target === undefined || filter.target === target) &&
    (filter.scenario === undefined || filter.scenario === scenario)
  );
}
