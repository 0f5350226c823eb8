/**
 * Our verdict on mutated device tree blobs against those of libfdt, dtc and fdtdump: a small run of scripts/fdt-differential.mjs. Where
 * gcc or libfdt is missing the test says so and is passed over.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const MISSING = 3;

async function differential(...args: string[]): Promise<{ exitCode: number; stdout: string }> {
  const result = await execa(process.execPath, ['scripts/fdt-differential.mjs', ...args], {
    cwd: ROOT,
    reject: false,
    timeout: 100_000,
  });
  return { exitCode: result.exitCode ?? -1, stdout: `${result.stdout}\n${result.stderr}` };
}

test('every disagreement of a small run is in the list', async (context) => {
  const { exitCode, stdout } = await differential('--blobs', '600', '--seed', '7', '--sample', '20');
  if (exitCode === MISSING) context.skip('gcc, libfdt or dtc is missing');
  expect(stdout).toContain('0 disagreements without explanation');
  // A run that explained nothing would not have compared anything.
  expect(stdout).toMatch(/libfdt\s+600 blobs: accepts [1-9]\d*, we [1-9]/);
  expect(stdout).toMatch(/libfdt overlap +[1-9]/);
  expect(exitCode).toBe(0);
});

test('without the list the same run fails, and says where', async (context) => {
  const list = join(mkdtempSync(join(tmpdir(), 'kho-abi-list-')), 'empty.yaml');
  writeFileSync(list, '[]\n');
  const run = await differential('--blobs', '600', '--seed', '7', '--sample', '0', '--list', list);
  if (run.exitCode === MISSING) context.skip('gcc, libfdt or dtc is missing');
  expect(run.stdout).toMatch(
    /unexplained: build\/fdt-differential\/7-\d+\.dtb: libfdt says OK, we refuse it: /,
  );
  expect(run.exitCode).toBe(4);
});

test('an entry that explains everything, or names an unknown defect, is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kho-abi-list-'));
  for (const [name, condition] of [
    ['all', ''],
    ['unknown', 'ids: [fdt-nonsense]'],
  ] as const) {
    const list = join(folder, `${name}.yaml`);
    writeFileSync(
      list,
      `- class: x\n  with: [libfdt]\n  ours: refuses\n  why: because of some long reason\n  ${condition}\n`,
    );
    const { exitCode } = await differential('--blobs', '1', '--list', list);
    expect(exitCode, name).toBe(1);
  }
});
