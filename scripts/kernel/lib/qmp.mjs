/**
 * QEMU's machine protocol: JSON lines over a socket. A greeting comes first, then an answer to each command in order, with events
 * between them.
 */
import { connect } from 'node:net';

/** A command that QEMU refused, or a connection that ended. */
export class QmpError extends Error {}

/** Splits what a socket delivers into whole lines and parses them. Bytes of half a line wait for the rest. */
export class QmpLines {
  #rest = '';

  /** @param {string} chunk @returns {object[]} messages that are complete now */
  push(chunk) {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop();
    return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line));
  }
}

/** @returns 'greeting', 'event', 'answer' or 'error' */
export function messageKind(message) {
  if ('QMP' in message) return 'greeting';
  if ('event' in message) return 'event';
  if ('error' in message) return 'error';
  if ('return' in message) return 'answer';
  throw new QmpError(`not a QMP message: ${JSON.stringify(message).slice(0, 200)}`);
}

/** One connection. `run` sends a command and gives what it returned. */
export class Qmp {
  #socket;
  #waiting = [];
  #ended = false;

  /** Connects, waits for the greeting and leaves the negotiation mode. */
  static async open(path, timeout = 10000) {
    const end = Date.now() + timeout;
    for (;;) {
      try {
        const qmp = new Qmp();
        await qmp.#connect(path);
        await qmp.run('qmp_capabilities');
        return qmp;
      } catch (error) {
        // QEMU makes the socket a moment after it starts.
        if (Date.now() > end) throw new QmpError(`no QMP at the socket: ${error.message}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  #connect(path) {
    return new Promise((resolve, reject) => {
      const lines = new QmpLines();
      this.#socket = connect(path);
      this.#socket.setEncoding('utf8');
      this.#socket.on('error', reject);
      this.#socket.on('close', () => {
        this.#ended = true;
        for (const { fail } of this.#waiting.splice(0)) fail(new QmpError('QEMU closed the connection'));
      });
      this.#socket.on('data', (chunk) => {
        for (const message of lines.push(chunk)) {
          const kind = messageKind(message);
          if (kind === 'greeting') resolve();
          else if (kind === 'answer') this.#waiting.shift()?.done(message.return);
          else if (kind === 'error')
            this.#waiting.shift()?.fail(new QmpError(`${message.error.class}: ${message.error.desc}`));
        }
      });
    });
  }

  /** @param {string} execute name of the command @param {object} [args] */
  run(execute, args = {}) {
    if (this.#ended) return Promise.reject(new QmpError('QEMU closed the connection'));
    return new Promise((done, fail) => {
      this.#waiting.push({ done, fail });
      this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    });
  }

  close() {
    this.#socket.destroy();
  }
}
