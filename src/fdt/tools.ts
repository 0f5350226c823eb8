import type { ExecaError } from 'execa';
import { KhoError } from '../bytes/index.js';

/** Programs of the device-tree-compiler package that this project calls. */
export type ToolName = 'dtc' | 'fdtget' | 'fdtput' | 'fdtdump';

/** One line that tells a user of any common system what to install. */
export const DTC_PACKAGES =
  'install device-tree-compiler (Debian, Ubuntu: apt-get install device-tree-compiler), dtc (Fedora: dnf install dtc; ' +
  'Arch: pacman -S dtc; Alpine: apk add dtc; macOS: brew install dtc)';

/** Bounds for one run of an outside program. */
const TIMEOUT_MS = 20_000;
const MAX_OUTPUT = 64 * 1024 * 1024;

/** What a run gave. The exit code alone is never trusted; callers check the output. */
export interface ToolResult {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** Command name or path of a tool: the variable DTC, FDTGET … if it is set, else the plain name. */
function command(tool: ToolName): string {
  return process.env[tool.toUpperCase()] ?? tool;
}

/**
 * Runs a tool on bytes given on standard input, with limits on time and output.
 *
 * @throws KhoError `E_TOOL_MISSING` (exit status 3) when it is not installed, `E_TOOL_FAILED` when it was killed by a limit.
 */
export async function runTool(
  tool: ToolName,
  args: readonly string[],
  input?: Uint8Array,
): Promise<ToolResult> {
  // Loaded when it is first needed: most users of the library never start a process.
  const { execa, ExecaError } = await import('execa');
  try {
    const result = await execa(command(tool), args, {
      ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
      encoding: 'buffer',
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT,
      reject: false,
      stripFinalNewline: false,
      // A blob's own text must not change how messages are worded.
      env: { LC_ALL: 'C' },
    });
    if (result instanceof ExecaError) throwIfUnusable(tool, result);
    return {
      exitCode: result.exitCode ?? -1,
      stdout: result.stdout,
      stderr: Buffer.from(result.stderr).toString('latin1'),
    };
  } catch (error) {
    if (error instanceof KhoError) throw error;
    throw new KhoError('E_TOOL_FAILED', `${tool} could not be run: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function throwIfUnusable(tool: ToolName, result: ExecaError<{ encoding: 'buffer' }>): void {
  if (result.code === 'ENOENT' || result.code === 'EACCES') {
    throw new KhoError('E_TOOL_MISSING', `${command(tool)} is not installed`, { hint: DTC_PACKAGES });
  }
  if (result.timedOut) {
    throw new KhoError(
      'E_TOOL_FAILED',
      `${tool} ran longer than ${TIMEOUT_MS / 1000} seconds and was stopped`,
    );
  }
  if (result.isMaxBuffer) {
    throw new KhoError('E_TOOL_FAILED', `${tool} wrote more than ${MAX_OUTPUT} bytes and was stopped`);
  }
  if (result.signal !== undefined) {
    throw new KhoError('E_TOOL_FAILED', `${tool} was ended by ${result.signal}`, {
      hint: lastLine(result.stderr),
    });
  }
}

/** Version a tool reports of itself, such as `1.6.1`. */
export async function toolVersion(tool: ToolName): Promise<string> {
  const { stdout, stderr } = await runTool(tool, ['--version']);
  const text = `${Buffer.from(stdout).toString('latin1')}\n${stderr}`;
  const version = /DTC\s+v?([0-9][^\s]*)/.exec(text)?.[1];
  if (version === undefined) {
    throw new KhoError('E_TOOL_FAILED', `${tool} --version gave no version`, {
      found: text.trim().slice(0, 200),
    });
  }
  return version;
}

function lastLine(stderr: unknown): string {
  const text = stderr instanceof Uint8Array ? Buffer.from(stderr).toString('latin1') : String(stderr ?? '');
  return text.trim().split('\n').at(-1) ?? '';
}
