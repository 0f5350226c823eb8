import { targetName } from '../abi/index.js';
import type { Outcome, Reception } from '../receive/index.js';
import type { ReceiveReport } from './receive-schema.js';
import { safe, style } from './style.js';

const PAINT: Record<Outcome, (text: string) => string> = {
  ok: style.good,
  restored: style.good,
  'not checked': style.dim,
  ignored: style.note,
  'fresh allocation': style.note,
  error: style.bad,
  'open fails': style.bad,
  'wrong memory': style.bad,
  'cold boot': style.bad,
  panic: style.bad,
};

/** The next kernel's boot as text: one line a step, its log line below. */
export function receptionText({ receiver, target, steps, result }: Reception): string {
  const width = Math.max(...steps.map(({ part }) => part.length));
  const lines = [
    style.title(`Linux ${receiver.name} (${receiver.kho.id}, ${targetName(target)}) receives`),
    '',
  ];
  for (const { part, what, outcome, log, why } of steps) {
    lines.push(
      `  ${safe(part).padEnd(width)}  ${what}: ${PAINT[outcome](outcome)}${why === undefined ? '' : `: ${safe(why)}`}`,
    );
    if (log !== undefined) lines.push(`  ${''.padEnd(width)}    ${style.dim(`"${safe(log)}"`)}`);
  }
  const paint = result === 'KHO boot' ? style.good : style.bad;
  lines.push('', `result: ${paint(result)}`);
  return `${lines.join('\n')}\n`;
}

/** The next kernel's boot as plain data. */
export function receptionReport({ receiver, target, steps, result }: Reception): ReceiveReport {
  return {
    receiver: { release: receiver.name, covers: receiver.covers, abi: receiver.kho.id },
    target: targetName(target),
    steps: steps.map(({ part, what, outcome, log, why }) => ({
      part,
      what,
      outcome,
      log: log ?? null,
      why: why ?? null,
    })),
    result,
  };
}
