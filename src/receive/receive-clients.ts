import {
  type ClientAbi,
  type ClientOutcome,
  type ClientReceiverRow,
  getClientAbi,
  type Release,
  type Target,
} from '../abi/index.js';
import { hex, printable } from '../bytes/index.js';
import { type ClientProblem, type DecodedClient, decodeClient } from '../clients/index.js';
import { type FdtNode, type FdtTree, property } from '../fdt/index.js';
import { cpuU64 } from '../handover/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { logText } from './log-text.js';
import type { Outcome, Step } from './step.js';

/** Outcomes of the client files as outcomes of steps. */
const OUTCOMES: Record<ClientOutcome, Outcome> = {
  fresh: 'fresh allocation',
  ignored: 'ignored',
  panic: 'panic',
  'open-fails': 'open fails',
  restored: 'restored',
  error: 'error',
};

/** Clients that retrieve a subtree, in the order in which a booting kernel comes to them. */
const ORDER = ['kexec-metadata', 'kho-test', 'luo', 'memblock'] as const;

const EINVAL = -22;

/**
 * What each client of the next kernel makes of its subtree, from the receiver tables of abi/clients. A panic ends it.
 *
 * @param receiver release of the next kernel, whose formats decide
 */
export function receiveClients(
  tree: FdtTree,
  memory: PhysicalMemory,
  target: Target,
  receiver: Release,
): Step[] {
  const steps: Step[] = [];
  for (const component of ORDER) {
    const id = receiver.clients[component];
    if (id === undefined) continue;
    const abi = getClientAbi(id);
    const node = tree.root.children.find(({ name }) => name === abi.file.subtree);
    steps.push(...receiveClient(abi, node, memory, target, receiver));
    if (steps.some(({ outcome }) => outcome === 'panic')) return steps;
  }
  for (const { name } of tree.root.children) {
    const known = Object.values(receiver.clients).some((id) => getClientAbi(id).file.subtree === name);
    if (!known)
      steps.push({
        part: printable(name),
        what: 'look for a client',
        outcome: 'ignored',
        why: 'this kernel has no client of that name; the blob stays withheld',
      });
  }
  return steps;
}

function receiveClient(
  abi: ClientAbi,
  node: FdtNode | undefined,
  memory: PhysicalMemory,
  target: Target,
  receiver: Release,
): Step[] {
  const part = abi.file.subtree!;
  if (node === undefined) return [rowStep(part, 'retrieve the subtree', rowOf(abi, 'absent'), [])];
  const { address, size, fault } = retrieve(node, target);
  if (address === undefined || fault !== undefined) {
    const log = target.abi.file.receiver.log.sizeMissing;
    const steps: Step[] = [];
    if (fault === 'blob-size' && log !== undefined)
      steps.push({
        part,
        what: 'retrieve the subtree',
        outcome: 'error',
        log: logText(log, part),
        why: 'blob-size is missing or has the wrong length',
      });
    const row = rowOf(abi, 'retrieve') ?? rowOf(abi, 'absent');
    steps.push({
      ...rowStep(part, 'retrieve the subtree', row, [part, EINVAL]),
      why: `the subtree cannot be retrieved: ${fault ?? 'no address'}`,
    });
    return steps;
  }
  const client = decodeClient(part, address, size, memory, target);
  const version = versionStep(part, abi, client);
  if (version !== undefined) return [version];
  const problems = client.problems.filter(({ kind }) => kind !== 'note' && kind !== 'limit');
  if (problems.length > 0) return firstOfEach(problems).map((problem) => problemStep(part, problem));
  const memfd = receiver.clients.memfd;
  const foreign = memfd === undefined ? [] : foreignFiles(client, memfd);
  if (foreign.length > 0)
    return foreign.map((why): Step => ({ part, what: 'open /dev/liveupdate', outcome: 'open fails', why }));
  return [rowStep(part, 'restore', rowOf(abi, 'ok'), okValues(client))];
}

/** What kho_retrieve_subtree reads: the address, and in ABIs that have it the size, each of eight bytes. */
function retrieve(
  node: FdtNode,
  target: Target,
): { address: bigint | undefined; size: bigint | undefined; fault: 'address' | 'blob-size' | undefined } {
  const read = (role: 'phys' | 'size'): bigint | 'absent' | 'wrong' => {
    const rule = target.abi.file.fdt.subtree.find((candidate) => candidate.role === role);
    if (rule === undefined) return 'absent';
    const found = property(node, rule.name);
    return found?.value.length === 8 ? cpuU64(found.value, target.byteOrder) : 'wrong';
  };
  const address = read('phys');
  const size = read('size');
  return {
    address: typeof address === 'bigint' ? address : undefined,
    size: typeof size === 'bigint' ? size : undefined,
    fault: typeof address !== 'bigint' ? 'address' : size === 'wrong' ? 'blob-size' : undefined,
  };
}

/** The step where a client finds a version that is not its own, or its own version with another format behind it. */
function versionStep(part: string, abi: ClientAbi, client: DecodedClient): Step | undefined {
  const said = client.version;
  if (client.format === abi.id || said === undefined) return undefined;
  const own = `${abi.file.version.value}`;
  const what = 'compare the version';
  if (said.value === own) {
    const same = abi.file.sameVersion?.find(({ from }) => from === client.format);
    if (same === undefined) return undefined;
    return { part, what, outcome: OUTCOMES[same.outcome], why: `${client.format}: ${same.reason}` };
  }
  const row = rowOf(abi, 'version');
  const why = `the blob says '${printable(said.value)}' at ${hex(said.address)}, this kernel wants '${own}'`;
  const values =
    abi.file.version.scheme === 'u32' ? [said.value, own] : part === 'LUO' ? [own] : [part, own, 1];
  return { ...rowStep(part, what, row, values), why };
}

/** Files of LUO whose handler this kernel does not have. */
function foreignFiles(client: DecodedClient, memfd: string): string[] {
  if (client.data?.kind !== 'luo') return [];
  const own = `${getClientAbi(memfd).file.version.value}`;
  const other = client.data.sessions.flatMap(({ name, files }) =>
    files
      .filter(({ memfd: data, compatible }) => data !== undefined && compatible.value !== own)
      .map(
        ({ compatible }) =>
          `session '${printable(name.value)}' has a '${printable(compatible.value)}', this kernel knows '${own}'`,
      ),
  );
  return other.slice(0, 1);
}

function problemStep(part: string, problem: ClientProblem): Step {
  const { receiver, text, path, address, kind } = problem;
  const why = `${path}${address === undefined ? '' : ` at ${hex(address)}`}: ${text}`;
  const outcome: Outcome =
    receiver === undefined ? (kind === 'not-in-dump' ? 'not checked' : 'error') : OUTCOMES[receiver.outcome];
  return {
    part,
    what: 'restore',
    outcome,
    ...(receiver?.log === undefined ? {} : { log: receiver.log }),
    why,
  };
}

/** The first problem for each row of the receiver's table: the kernel stops there too. */
function firstOfEach(problems: readonly ClientProblem[]): ClientProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ receiver, kind }) => {
    const key = receiver?.id ?? kind;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Values for the log line of a client that restores well. */
function okValues({ data }: DecodedClient): (string | number)[] {
  if (data?.kind === 'kexec-metadata') return [printable(data.previousRelease.value), data.kexecCount.value];
  if (data?.kind === 'memblock') return data.regions.map(({ name }) => printable(name.value));
  return [];
}

function rowOf(abi: ClientAbi, id: string): ClientReceiverRow | undefined {
  return abi.file.receiver.find((row) => row.id === id);
}

function rowStep(
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
