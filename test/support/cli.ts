import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** The built program, as users run it. `npm test` builds it first. */
const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');

export interface CliResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export async function cli(
  args: readonly string[],
  options: { input?: Uint8Array; env?: Record<string, string> } = {},
): Promise<CliResult> {
  const result = await execa(process.execPath, [MAIN, ...args], {
    ...(options.input === undefined ? {} : { input: options.input }),
    env: { NO_COLOR: '1', ...options.env },
    reject: false,
    timeout: 100_000,
    stripFinalNewline: false,
  });
  return { exitCode: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr };
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'kho-abi-cli-'));
}
