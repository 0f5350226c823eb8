import { hex } from '../bytes/index.js';
import type { BootObservation } from './console-log.js';
import type { Expectation } from './expectation.js';

/** One thing that was handed over, and what became of it. */
export interface VerdictItem {
  /** `handover`, `kexec-metadata`, `kho_test`, `memblock NAME`, `session NAME`, `session NAME file 0x1`, `memory 0x…`, `kernel log`. */
  readonly what: string;
  readonly ok: boolean;
  /** What was seen, where that says more than yes or no. */
  readonly seen: string;
}

/** The kernel's word on a handover. */
export interface BootVerdict {
  /** All that was handed over came back, and the kernel complained of nothing. */
  readonly accepted: boolean;
  readonly items: readonly VerdictItem[];
}

/** Compares what a kernel gave back with what there must be. Nothing counts as good that was not seen. */
export function judgeBoot(expectation: Expectation, seen: BootObservation): BootVerdict {
  const items: VerdictItem[] = [];
  const item = (what: string, ok: boolean, text: string): void => {
    items.push({ what, ok, seen: text });
  };
  item('handover', seen.found, seen.found ? 'found' : seen.disabled ? 'refused' : 'not noticed');
  const { metadata } = expectation;
  if (metadata !== undefined) {
    const { execFrom } = seen;
    item(
      'kexec-metadata',
      execFrom?.release === metadata.release && execFrom.count === metadata.count,
      execFrom === undefined ? 'nothing' : `exec from ${execFrom.release}, count ${execFrom.count}`,
    );
  }
  for (const name of expectation.regions) {
    const revived = seen.revived.includes(name);
    item(`memblock ${name}`, revived, revived ? 'revived' : 'not revived');
  }
  if (expectation.khoTest)
    item('kho_test', seen.khoTest === 'succeeded', `restore ${seen.khoTest ?? 'not tried'}`);
  if (seen.guest !== undefined) guestItems(expectation, seen, item);
  const log =
    seen.guest === undefined ? seen.trouble.filter((line) => !ENDS_WITHOUT_INIT.test(line)) : seen.trouble;
  item('kernel log', log.length === 0, log[0] ?? 'no warning, bug or panic');
  return { accepted: items.every(({ ok }) => ok), items };
}

/** How a boot ends that was given no program: this is no fault of the handover. */
const ENDS_WITHOUT_INIT = /Unable to mount root fs|No working init found|Requested init/;

function guestItems(
  { sessions, memory }: Expectation,
  { checks, finished }: BootObservation,
  item: (what: string, ok: boolean, text: string) => void,
): void {
  const check = (what: string): void => {
    const found = checks.find((candidate) => candidate.what === what);
    const text = found === undefined ? 'no answer' : found.detail === '' ? 'back' : found.detail;
    item(what, found?.ok === true, text);
  };
  for (const { address } of memory) check(`memory ${hex(address)}`);
  for (const { name, files } of sessions) {
    check(`session ${name}`);
    for (const { token } of files) check(`session ${name} file ${hex(token)}`);
    check(`session ${name} finish`);
  }
  item('guest program', finished, finished ? 'came to its end' : 'stopped early');
}
