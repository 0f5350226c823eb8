/** One line that the guest's program said of something that it checked. */
export interface GuestCheck {
  /** `session NAME`, `session NAME file 0x1`, `session NAME finish`, `memory 0x…`. */
  readonly what: string;
  readonly ok: boolean;
  /** What follows ok or FAIL. */
  readonly detail: string;
}

/** What the console of a booted kernel tells. */
export interface BootObservation {
  /** Release that runs. */
  readonly release: string | undefined;
  /** The kernel took the handover. */
  readonly found: boolean;
  /** The kernel looked at the handover and refused it. */
  readonly disabled: boolean;
  readonly execFrom: { readonly release: string; readonly count: number } | undefined;
  readonly khoTest: 'succeeded' | 'failed' | undefined;
  /** Names of regions that came back. */
  readonly revived: readonly string[];
  /** Number that LUO found; undefined: LUO found nothing. */
  readonly luoNumber: number | undefined;
  /** Warnings, bugs, oopses and panics, first lines only. */
  readonly trouble: readonly string[];
  readonly panic: string | undefined;
  /** Whether the guest's program runs, and which boot it takes this for. */
  readonly guest: 'first' | 'second' | undefined;
  readonly checks: readonly GuestCheck[];
  /** The guest's program came to its end. */
  readonly finished: boolean;
  /** Messages without time, in order, long lines of the guest's files left out. */
  readonly messages: readonly string[];
}

/** Beginnings of lines that no good boot has. */
const TROUBLE =
  /^(WARNING: |BUG: |BUG: unable|kernel BUG at |Internal error: |Unable to handle kernel |Kernel panic|Oops|KASAN|list_add corruption|list_del corruption|Bad page state|page:.* bad)/;

/** A record that begins with a time; what has none belongs to the record before. */
const STAMP = /^\[ *\d+\.\d+\](?:\[[^\]]*\])? ?/;

const GUEST = 'KHOABI: ';

/** Whether a console has nothing more to say. A kernel without the guest's program stops where it finds no init. */
export function consoleIsOver(console: string): boolean {
  return /KHOABI: power-off|reboot: Power down|reboot: System halted|---\[ end Kernel panic|Rebooting in \d+ seconds|Kernel panic - not syncing/.test(
    console,
  );
}

/**
 * Reads the console of a boot: kernel messages and the guest's lines.
 *
 * Source of the texts: kernel/liveupdate, mm/memblock.c, lib/test_kho.c, Linux 7.1 to 7.3; scripts/kernel/guest.
 */
export function readConsole(console: string): BootObservation {
  const messages = console
    .split('\n')
    .map((line) => line.replace(STAMP, ''))
    .filter((line) => line !== '' && !line.startsWith(`${GUEST}| `));
  const first = (pattern: RegExp): RegExpExecArray | undefined => {
    for (const line of messages) {
      const found = pattern.exec(line);
      if (found !== null) return found;
    }
    return undefined;
  };
  const has = (pattern: RegExp): boolean => first(pattern) !== undefined;
  const metadata = first(/^KHO: exec from: (.*) \(count (\d+)\)$/);
  const test = first(/^test_kho: KHO restore (succeeded|failed)$/);
  const number = first(/^luo: Retrieved live update data, liveupdate number: (-?\d+)$/);
  return {
    release: first(/^Linux version (\S+)/)?.[1],
    found: has(/^KHO: found kexec handover data/),
    disabled: has(/^KHO: disabling KHO revival/),
    execFrom: metadata === undefined ? undefined : { release: metadata[1]!, count: Number(metadata[2]) },
    khoTest: test?.[1] as BootObservation['khoTest'],
    revived: messages.flatMap((line) => /^Revived memory reservation '(.*)' from KHO$/.exec(line)?.[1] ?? []),
    luoNumber: number === undefined ? undefined : Number(number[1]),
    trouble: [...new Set(messages.filter((line) => TROUBLE.test(line)))],
    panic: messages.find((line) => line.startsWith('Kernel panic')),
    guest: first(/^KHOABI: boot (first|second)\b/)?.[1] as BootObservation['guest'],
    checks: messages.flatMap(checkOf),
    finished: has(/^KHOABI: done /),
    messages,
  };
}

function checkOf(line: string): GuestCheck[] {
  if (!line.startsWith(GUEST)) return [];
  const found = /^((?:session|memory|debugfs) .*?) (ok|FAIL)(?: (.*))?$/.exec(line.slice(GUEST.length));
  return found === null ? [] : [{ what: found[1]!, ok: found[2] === 'ok', detail: found[3] ?? '' }];
}
