import {
  allReleases,
  type ClientAbi,
  type ClientComponent,
  type ClientOutcome,
  type ClientReceiverRow,
  getClientAbi,
  type Target,
} from '../../abi/index.js';
import type { Severity } from '../finding.js';

/** A kernel that takes the root FDT, and the format that it reads for one client; undefined: it has no such client. */
interface Reader {
  readonly name: string;
  readonly format: ClientAbi | undefined;
}

/** What receiving kernels do. */
export interface ReaderVerdict {
  /** The worst of them. */
  readonly severity: Severity;
  /** One clause for each outcome, with the releases that have it. */
  readonly text: string;
  /** Whether one of them panics. */
  readonly panics: boolean;
  /** Releases that take it as it is, and those that do not. */
  readonly taken: number;
  readonly others: number;
}

const SEVERITY: Record<ClientOutcome, Severity> = {
  panic: 'error',
  'open-fails': 'error',
  error: 'error',
  fresh: 'warning',
  ignored: 'warning',
  restored: 'note',
};

const TEXT: Record<ClientOutcome, string> = {
  panic: 'panic',
  'open-fails': '/dev/liveupdate cannot be opened until the next reboot',
  error: 'error',
  fresh: 'a fresh allocation; the old memory stays withheld',
  ignored: 'ignored',
  restored: 'accepted',
};

/** Kernels that take this root FDT. For an ABI without a tagged release: those that wrote it. */
export function readersOf({ abi }: Target, component: ClientComponent): Reader[] {
  const load = (id: string | undefined): ClientAbi | undefined =>
    id === undefined ? undefined : getClientAbi(id);
  const releases = allReleases().filter(({ kho }) => kho.id === abi.id);
  if (releases.length > 0)
    return releases.map(({ name, clients }) => ({ name: `Linux ${name}`, format: load(clients[component]) }));
  const { clients } = abi.file;
  const own: Partial<Record<ClientComponent, string | undefined>> = {
    'kexec-metadata': clients.metadata,
    'kho-test': clients.khoTest,
    luo: clients.luo,
    memfd: clients.memfd,
    memblock: clients.memblock,
  };
  return [{ name: `kernels of ${abi.id}`, format: load(own[component]) }];
}

/** What the readers do under a condition, by the id of the row of their receiver tables. Formats without the row say nothing. */
export function rowVerdict(readers: readonly Reader[], id: string): ReaderVerdict | undefined {
  return verdict(
    readers.map(({ name, format }) => {
      const row = format?.file.receiver.find((candidate) => candidate.id === id);
      return row === undefined ? undefined : { name, outcome: row.outcome, why: reasonOf(row) };
    }),
  );
}

/**
 * What the readers make of a version.
 *
 * @param format id of the format that the bytes have; undefined when nobody knows the version
 * @param version as the bytes say it
 */
export function versionVerdict(
  readers: readonly Reader[],
  format: string | undefined,
  version: string | undefined,
): ReaderVerdict | undefined {
  return verdict(
    readers.map(({ name, format: own }) => {
      if (own === undefined) return undefined;
      if (own.id === format) return { name, outcome: 'restored', why: `reads ${own.id}` };
      const same =
        version === `${own.file.version.value}`
          ? own.file.sameVersion?.find(({ from }) => from === format)
          : undefined;
      if (same !== undefined) return { name, outcome: same.outcome, why: same.reason };
      const row = own.receiver('version');
      return { name, outcome: row.outcome, why: row.log === undefined ? `wants ${own.id}` : reasonOf(row) };
    }),
  );
}

function reasonOf({ log, note, condition }: ClientReceiverRow): string {
  return log === undefined ? (note ?? condition) : `"${log}"`;
}

function verdict(
  found: readonly ({ name: string; outcome: ClientOutcome; why: string } | undefined)[],
): ReaderVerdict | undefined {
  const groups = new Map<string, string[]>();
  const severities: Severity[] = [];
  let panics = false;
  for (const entry of found) {
    if (entry === undefined) continue;
    const { name, outcome, why } = entry;
    severities.push(SEVERITY[outcome]);
    panics ||= outcome === 'panic';
    const key = `${TEXT[outcome]} (${why.replace(/\.$/, '')})`;
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  if (severities.length === 0) return undefined;
  const taken = severities.filter((severity) => severity === 'note').length;
  return {
    severity: (['error', 'warning', 'note'] as const).find((severity) => severities.includes(severity))!,
    text: [...groups].map(([key, names]) => `${namesText(names)}: ${key}`).join('; '),
    panics,
    taken,
    others: severities.length - taken,
  };
}

/** `Linux 7.2 and 7.3`: the first word only once. */
function namesText(names: readonly string[]): string {
  return names.map((name, at) => (at === 0 ? name : name.replace(/^Linux /, ''))).join(' and ');
}
