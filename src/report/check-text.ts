import { z } from 'zod';
import { type Difference, PROVENANCE, type TargetResult, type VerifyResult } from '../golden/index.js';
import { grouped, style } from './style.js';
import { toolInfo } from './version.js';

/** Differences printed for one ABI and target. */
const SHOWN = 10;

/** One line for an ABI and target, and its differences. */
export function targetLine({ abi, target, cells, tally, provenance }: TargetResult): string {
  const sources = PROVENANCE.flatMap((name) =>
    provenance.has(name) ? [`${provenance.get(name)} ${name}`] : [],
  );
  const count = tally.differences.length;
  const verdict = count === 0 ? style.good('ok') : style.bad(`${grouped(count)} differences`);
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

/** What `kho-abi check --json` prints. */
export const checkSchema = z.strictObject({
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  dtc: z.string(),
  cells: z.int(),
  comparisons: z.int(),
  targets: z.array(
    z.strictObject({
      abi: z.string(),
      target: z.string(),
      scenarios: z.int(),
      comparisons: z.int(),
      differences: z.int(),
      provenance: z.record(z.string(), z.int()).describe('golden files by the strongest source behind them'),
    }),
  ),
  differences: z.array(z.strictObject({ path: z.string(), what: z.string(), detail: z.string() })),
});

/** A whole result as plain data. */
export function checkReport(result: VerifyResult): z.infer<typeof checkSchema> {
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
