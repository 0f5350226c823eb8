import { hex, printable } from '../../bytes/index.js';
import type { DecodedClient, LuoData, LuoFile, LuoSession } from '../../clients/index.js';
import type { ValidationContext } from '../context.js';
import type { FindingFacts, Severity } from '../finding.js';
import type { Rule } from '../rule.js';

/** Longest name that a message repeats. */
const NAME_LIMIT = 64;

/** A name of untrusted bytes in quotes. */
export function quoted(name: string): string {
  return `'${printable(name.slice(0, NAME_LIMIT))}${name.length > NAME_LIMIT ? '…' : ''}'`;
}

/** A session for people. */
export function sessionText({ name }: LuoSession): string {
  return `session ${quoted(name.value)}`;
}

/** A file of a session for people: with what it is and its token. */
export function fileText(session: LuoSession, { compatible, token }: LuoFile, index: number): string {
  return `${sessionText(session)}, file ${index} (${quoted(compatible.value)}, token ${hex(token.value)})`;
}

/**
 * Whose a path of the reader is: `session 'vm-1', file 0 ('memfd-v2', token 0xa1)`. Empty for what belongs to no session, or when entries
 * could not be read, so that the numbers in the paths are not those of the lists.
 */
export function ownerOf(client: DecodedClient, path: string): string {
  const { data } = client;
  const match = /^\/LUO\/sessions\/(\d+)(?:\/files\/(\d+))?/.exec(path);
  if (match === null || data?.kind !== 'luo' || hasGaps(client, data)) return '';
  const session = data.sessions[Number(match[1])];
  if (session === undefined) return '';
  const file = match[2] === undefined ? undefined : session.files[Number(match[2])];
  return file === undefined ? sessionText(session) : fileText(session, file, Number(match[2]));
}

const gaps = new WeakMap<DecodedClient, boolean>();

/** Whether an entry is missing in a list because it could not be read. */
function hasGaps(client: DecodedClient, data: LuoData): boolean {
  let found = gaps.get(client);
  if (found !== undefined) return found;
  const lost = client.problems.filter(
    ({ fault, path }) =>
      (fault === 'not-in-dump' || fault === 'address-range') && /\/(sessions|files)\/\d+$/.test(path),
  );
  // A file whose memfd could not be read has the same path as one whose entry could not.
  const memfds = new Set(
    lost.length === 0 ? [] : data.sessions.flatMap(({ files }) => files.map((file) => file.data.value)),
  );
  found = lost.some(({ address }) => address === undefined || !memfds.has(address));
  gaps.set(client, found);
  return found;
}

/** A message with its owner in front. */
export function owned(client: DecodedClient, path: string, text: string): string {
  const owner = ownerOf(client, path);
  return owner === '' ? text : `${owner}: ${text}`;
}

/** Facts of a finding without the input. */
export type Facts = Omit<FindingFacts, 'input'>;

/** Reports a finding, or only counts it when the rule has been listed often enough: then no text is made. */
export function say(
  context: ValidationContext,
  rule: Rule,
  facts: () => Facts,
  severity: Severity = rule.severity,
): void {
  if (context.full(rule)) context.count(rule, 1, severity);
  else context.reportMemory(rule, facts(), severity);
}
