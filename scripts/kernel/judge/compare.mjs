/** Compares what the model of the next kernel predicts with what a kernel did. Pure: no files, no processes. */

/** Outcomes of a component from the best to the worst; a component is as bad as its worst step. */
const WORSE = [
  'ok',
  'not checked',
  'restored',
  'ignored',
  'fresh allocation',
  'error',
  'open fails',
  'wrong memory',
  'cold boot',
  'panic',
];

const CORE = ['kho_populate', 'memory map'];

/** Prediction by component, and the lines that the kernel is to print. @param reception what receiveHandover gives */
export function predictionOf(reception) {
  const parts = {};
  for (const { part, outcome } of reception.steps) {
    const name = CORE.includes(part) ? 'handover' : part;
    const word = outcome === 'not checked' ? 'ok' : outcome;
    if (parts[name] === undefined || WORSE.indexOf(word) > WORSE.indexOf(parts[name])) parts[name] = word;
  }
  if (parts.handover !== 'wrong memory')
    return { parts, lines: reception.steps.flatMap(({ log }) => log ?? []) };
  // Memory that anybody may write to: what clients find there is not to be said.
  for (const name of Object.keys(parts)) if (name !== 'handover') parts[name] = 'unsure';
  return {
    parts,
    lines: reception.steps.flatMap(({ part, log }) => (part === 'kho_populate' ? (log ?? []) : [])),
  };
}

/**
 * What a kernel did, by the components of a prediction.
 *
 * @param seen what readConsole gives
 * @param regions names of the memblock regions that the command line asks for
 */
export function outcomeOf(seen, regions) {
  const alive = seen.luoNumber !== undefined || seen.execFrom !== undefined || seen.guest !== undefined;
  const parts = { handover: seen.disabled ? 'cold boot' : !seen.found ? 'not noticed' : 'ok' };
  const luoPanic = seen.panic?.includes('incoming tree failed') === true;
  if (!alive && !luoPanic && seen.panic !== undefined) parts.handover = 'panic';
  // A kernel that dies before it has a console says nothing at all.
  if (!alive && !luoPanic && seen.panic === undefined && !seen.disabled)
    parts.handover = seen.messages.length === 0 ? 'panic' : 'hangs';
  parts['kexec-metadata'] = seen.execFrom === undefined ? 'ignored' : 'restored';
  parts.kho_test = khoTest(seen);
  parts.LUO = luoPanic ? 'panic' : luo(seen);
  parts.memblock =
    regions.length > 0 && regions.every((name) => seen.revived.includes(name))
      ? 'restored'
      : 'fresh allocation';
  return parts;
}

function khoTest({ khoTest: result, messages }) {
  if (result !== undefined) return result === 'succeeded' ? 'restored' : 'error';
  return messages.some((line) => line.startsWith('test_kho: failed to retrieve')) ? 'error' : 'ignored';
}

function luo({ luoNumber, checks, finished, guest, messages, panic }) {
  if (luoNumber === undefined) return 'ignored';
  if (guest === undefined && panic !== undefined) return 'panic';
  const sessions = checks.filter(({ what }) => what.startsWith('session '));
  if (sessions.some(({ detail }) => detail.startsWith('open /dev/liveupdate'))) return 'open fails';
  if (guest !== undefined && !finished) return 'panic';
  const flb = messages.some((line) => /^liveupdate test: .*(ERROR|failed)/.test(line));
  return flb || sessions.some(({ ok }) => !ok) ? 'error' : 'restored';
}

/** Whether a kernel did as predicted: each component that the prediction speaks of, and each line. */
export function compare(prediction, seen, regions) {
  const did = outcomeOf(seen, regions);
  const components = Object.entries(prediction.parts)
    .filter(([name]) => name in did)
    .map(([name, predicted]) => ({ name, predicted, seen: did[name], equal: same(predicted, did[name]) }));
  const missing = prediction.lines.filter(
    (line) => !seen.messages.some((message) => pattern(line).test(message)),
  );
  return { components, missing, equal: missing.length === 0 && components.every(({ equal }) => equal) };
}

/** Wrong memory shows in no line: the kernel goes on, or dies of it. */
function same(predicted, did) {
  return (
    predicted === did ||
    predicted === 'unsure' ||
    (predicted === 'wrong memory' && ['ok', 'panic', 'hangs'].includes(did))
  );
}

/** A log text with directives that nobody filled, as a pattern. */
function pattern(line) {
  const parts = line.split(/%(?:\.\*s|ll?[udx]|z[ud]|p\w+|[sdux])|…/);
  return new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*'));
}
