/** How a machine is run and stopped. A shell script stands for QEMU: it writes its console to the file that it is told. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BOOT_MACHINES, type BootPlan, consoleIsOver, qemuVersion, runBoot } from '../../src/boot/index.js';

describe('runBoot', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kho-abi-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A plan whose machine runs a script; `$console` is its console, `$files` where its files are. */
  function planOf(script: string): BootPlan {
    const qemu = join(folder, `qemu-${Math.random()}`);
    const head = `#!/bin/sh\nfor last; do :; done\nconsole=$(echo "$last" | cut -c6-)\nfiles=$(dirname "$console")\n`;
    writeFileSync(qemu, `${head}echo "$files" > "${folder}/files"\necho $$ > "${folder}/pid"\n${script}`, {
      mode: 0o755,
    });
    return {
      machine: { ...BOOT_MACHINES.x86_64, qemu },
      treeArgs: undefined,
      finish: () => ({
        files: new Map([['kernel', Buffer.from('bytes')]]),
        args: (at: string) => ['-kernel', `${at}/kernel`],
      }),
    } as unknown as BootPlan;
  }

  function alive(): boolean {
    try {
      process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 0);
      return true;
    } catch {
      return false;
    }
  }

  test('a machine that has said its last word is stopped, and its files go', async () => {
    const plan = planOf(
      'cat "$files/kernel" > "$console"; echo "[ 1.0] KHOABI: power-off" >> "$console"; exec sleep 60\n',
    );
    const run = await runBoot(plan, { timeoutMs: 30_000, isOver: consoleIsOver });
    expect(run).toMatchObject({ end: 'done', console: 'bytes[ 1.0] KHOABI: power-off\n' });
    expect(run.milliseconds).toBeLessThan(20_000);
    expect(alive()).toBe(false);
    const files = readFileSync(join(folder, 'files'), 'utf8').trim();
    expect(files).toContain('kho-abi-boot-');
    expect(existsSync(files)).toBe(false);
  });

  test('a machine that says nothing more is stopped when its time is up', async () => {
    const plan = planOf('echo hello > "$console"; exec sleep 60\n');
    const run = await runBoot(plan, { timeoutMs: 700, isOver: consoleIsOver });
    expect(run).toMatchObject({ end: 'time', console: 'hello\n' });
    expect(alive()).toBe(false);
  });

  test('a machine that ends by itself', async () => {
    const plan = planOf('echo "half a boot" > "$console"\n');
    expect(await runBoot(plan, { timeoutMs: 30_000, isOver: consoleIsOver })).toMatchObject({
      end: 'stopped',
    });
  });

  test('a machine that cannot be made: its last words are told', async () => {
    const plan = planOf('echo "qemu: no such device" >&2; exit 1\n');
    await expect(runBoot(plan, { timeoutMs: 30_000, isOver: consoleIsOver })).rejects.toMatchObject({
      code: 'E_TOOL_FAILED',
      message: expect.stringContaining('no such device'),
    });
  });

  test('an error of a watcher stops the machine', async () => {
    const plan = planOf('echo hello > "$console"; exec sleep 60\n');
    const isOver = (): boolean => {
      throw new Error('watcher');
    };
    await expect(runBoot(plan, { timeoutMs: 30_000, isOver })).rejects.toThrow('watcher');
    for (let tries = 0; tries < 50 && alive(); tries++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(alive()).toBe(false);
  });

  test('without QEMU: status 3, and what to install', async () => {
    const machine = { ...BOOT_MACHINES.arm64, qemu: 'qemu-that-is-not-there' };
    await expect(qemuVersion(machine)).rejects.toMatchObject({
      code: 'E_TOOL_MISSING',
      exitStatus: 3,
      message: expect.stringContaining('qemu-system-arm'),
    });
  });
});
