import { hex, printable } from '../../bytes/index.js';
import type { ClientProblem, DecodedClient, LuoFile, LuoSession } from '../../clients/index.js';

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
 * Whose a path of the reader is: `session 'vm-1', file 0 ('memfd-v2', token 0xa1)`. Empty for what belongs to no session, or when entries before
 * it could not be read, so that the numbers in the path are not those of the lists.
 */
export function ownerOf({ data, problems }: DecodedClient, path: string): string {
  const match = /^\/LUO\/sessions\/(\d+)(?:\/files\/(\d+))?/.exec(path);
  if (match === null || data?.kind !== 'luo' || problems.some(isGap)) return '';
  const session = data.sessions[Number(match[1])];
  if (session === undefined) return '';
  const file = match[2] === undefined ? undefined : session.files[Number(match[2])];
  return file === undefined ? sessionText(session) : fileText(session, file, Number(match[2]));
}

/** Whether a problem means that an entry is missing in a list. */
function isGap({ fault, path }: ClientProblem): boolean {
  return (fault === 'not-in-dump' || fault === 'address-range') && /\/(sessions|files)\/\d+$/.test(path);
}

/** A message with its owner in front. */
export function owned(client: DecodedClient, path: string, text: string): string {
  const owner = ownerOf(client, path);
  return owner === '' ? text : `${owner}: ${text}`;
}
