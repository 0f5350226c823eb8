/**
 * One run of QEMU: started, watched through the file of its serial console, and always stopped. A socket as console hung on arm64,
 * so the file is polled.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Qmp } from './qmp.mjs';
import { MACHINES, toolVersion } from './tools.mjs';

/** The console is looked at this often; the second kernel needs longer than this until it frees anything. */
const POLL_MS = 10;

/** First words of the kernel command line that make it talk, by architecture. */
export const CONSOLE = {
  x86_64: ['console=ttyS0,115200', 'earlyprintk=ttyS0,115200'],
  arm64: ['console=ttyAMA0', 'earlycon=pl011,0x9000000'],
};

/**
 * Words for QEMU, without console and kernel.
 *
 * @param {{arch: string, memory: string, nodes: number, processors: number, accelerator: string}} machine `memory` in MiB as a number
 */
export function machineWords({ arch, memory, nodes, processors, accelerator }) {
  const words = arch === 'arm64' ? ['-machine', 'virt,gic-version=3'] : ['-machine', 'pc'];
  words.push('-accel', accelerator, '-cpu', accelerator === 'kvm' ? 'host' : 'max');
  words.push('-m', `${memory}M`, '-smp', `${processors},sockets=${nodes}`);
  // One socket a node: Linux warns of processors that share a package and not a node.
  if (nodes > 1) {
    for (let node = 0; node < nodes; node++) {
      words.push('-object', `memory-backend-ram,id=node${node},size=${Math.floor(memory / nodes)}M`);
      words.push('-numa', `node,nodeid=${node},memdev=node${node},${cpuRange(node, nodes, processors)}`);
    }
  }
  return [...words, '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'];
}

/** Which processors belong to a node: equal parts, and the last node takes what is left. */
function cpuRange(node, nodes, processors) {
  const each = Math.floor(processors / nodes);
  const last = node === nodes - 1 ? processors - 1 : (node + 1) * each - 1;
  return `cpus=${node * each}-${last}`;
}

/** KVM where it really works: the device may be there and refuse its work, so a machine is started and asked. */
export async function accelerator(arch) {
  const native = { x64: 'x86_64', arm64: 'arm64' }[process.arch];
  if (native !== arch || !existsSync('/dev/kvm')) return 'tcg';
  const { emulator } = MACHINES[arch];
  const words = ['-accel', 'kvm', '-cpu', 'host', '-machine', arch === 'arm64' ? 'virt' : 'pc'];
  const child = spawn(emulator, [...words, '-display', 'none', '-nodefaults', '-S', '-monitor', 'stdio'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => {});
  child.stdin.end('quit\n');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const code = await new Promise((done) => {
    child.on('error', () => done(-1));
    child.on('exit', (status) => done(status ?? -1));
  });
  clearTimeout(timer);
  return code === 0 ? 'kvm' : 'tcg';
}

/** A machine that runs. */
export class Machine {
  #child;
  #exit;
  #error = '';
  #serial;
  #socket;

  /**
   * @param {{arch: string, words: string[], kernel: string, initrd: string, commandLine: string, folder: string}} start paths; `folder`
   *   gets the console's file and the control socket
   */
  constructor({ arch, words, kernel, initrd, commandLine, folder }) {
    this.#serial = join(folder, 'serial.log');
    this.#socket = join(folder, 'qmp');
    rmSync(this.#serial, { force: true });
    const all = [
      ...words,
      '-serial',
      `file:${this.#serial}`,
      '-qmp',
      `unix:${this.#socket},server=on,wait=off`,
    ];
    all.push('-kernel', kernel, '-initrd', initrd, '-append', commandLine);
    this.#child = spawn(MACHINES[arch].emulator, all, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr.on('data', (chunk) => {
      this.#error = `${this.#error}${chunk}`.slice(-2000);
    });
    this.#exit = new Promise((done) => {
      this.#child.on('error', (error) => {
        this.#error += error.message;
        done(-1);
      });
      this.#child.on('exit', (code) => done(code ?? -1));
    });
  }

  /** All that the console printed so far. */
  serial() {
    return existsSync(this.#serial) ? readFileSync(this.#serial, 'latin1') : '';
  }

  qmp() {
    return Qmp.open(this.#socket);
  }

  /**
   * Waits until the console's text makes `test` true.
   *
   * @param {(text: string) => boolean} test gets all that the console printed
   * @returns false when QEMU ended before; throws when the time is over
   */
  async until(test, milliseconds) {
    const end = Date.now() + milliseconds;
    let size = 0;
    let ended = false;
    this.#exit.then(() => {
      ended = true;
    });
    for (;;) {
      const last = ended;
      const now = existsSync(this.#serial) ? statSync(this.#serial).size : 0;
      if (now !== size && test(this.serial())) return true;
      size = now;
      if (last) return false;
      if (Date.now() > end)
        throw new Error(
          `the machine was stopped after ${milliseconds / 1000} s; its last line: ${this.lastLine()}`,
        );
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  }

  lastLine() {
    const lines = this.serial().trimEnd().split('\n');
    return `${lines.at(-1)}${this.#error === '' ? '' : ` (QEMU: ${this.#error.trim()})`}`;
  }

  /** Waits until QEMU has ended by itself. */
  async end(milliseconds) {
    return await this.until(() => false, milliseconds);
  }

  /** Stops QEMU whatever it does. */
  async stop() {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}

/** "QEMU emulator version 7.2.22 (…)" */
export function emulatorVersion(arch) {
  return toolVersion(MACHINES[arch].emulator);
}
