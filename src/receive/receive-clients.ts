import { type ClientAbi, getClientAbi, type Release, type Target } from '../abi/index.js';
import { hex, printable } from '../bytes/index.js';
import { type ClientProblem, type DecodedClient, decodeClient } from '../clients/index.js';
import { type FdtNode, type FdtTree, property } from '../fdt/index.js';
import { cpuU64 } from '../handover/index.js';
import type { MapContents } from '../map/index.js';
import type { PhysicalMemory } from '../memory/index.js';
import { isNamed, OUTCOMES, rowOf, rowStep } from './client-rows.js';
import { logText } from './log-text.js';
import { inRam, type NextMachine } from './next-machine.js';
import { fileSteps, OPEN } from './receive-luo.js';
import { type BlockOrder, blockOrders, unpreserved } from './receive-preserved.js';
import { regionSteps } from './receive-regions.js';
import type { Outcome, Step } from './step.js';

/**
 * Clients that retrieve a subtree, in the order in which a booting kernel comes to them: memblock with its command line, LUO as an
 * early initcall, then the others. What LUO's files hold is looked at last, when somebody opens /dev/liveupdate.
 */
const ORDER = ['memblock', 'luo', 'kexec-metadata', 'kho-test'] as const;

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
  { next = {}, map }: { readonly next?: NextMachine; readonly map?: MapContents | undefined } = {},
): Step[] {
  const steps: Step[] = [];
  const late: Step[] = [];
  const context: Context = {
    memory,
    target,
    receiver,
    next,
    orderOf: map === undefined ? undefined : blockOrders(map, target.pageShift),
  };
  for (const component of ORDER) {
    const id = receiver.clients[component];
    if (id === undefined) continue;
    const abi = getClientAbi(id);
    const node = tree.root.children.find(({ name }) => isNamed(name, abi.file.subtree!));
    const own = receiveClient(abi, node, context);
    steps.push(...own.filter(({ what }) => what !== OPEN));
    late.push(...own.filter(({ what }) => what === OPEN));
    if (steps.some(({ outcome }) => outcome === 'panic')) return steps;
  }
  steps.push(...late);
  for (const { name } of tree.root.children) {
    const known = Object.values(receiver.clients).some((id) =>
      isNamed(name, getClientAbi(id).file.subtree ?? ''),
    );
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

/** What all clients need to know. */
interface Context {
  readonly memory: PhysicalMemory;
  readonly target: Target;
  readonly receiver: Release;
  readonly next: NextMachine;
  readonly orderOf: BlockOrder | undefined;
}

function receiveClient(abi: ClientAbi, node: FdtNode | undefined, context: Context): Step[] {
  const { memory, target } = context;
  const part = abi.file.subtree!;
  if (node === undefined) return [rowStep(part, 'retrieve the subtree', rowOf(abi, 'absent'), [])];
  const { address, size, fault } = retrieve(node, target);
  if (address === undefined || fault !== undefined) return [...faultSteps(abi, part, target, fault)];
  const client = decodeClient(part, address, size, memory, target);
  const version = versionStep(part, abi, client);
  if (version !== undefined) return [version];
  const steps = problemSteps(part, client, context);
  if (part === 'memblock') return steps.length > 0 ? steps : regionSteps(abi, client, context.next);
  if (part === 'LUO') steps.push(...fileSteps(client, context.receiver));
  if (steps.length === 0) {
    const lost = context.orderOf === undefined ? undefined : unpreserved(client, context.orderOf);
    if (lost !== undefined) {
      const row = rowOf(abi, 'failed');
      const log = row?.log === undefined ? {} : { log: row.log };
      const what = part === 'LUO' ? OPEN : 'restore';
      return [{ part, what, outcome: 'error', ...log, why: lost }];
    }
  }
  return steps.length > 0 ? steps : [rowStep(part, 'restore', rowOf(abi, 'ok'), okValues(client))];
}

/** A subtree without a usable address or size: what the client makes of the error. */
function* faultSteps(
  abi: ClientAbi,
  part: string,
  target: Target,
  fault: string | undefined,
): Generator<Step> {
  const row = rowOf(abi, 'retrieve') ?? rowOf(abi, 'absent');
  const step = rowStep(part, 'retrieve the subtree', row, [part, EINVAL]);
  const log = target.abi.file.receiver.log.sizeMissing;
  if (fault === 'blob-size' && log !== undefined) {
    const why = 'blob-size is missing or has the wrong length';
    yield { part, what: 'retrieve the subtree', outcome: step.outcome, log: logText(log, part), why };
  }
  yield { ...step, why: `the subtree cannot be retrieved: ${fault ?? 'no address'}` };
}

/** Defects of the bytes that the kernel notices, the first for each row of its table. */
function problemSteps(part: string, client: DecodedClient, context: Context): Step[] {
  const problems = client.problems.filter(
    ({ kind, fault, path }) =>
      kind !== 'note' &&
      kind !== 'limit' &&
      !UNNOTICED.has(fault) &&
      !(path === '/LUO/flbs' && fault === 'address-zero'),
  );
  const steps = firstOfEach(problems).map((problem) => problemStep(part, problem, context.next));
  // The first error ends the reading of all sessions.
  const end = steps.findIndex(({ outcome }) => outcome === 'open fails');
  return end < 0 ? steps : steps.slice(0, end + 1);
}

/**
 * Defects that no kernel sees: a text that fills its field is cut where it ends, a page beyond the size of a file stays there, and
 * pages may come in any order.
 */
const UNNOTICED: ReadonlySet<string> = new Set(['unterminated', 'index-beyond', 'index-order']);

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

function problemStep(part: string, problem: ClientProblem, next: NextMachine): Step {
  const { receiver, text, path, address, kind, fault } = problem;
  const why = `${path}${address === undefined ? '' : ` at ${hex(address)}`}: ${text}`;
  const hole =
    NOWHERE.has(fault) && next.ram !== undefined && address !== undefined && !inRam(next, address, 8n);
  const outcome: Outcome = hole
    ? 'panic'
    : receiver !== undefined
      ? OUTCOMES[receiver.outcome]
      : part === 'memblock'
        ? 'fresh allocation'
        : kind === 'not-in-dump'
          ? 'not checked'
          : 'error';
  const log = hole ? undefined : receiver?.log;
  return {
    part,
    what: part === 'LUO' && path.includes('/files') ? OPEN : 'restore',
    outcome,
    ...(log === undefined ? {} : { log }),
    why: hole ? `${why}; there is no memory, and the kernel reads it all the same` : why,
  };
}

/** Defects of an address that a kernel follows. */
const NOWHERE: ReadonlySet<string> = new Set(['not-in-dump', 'address-zero', 'address-misaligned']);

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

/** Characters of a release that the kernel keeps: its field has room for a NUL. */
const RELEASE_LENGTH = 64;

/** Values for the log line of a client that restores well. */
function okValues({ data }: DecodedClient): (string | number)[] {
  if (data?.kind === 'kexec-metadata')
    return [printable(data.previousRelease.value.slice(0, RELEASE_LENGTH)), data.kexecCount.value];
  return [];
}
