import { getClientAbi, type Release } from '../abi/index.js';
import { printable } from '../bytes/index.js';
import type { DecodedClient } from '../clients/index.js';
import { memfdTrouble } from './receive-preserved.js';
import type { Outcome, Step } from './step.js';

/** What LUO does when its device is opened for the first time. */
export const OPEN = 'open /dev/liveupdate';

/** What LUO's files meet besides defects of their bytes: handlers that are not there, files that hide others. */
export function fileSteps({ data }: DecodedClient, receiver: Release): Step[] {
  if (data?.kind !== 'luo') return [];
  const step = (outcome: Outcome, why: string): Step[] => [{ part: 'LUO', what: OPEN, outcome, why }];
  const memfd = receiver.clients.memfd;
  const own = memfd === undefined ? undefined : `${getClientAbi(memfd).file.version.value}`;
  for (const { name, files } of data.sessions) {
    const where = `session '${printable(name.value)}'`;
    const foreign = files.find(({ compatible }) => compatible.value !== own);
    if (foreign !== undefined)
      return step(
        'open fails',
        `${where} has a '${printable(foreign.compatible.value)}', this kernel knows ${own === undefined ? 'no files' : `'${own}'`}`,
      );
  }
  for (const { name, files } of data.sessions) {
    const where = `session '${printable(name.value)}'`;
    const tokens = new Set(files.map(({ token }) => token.value));
    if (tokens.size < files.length)
      return step('error', `${where} has two files of one token: the second cannot be reached`);
    for (const file of files) {
      const trouble = memfdTrouble(file);
      if (trouble !== undefined) return step('error', `${where}: ${trouble}`);
    }
  }
  return [];
}
