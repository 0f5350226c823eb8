import { z } from 'zod';

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

/** What `check --json` prints, as a type. */
export type CheckReport = z.infer<typeof checkSchema>;
