import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KhoError } from '../bytes/index.js';
import type { BootMachine } from './machine.js';
import type { BootPlan } from './plan.js';

/** How a run of a machine ended. */
export type RunEnd = 'done' | 'stopped' | 'time';

/** What a run gave. */
export interface BootRun {
  /** All that the console said. */
  readonly console: string;
  /** `done`: the console said that it is over; `stopped`: the machine ended by itself; `time`: it was stopped by the limit. */
  readonly end: RunEnd;
  readonly milliseconds: number;
  /** QEMU's own complaints. */
  readonly stderr: string;
}

/** Limits and watchers of a run. */
export interface RunOptions {
  /** Longest time for one run. */
  readonly timeoutMs: number;
  /** Whether the console has said all that will come. */
  readonly isOver: (console: string) => boolean;
  /** Called with the console so far, several times a second. */
  readonly progress?: (console: string) => void;
}

const POLL_MS = 100;

/** After the last words the machine has this long to switch itself off. */
const GRACE_MS = 1000;

/** Consoles above this are cut: a kernel that complains without end must not fill the disk. */
const MOST_CONSOLE = 16 << 20;

/** Machines that run now: all are stopped when this process ends, whatever the reason. */
const running = new Set<() => void>();
let hooked = false;

/**
 * Runs a planned boot in QEMU and reads its serial console, which QEMU writes to a file. The machine is stopped in any case: when
 * the console says it is over, when the time is up, when this process ends or is interrupted.
 *
 * @throws KhoError `E_TOOL_MISSING` when QEMU is not installed, `E_TOOL_FAILED` when it cannot make the machine
 */
export async function runBoot(plan: BootPlan, options: RunOptions): Promise<BootRun> {
  const folder = await mkdtemp(join(tmpdir(), 'kho-abi-boot-'));
  try {
    const dtb = plan.treeArgs === undefined ? undefined : await deviceTree(plan, folder);
    const { files, args } = plan.finish(dtb);
    for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
    return await runMachine(plan.machine, args(folder), join(folder, 'console'), options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** QEMU's version, as `7.2.22`. */
export async function qemuVersion(machine: BootMachine): Promise<string> {
  const { stdout } = await startQemu(machine, ['--version'], 10_000);
  return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

async function deviceTree({ machine, treeArgs }: BootPlan, folder: string): Promise<Uint8Array> {
  const file = join(folder, 'qemu.dtb');
  const { stderr } = await startQemu(machine, treeArgs!(file), 30_000);
  try {
    return await readFile(file);
  } catch (cause) {
    throw new KhoError('E_TOOL_FAILED', `${machine.qemu} gave no device tree`, {
      hint: lastLine(stderr),
      cause,
    });
  }
}

async function runMachine(
  machine: BootMachine,
  args: readonly string[],
  file: string,
  { timeoutMs, isOver, progress }: RunOptions,
): Promise<BootRun> {
  const started = Date.now();
  const qemu = startQemu(machine, [...args, '-serial', `file:${file}`], timeoutMs + 30_000);
  let ended: Awaited<typeof qemu> | undefined;
  const whole = qemu.then((result) => {
    ended = result;
  });
  const tail = new ConsoleTail(file);
  let end: RunEnd = 'stopped';
  try {
    let over = 0;
    while (ended === undefined) {
      await Promise.race([whole, sleep(POLL_MS)]);
      if (tail.read()) progress?.(tail.text);
      const now = Date.now();
      if (over === 0 && isOver(tail.text)) over = now;
      if (over > 0 && now - over > GRACE_MS) break;
      if (now - started > timeoutMs) {
        end = 'time';
        break;
      }
    }
  } finally {
    qemu.stop();
  }
  await whole;
  tail.read();
  if (isOver(tail.text)) end = 'done';
  const { stderr, failed } = ended!;
  if (failed && tail.text === '' && end === 'stopped')
    throw new KhoError('E_TOOL_FAILED', `${machine.qemu} could not make the machine`, {
      hint: lastLine(stderr),
    });
  return { console: tail.text, end, milliseconds: Date.now() - started, stderr };
}

/** The console's file, read from where the last read ended. */
class ConsoleTail {
  readonly #file: string;
  #offset = 0;
  text = '';

  constructor(file: string) {
    this.#file = file;
  }

  /** Reads what is new; false when there is nothing. */
  read(): boolean {
    const size = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= this.#offset || this.#offset >= MOST_CONSOLE) return false;
    const bytes = Buffer.alloc(Math.min(size, MOST_CONSOLE) - this.#offset);
    const descriptor = openSync(this.#file, 'r');
    try {
      readSync(descriptor, bytes, 0, bytes.length, this.#offset);
    } finally {
      closeSync(descriptor);
    }
    this.#offset += bytes.length;
    this.text += bytes.toString('latin1').replaceAll('\r', '');
    return true;
  }
}

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly failed: boolean;
}

/** Starts QEMU; the promise never rejects but for a missing program. `stop` ends it at once. */
function startQemu(
  machine: BootMachine,
  args: readonly string[],
  timeoutMs: number,
): Promise<Ended> & { stop: () => void } {
  let stop = (): void => {};
  const work = (async (): Promise<Ended> => {
    const { execa } = await import('execa');
    const child = execa(machine.qemu, args, {
      stdin: 'ignore',
      reject: false,
      timeout: timeoutMs,
      maxBuffer: 1 << 20,
      killSignal: 'SIGKILL',
      cleanup: true,
      env: { LC_ALL: 'C' },
    });
    const kill = (): void => {
      child.kill('SIGKILL');
    };
    stop = kill;
    hookExit();
    running.add(kill);
    const result = await child;
    running.delete(kill);
    if (result.code === 'ENOENT' || result.code === 'EACCES')
      throw new KhoError('E_TOOL_MISSING', `${machine.qemu} is not installed`, {
        hint: `install ${machine.package} (Debian, Ubuntu: apt-get install ${machine.package})`,
      });
    return { stdout: `${result.stdout ?? ''}`, stderr: `${result.stderr ?? ''}`, failed: result.failed };
  })();
  return Object.assign(work, { stop: () => stop() });
}

/** A signal to this process ends the machines too, and then this process as it would have without. */
function hookExit(): void {
  if (hooked) return;
  hooked = true;
  const stopAll = (): void => {
    for (const kill of running) kill();
  };
  process.once('exit', stopAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      stopAll();
      process.kill(process.pid, signal);
    });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
