import type { Ora } from 'ora';

/** Work shorter than this shows nothing. */
const DELAY_MS = 1000;

/** A line on a terminal that says what is going on; nothing at all elsewhere. */
export class Progress {
  readonly #started = Date.now();
  readonly #spinner: Ora | undefined;
  readonly #delay: number;

  private constructor(spinner: Ora | undefined, delay: number) {
    this.#spinner = spinner;
    this.#delay = delay;
  }

  static async start(delay = DELAY_MS): Promise<Progress> {
    if (!process.stderr.isTTY) return new Progress(undefined, delay);
    const { default: ora } = await import('ora');
    return new Progress(ora({ stream: process.stderr }), delay);
  }

  update(text: string): void {
    if (this.#spinner === undefined || Date.now() - this.#started < this.#delay) return;
    this.#spinner.text = text;
    if (!this.#spinner.isSpinning) this.#spinner.start();
    this.#spinner.render();
  }

  /** Takes the line away; call it before printing and at the end. */
  clear(): void {
    this.#spinner?.stop();
  }
}
