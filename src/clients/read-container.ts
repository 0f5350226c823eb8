import type { ClientAbi } from '../abi/index.js';
import type { ReadContext } from './context.js';

/** What an array's header says. */
interface ArrayHeader {
  readonly count: bigint;
}

/** What a block's header says. */
interface BlockHeader {
  readonly next: bigint;
  readonly count: bigint;
}

/**
 * Addresses of the entries of one folio of entries.
 *
 * @param name capacity of the format: `sessions`, `files`, `flbs`
 * @param told number of entries where the folio has no header
 */
export function arrayEntries(
  context: ReadContext,
  abi: ClientAbi,
  name: string,
  address: bigint,
  path: string,
  told = 0n,
): bigint[] {
  const { pageShift } = context.target;
  const { header, entry } = abi.file.capacities[name]!;
  const { entries, pages } = abi.capacity(name, pageShift);
  const receiver = [abi, `${name}-overflow`] as const;
  if (!context.visit(address, `the ${name} block`, path)) return [];
  context.refer(`${name} block`, path, address, BigInt(pages * context.pageSize));
  let count = told;
  let start = address;
  if (header !== undefined) {
    const fields = context.struct<ArrayHeader>(abi, header, address, path);
    if (fields === undefined) return [];
    count = fields.count.value;
    start += BigInt(abi.struct(header, pageShift).size);
  }
  if (count > BigInt(entries)) {
    const text = `${count} entries; the block holds ${entries}, which are read`;
    context.problem('array-overflow', path, text, { address, erratum: 'B34', receiver });
    count = BigInt(entries);
  }
  const size = BigInt(abi.struct(entry, pageShift).size);
  return Array.from({ length: Number(count) }, (_, index) => start + BigInt(index) * size);
}

/**
 * Addresses of the entries of a chain of KHO blocks. A block that the kernel refuses gives none; the rest of the chain is
 * still read. Source: kernel/liveupdate/kho_block.c, Linux 7.2 and 7.3.
 */
export function blockEntries(
  context: ReadContext,
  abi: ClientAbi,
  name: string,
  head: bigint,
  path: string,
): bigint[] {
  const { pageShift } = context.target;
  const { header, entry } = abi.file.capacities[name]!;
  const { entries: capacity } = abi.capacity(name, pageShift);
  const start = BigInt(abi.struct(header!, pageShift).size);
  const size = BigInt(abi.struct(entry, pageShift).size);
  const limit = abi.file.limits.blocks ?? Number.POSITIVE_INFINITY;
  const list: bigint[] = [];
  let blocks = 0;
  for (let at = head; at !== 0n; blocks++) {
    if (blocks >= limit) {
      const receiver = [abi, `${name}-too-many`] as const;
      context.problem('block-limit', path, `more than ${limit} blocks`, { address: at, receiver });
      break;
    }
    if (!context.visit(at, `block ${blocks}`, path, { receiver: [abi, `${name}-cycle`] })) break;
    context.refer(`${name} block`, path, at, BigInt(context.pageSize));
    const fields = context.struct<BlockHeader>(abi, header!, at, path);
    if (fields === undefined) break;
    const count = fields.count.value;
    if (count >= 1n && count <= BigInt(capacity)) {
      for (let index = 0n; index < count; index++) list.push(at + start + index * size);
    } else {
      badBlock(context, abi, name, path, {
        number: blocks,
        count,
        capacity,
        last: fields.next.value === 0n,
        address: fields.count.address,
      });
    }
    at = fields.next.value;
  }
  return list;
}

function badBlock(
  context: ReadContext,
  abi: ClientAbi,
  name: string,
  path: string,
  block: { number: number; count: bigint; capacity: number; last: boolean; address: bigint },
): void {
  const { number, count, capacity, last, address } = block;
  const trailing = count === 0n && last && number > 0;
  const text = trailing
    ? `block ${number}, the last one, is empty: the next kernel refuses the chain`
    : `block ${number} has ${count} entries; expected 1 to ${capacity}`;
  context.problem(trailing ? 'block-empty-last' : 'block-count', path, text, {
    address,
    receiver: [abi, `${name}-block`],
    ...(trailing ? { erratum: 'B9' } : {}),
  });
}
