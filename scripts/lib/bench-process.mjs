/** Processes that a benchmark times: workers that take turns, and whole runs of a tool. */
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A worker that warms up, says its checksum, and then times one round for each line it is sent. */
export class Worker {
  #child;
  #lines;
  #what;

  constructor(command, args) {
    this.#what = [command, ...args].join(' ');
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    // A worker that dies leaves its output without a line, which is said below; writing to it must not be a second error.
    this.#child.on('error', () => {});
    this.#child.stdin.on('error', () => {});
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Waits for the warm-up; gives what the worker said then: its checksum. */
  async ready() {
    return await this.#line();
  }

  /** Nanoseconds of one round. */
  async turn() {
    this.#child.stdin.write('\n');
    return (await this.#line()).ns;
  }

  end() {
    this.#child.stdin.end();
    this.#child.kill();
  }

  async #line() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`\`${this.#what}\` ended early`);
    return JSON.parse(value);
  }
}

/** A worker of the TypeScript side. */
export function typescriptWorker(name, size) {
  return new Worker(process.execPath, ['scripts/bench-worker.mjs', name, String(size)]);
}

/** Nanoseconds that one process of a tool takes from start to end, its output to /dev/null. */
export function timeTool(tool, args) {
  const start = process.hrtime.bigint();
  const { status, error } = spawnSync(toolPath(tool), args, { stdio: 'ignore' });
  const ns = Number(process.hrtime.bigint() - start);
  if (status !== 0) throw new Error(`${tool} failed: ${error?.message ?? `exit status ${status}`}`);
  return ns;
}

/** What a tool prints. */
export function toolOutput(tool, args) {
  const { status, stdout, error } = spawnSync(toolPath(tool), args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${tool} failed: ${error?.message ?? `exit status ${status}`}`);
  return stdout;
}

/** DTC, FDTDUMP and so on name another program, as they do for the command line. */
function toolPath(tool) {
  return process.env[tool.toUpperCase()] ?? tool;
}
