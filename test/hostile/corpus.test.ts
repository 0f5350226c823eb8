/** Every input that once broke a reader, run again as `npm run fuzz` runs it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const CORPUS = join(import.meta.dirname, 'corpus');
const TARGETS = join(import.meta.dirname, '../../scripts/lib/fuzz-targets.mjs');

interface Targets {
  TARGETS: Record<string, { run(bytes: Buffer): void | Promise<void> }>;
  TIME_LIMIT_MS: number;
}

const folders = readdirSync(CORPUS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const files = folders.flatMap(({ name }) =>
  readdirSync(join(CORPUS, name)).map((file) => [name, file] as const),
);

describe('corpus', () => {
  test('has files, and its README names each', () => {
    const text = readFileSync(join(CORPUS, 'README.md'), 'utf8');
    expect(files.length).toBeGreaterThan(0);
    for (const [target, file] of files) expect(text).toContain(`| ${target}/${file} |`);
  });

  test.each(files)('%s/%s', async (target, file) => {
    const { TARGETS: targets, TIME_LIMIT_MS } = (await import(TARGETS)) as Targets;
    const before = process.cpuUsage();
    await targets[target]!.run(readFileSync(join(CORPUS, target, file)));
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(TIME_LIMIT_MS);
  });
});
