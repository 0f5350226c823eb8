import { z } from 'zod';

/** What `kho-abi receive --json` prints. */
export const receiveSchema = z.strictObject({
  receiver: z.strictObject({
    release: z.string(),
    covers: z.string(),
    abi: z.string(),
  }),
  target: z.string().regex(/^(le|be)-(4|16|64)k$/),
  steps: z.array(
    z.strictObject({
      part: z.string().describe('function or client that acts'),
      what: z.string(),
      outcome: z.enum([
        'ok',
        'restored',
        'not checked',
        'ignored',
        'fresh allocation',
        'error',
        'open fails',
        'wrong memory',
        'cold boot',
        'panic',
      ]),
      log: z.string().nullable().describe("the kernel's log line"),
      why: z.string().nullable(),
    }),
  ),
  result: z.string(),
});

/** What `receive --json` prints, as a type. */
export type ReceiveReport = z.infer<typeof receiveSchema>;
