import { KhoError } from '../bytes/index.js';

/** Bounds of one run of an outside program. */
export interface ToolLimits {
  readonly seconds: number;
  readonly maxOutput: number;
}

/** What a run gave. */
export interface ToolRun {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** How a program is called. */
export interface ToolCall {
  /** Program and arguments; no shell is between. */
  readonly words: readonly string[];
  readonly cwd?: string;
  readonly input?: Uint8Array | string;
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What to do when the program is not there. */
  readonly missing: string;
  readonly limits: ToolLimits;
}

/** Process groups that run now. A compiler starts others, and those outlive it unless the group is ended. */
const running = new Set<number>();
/** Work for the moment in which a signal ends this process: removing temporary folders. */
const cleanups = new Set<() => void>();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a program with bounds on time and output. Programs that it started end with it.
 *
 * @throws KhoError `E_TOOL_MISSING` when it is not installed, `E_TOOL_FAILED` when a limit or a signal ended it.
 */
export async function runProgram({ words, cwd, input, env, missing, limits }: ToolCall): Promise<ToolRun> {
  // Loaded when it is first needed: most users of the library never start a process.
  const { execa, ExecaError } = await import('execa');
  const [command, ...args] = words;
  return await guarded(async () => {
    const child = execa(command!, args, {
      ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
      ...(cwd === undefined ? {} : { cwd }),
      encoding: 'buffer',
      maxBuffer: limits.maxOutput,
      reject: false,
      stripFinalNewline: false,
      detached: true,
      env: { ...env, LC_ALL: 'C' },
    });
    const { pid } = child;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      endGroup(pid);
    }, limits.seconds * 1000);
    if (pid !== undefined) running.add(pid);
    const result = await child.finally(() => {
      clearTimeout(timer);
      if (pid !== undefined) running.delete(pid);
    });
    const { isMaxBuffer, signal, failed } = result;
    if (isMaxBuffer) endGroup(pid);
    const code = result instanceof ExecaError ? (result as { code?: string }).code : undefined;
    if (failed) throwIfUnusable(command!, { late, isMaxBuffer, signal, code }, missing, limits);
    return {
      exitCode: result.exitCode ?? -1,
      stdout: result.stdout ?? new Uint8Array(0),
      stderr: Buffer.from(result.stderr ?? []).toString('latin1'),
    };
  });
}

interface Failure {
  readonly late: boolean;
  readonly code: string | undefined;
  readonly isMaxBuffer: boolean;
  readonly signal: string | undefined;
}

function throwIfUnusable(command: string, failure: Failure, missing: string, limits: ToolLimits): void {
  if (failure.code === 'ENOENT' || failure.code === 'EACCES') {
    throw new KhoError('E_TOOL_MISSING', `${command} is not installed`, { hint: missing });
  }
  if (failure.late) {
    throw new KhoError(
      'E_TOOL_FAILED',
      `${command} ran longer than ${limits.seconds} seconds and was stopped`,
    );
  }
  if (failure.isMaxBuffer) {
    throw new KhoError(
      'E_TOOL_FAILED',
      `${command} wrote more than ${limits.maxOutput} bytes and was stopped`,
    );
  }
  if (failure.signal !== undefined) {
    throw new KhoError('E_TOOL_FAILED', `${command} was ended by ${failure.signal}`);
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** Runs `work`; a signal that ends this process meanwhile ends the programs too, and runs the clean-up. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  watch();
  try {
    return await work();
  } finally {
    unwatch();
  }
}

/** Runs `work` and then `cleanup`, also when a signal ends this process. */
export async function withCleanup<T>(cleanup: () => void, work: () => Promise<T>): Promise<T> {
  cleanups.add(cleanup);
  watch();
  try {
    return await work();
  } finally {
    unwatch();
    cleanups.delete(cleanup);
    cleanup();
  }
}

let watchers = 0;

function watch(): void {
  if (watchers++ === 0) for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unwatch(): void {
  if (--watchers === 0) for (const signal of SIGNALS) process.off(signal, onSignal);
}

function onSignal(signal: NodeJS.Signals): void {
  for (const pid of running) endGroup(pid);
  for (const cleanup of cleanups) cleanup();
  for (const each of SIGNALS) process.off(each, onSignal);
  process.kill(process.pid, signal);
}
