import { z } from 'zod';

/** What `kho-abi boot --json` prints. */
export const bootSchema = z.strictObject({
  source: z.string().describe('handover that was booted'),
  kernel: z.string().describe('image'),
  arch: z.enum(['arm64', 'x86_64']),
  pageSize: z.enum(['4K', '16K', '64K']),
  qemu: z.string().describe('version'),
  seconds: z.number().min(0),
  end: z.string().describe('how the machine ended: by itself, or when its time was up'),
  release: z.string().nullable().describe('as the kernel says it; null: it said nothing'),
  accepted: z.boolean().describe('all that was handed over came back, and the kernel complained of nothing'),
  items: z.array(z.strictObject({ what: z.string(), ok: z.boolean(), seen: z.string() })),
  trouble: z.array(z.string()).describe('warnings, bugs and panics of the log'),
});

/** What `boot --json` prints, as a type. */
export type BootReport = z.infer<typeof bootSchema>;
