import { decodeHandover, type EncodedHandover } from '../handover/index.js';

/** A subtree that must be there. */
interface Expected {
  readonly name: string;
  /** `alloc`: the arena decides it, and the page comparison proves it. Undefined: a node without address. */
  readonly address: bigint | 'alloc' | undefined;
  readonly size: bigint | undefined;
}

/**
 * Subtrees that a scenario must have left, worked out from its lines and from what the operations returned, as text. It is a
 * second, much simpler model than the producer: lists of names.
 */
export function expectedSubtrees(handover: EncodedHandover): string[] {
  const { target, fdt } = handover;
  const { fdt: rules } = target.abi.file;
  const list = rules.writer === 'sequential' ? queued(handover) : edited(handover);
  const hasSize = rules.subtree.some(({ role }) => role === 'size');
  const actual = decodeHandover(fdt, { byteOrder: target.byteOrder, abi: target.abi }).subtrees;
  return list.map(({ name, address, size }, index) => {
    const known = address === 'alloc' ? actual[index]?.address : address;
    const shownSize = size ?? actual[index]?.size;
    return `${name} ${known} ${hasSize && address !== undefined ? shownSize : ''}`.trim();
  });
}

/** Names of the clients that register by themselves, in the order of boot. */
function bootClients({ scenario, target }: EncodedHandover): Expected[] {
  const { boot, init } = scenario;
  const metadata =
    boot.metadata !== undefined || (init === 'kernel' && target.abi.file.clients.metadata !== undefined);
  const names = [
    ...(metadata ? ['kexec-metadata'] : []),
    ...(boot.khoTest === undefined ? [] : ['kho_test']),
    ...(boot.luo === undefined ? [] : ['LUO']),
    ...(boot.memblock.length === 0 ? [] : ['memblock']),
  ];
  return names.map((name) => ({ name, address: 'alloc', size: undefined }));
}

/** An FDT that is edited at once: the newest comes first. */
function edited(handover: EncodedHandover): Expected[] {
  const list = bootClients(handover).reverse();
  for (const [index, operation] of handover.scenario.operations.entries()) {
    const { result } = handover.results[index]!;
    if (operation.kind === 'rmsubtree') remove(list, operation.address);
    if (operation.kind !== 'subtree') continue;
    // A raw libfdt error leaves a node without address behind.
    if (result === 0) list.unshift(operation);
    else if (result === -3) list.unshift({ ...operation, address: undefined });
  }
  return list;
}

/** An FDT that finalize writes from a queue: clients first, then the oldest; what is queued later is not in it. */
function queued(handover: EncodedHandover): Expected[] {
  const queue: Expected[] = [];
  let written: Expected[] = [];
  const finalize = (result: number | undefined): void => {
    if (result === 0) written = [...bootClients(handover), ...queue];
  };
  for (const [index, operation] of handover.scenario.operations.entries()) {
    const { result } = handover.results[index]!;
    if (operation.kind === 'rmsubtree') remove(queue, operation.address);
    else if (operation.kind === 'subtree' && result === 0) queue.push(operation);
    else if (operation.kind === 'finalize') finalize(result);
  }
  finalize(handover.finalize);
  return written;
}

function remove(list: Expected[], address: bigint): void {
  const at = list.findIndex((expected) => expected.address === address);
  if (at >= 0) list.splice(at, 1);
}
