import type { ClientAbi, ClientOutcome, ClientReceiverRow } from '../abi/index.js';
import { logText } from './log-text.js';
import type { Outcome, Step } from './step.js';

/** Outcomes of the client files as outcomes of steps. */
export const OUTCOMES: Record<ClientOutcome, Outcome> = {
  fresh: 'fresh allocation',
  ignored: 'ignored',
  panic: 'panic',
  'open-fails': 'open fails',
  restored: 'restored',
  error: 'error',
};

/** libfdt takes a name with a unit address for the name without. */
export function isNamed(name: string, wanted: string): boolean {
  return name === wanted || name.startsWith(`${wanted}@`);
}

/** Row of a receiver table. */
export function rowOf(abi: ClientAbi, id: string): ClientReceiverRow | undefined {
  return abi.file.receiver.find((row) => row.id === id);
}

/** A step that a row of a receiver table describes. */
export function rowStep(
  part: string,
  what: string,
  row: ClientReceiverRow | undefined,
  values: readonly (string | number | bigint)[],
): Step {
  if (row === undefined) return { part, what, outcome: 'error' };
  return {
    part,
    what,
    outcome: OUTCOMES[row.outcome],
    ...(row.log === undefined ? {} : { log: logText(row.log, ...values) }),
    why: row.note === undefined ? row.condition : `${row.condition}. ${row.note}`,
  };
}
