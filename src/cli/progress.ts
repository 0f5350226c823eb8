import ora from 'ora';

/** Work shorter than this shows nothing. */
const DELAY_MS = 1000;

/** A line on a terminal that says what is going on; nothing at all elsewhere. */
export class Progress {
  readonly #started = Date.now();
  readonly #spinner = ora({
    stream: process.stderr,
    isEnabled: process.stderr.isTTY === true,
    isSilent: process.stderr.isTTY !== true,
  });
  readonly #delay: number;

  constructor(delay = DELAY_MS) {
    this.#delay = delay;
  }

  update(text: string): void {
    if (Date.now() - this.#started < this.#delay) return;
    this.#spinner.text = text;
    if (!this.#spinner.isSpinning) this.#spinner.start();
    this.#spinner.render();
  }

  /** Takes the line away; call it before printing and at the end. */
  clear(): void {
    this.#spinner.stop();
  }
}

/** Runs synchronous work with a progress line. */
export function withProgress<Result>(title: string, work: (tick: (text: string) => void) => Result): Result {
  const progress = new Progress();
  try {
    return work((text) => progress.update(`${title} ${text}`));
  } finally {
    progress.clear();
  }
}
