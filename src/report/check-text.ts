import type { Difference, TargetResult, VerifyResult } from '../golden/index.js';
import type { CheckReport } from './check-schema.js';
import { grouped, style } from './style.js';
import { toolInfo } from './version.js';

/** Differences printed for one ABI and target. */
const SHOWN = 10;

/** One line for an ABI and target, and its differences. */
export function targetLine({ abi, target, cells, tally, provenance }: TargetResult): string {
  const sources = [...provenance].sort().map(([name, count]) => `${count} ${name}`);
  const different = tally.differences.length;
  const verdict = different === 0 ? style.good('ok') : style.bad(`${grouped(different)} differences`);
  const line = `${abi.padEnd(8)} ${target.padEnd(6)} ${`${cells}`.padStart(3)} scenarios  ${grouped(tally.comparisons).padStart(7)} comparisons  ${verdict}`;
  return [line + style.dim(`  [${sources.join(', ')}]`), ...differenceLines(tally.differences)].join('\n');
}

/** The differences of a part, cut after some. */
export function differenceLines(differences: readonly Difference[]): string[] {
  const lines = differences
    .slice(0, SHOWN)
    .map(({ path, what, detail }) => `  ${style.bad(path)}: ${what}: ${detail.replaceAll('\n', '\n    ')}`);
  if (differences.length > SHOWN) lines.push(`  (${grouped(differences.length - SHOWN)} more)`);
  return lines;
}

/** The last line: cells, comparisons, differences. */
export function summaryLine({ dtcVersion, cells, comparisons, differences }: VerifyResult): string {
  const verdict =
    differences === 0 ? style.good('0 differences') : style.bad(`${grouped(differences)} differences`);
  return `dtc ${dtcVersion}: ${grouped(cells)} cells, ${grouped(comparisons)} comparisons, ${verdict}`;
}

/** A whole result as plain data. */
export function checkReport(result: VerifyResult): CheckReport {
  return {
    tool: toolInfo(),
    dtc: result.dtcVersion,
    cells: result.cells,
    comparisons: result.comparisons,
    targets: result.targets.map(({ abi, target, cells, tally, provenance }) => ({
      abi,
      target,
      scenarios: cells,
      comparisons: tally.comparisons,
      differences: tally.differences.length,
      provenance: Object.fromEntries(provenance),
    })),
    differences: [...result.targets.flatMap(({ tally }) => tally.differences), ...result.files.differences],
  };
}
