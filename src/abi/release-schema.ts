/** Schema of abi/releases.yaml: which formats each Linux release writes and reads. */
import { z } from 'zod';

/** One release, or a run of stable releases of one series. */
export const releaseSchema = z.strictObject({
  release: z.string().regex(/^\d+\.\d+(\.\d+)?(-rc\d+)?$/),
  covers: z.string().min(1),
  components: z
    .record(z.string(), z.string())
    .describe('file in abi/ (kho) or abi/clients/ (all others), by component'),
});

export const releasesSchema = z.strictObject({ releases: z.array(releaseSchema).min(1) });

export type ReleaseEntry = z.infer<typeof releaseSchema>;
