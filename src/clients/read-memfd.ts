import type { ClientAbi } from '../abi/index.js';
import { hex } from '../bytes/index.js';
import { readVmalloc, type VmallocDescriptor } from '../vmalloc/index.js';
import type { LocatedFields, ProblemFacts, ReadContext } from './context.js';
import { FolioEntries } from './memfd-entries.js';
import type { MemfdData } from './model.js';

interface MemfdFields {
  readonly pos: bigint;
  readonly size: bigint;
  readonly seals?: number;
  readonly flags?: number;
  readonly nr_folios: bigint;
  readonly folios: DescriptorFields;
}

/** A kho_vmalloc inside another structure. */
export interface DescriptorFields {
  readonly first: bigint;
  readonly total_pages: number;
  readonly flags: number;
  readonly order: number;
}

/** Bits that writers set in kho_vmalloc.flags. */
const VMALLOC_FLAGS = 0x3;

/** Reads a memfd that a file points to. Source: mm/memfd_luo.c, Linux 6.19 to 7.3. */
export function readMemfd(
  context: ReadContext,
  abi: ClientAbi,
  address: bigint,
  path: string,
): MemfdData | undefined {
  if (!context.visit(address, 'the structure of the memfd', path)) return undefined;
  context.refer('memfd structure', path, address, BigInt(context.pageSize));
  const fields = context.struct<MemfdFields>(abi, 'memfd_luo_ser', address, path);
  if (fields === undefined) return undefined;
  checkFlags(context, abi, fields, path);
  const { first, total_pages: totalPages, flags, order } = fields.folios.value;
  const descriptor = { first, totalPages, flags, order };
  const entries = new FolioEntries(context, abi, path, fields.size.value);
  readArray(context, abi, fields, descriptor, path, entries);
  entries.finish();
  return {
    format: abi.id,
    position: fields.pos,
    size: fields.size,
    seals: fields.seals,
    flags: fields.flags,
    folioCount: fields.nr_folios,
    folios: { address: fields.folios.address, ...descriptor },
    runs: entries.runs,
    read: entries.read,
    omitted: entries.omitted,
  };
}

function checkFlags(
  context: ReadContext,
  abi: ClientAbi,
  fields: LocatedFields<MemfdFields>,
  path: string,
): void {
  const { seals, flags } = fields;
  const known = abi.file.limits.seals;
  if (seals !== undefined && known !== undefined && (seals.value & ~known) !== 0) {
    const text = `unknown seals in ${hex(seals.value)}; known are the bits of ${hex(known)}`;
    context.problem('memfd-seals', path, text, { address: seals.address, receiver: [abi, 'seals'] });
  }
  if (flags !== undefined && flags.value !== 0) {
    const text = `flags are ${hex(flags.value)}; expected 0`;
    context.problem('memfd-flags', path, text, { address: flags.address, receiver: [abi, 'flags'] });
  }
}

function readArray(
  context: ReadContext,
  abi: ClientAbi,
  fields: LocatedFields<MemfdFields>,
  descriptor: VmallocDescriptor,
  path: string,
  entries: FolioEntries,
): void {
  const facts = { address: fields.folios.address, receiver: [abi, 'vmalloc'] as const };
  const pages = vmallocPages(context, descriptor, `${path}/folios`, facts);
  if (pages === undefined) return;
  const size = abi.struct('memfd_luo_folio_ser', context.target.pageShift).size;
  const room = BigInt(pages.count) * BigInt(Math.floor(context.pageSize / size));
  let left = fields.nr_folios.value;
  if (left > room) {
    const text = `nr_folios is ${left}; the area holds ${room}, which are read`;
    context.problem('list-overflow', path, text, {
      address: fields.nr_folios.address,
      erratum: 'B34',
      receiver: [abi, 'overflow'],
    });
    left = room;
  }
  for (const page of pages.addresses()) {
    if (left === 0n) break;
    const perPage = BigInt(context.pageSize / size);
    const here = Number(left < perPage ? left : perPage);
    left -= BigInt(here);
    if (!context.firstOfArea(page)) {
      const text = `a page of the folio array at ${hex(page)} is reached twice; the rest is not read`;
      context.problem('reached-twice', `${path}/folios`, text, { address: page });
      entries.skip(here);
      break;
    }
    const bytes = context.read(page, here * size, 'a page of the folio array', `${path}/folios`);
    if (bytes === undefined) entries.skip(here);
    else entries.page(bytes, here, page);
  }
}

/** Pages of a vmalloc area in the order of the mapping; undefined and a problem when its chunk list is damaged. */
export function vmallocPages(
  context: ReadContext,
  descriptor: VmallocDescriptor,
  path: string,
  facts: ProblemFacts,
): { count: number; addresses: () => Generator<bigint> } | undefined {
  if (descriptor.first === 0n && descriptor.totalPages === 0) return { count: 0, addresses: function* () {} };
  if ((descriptor.flags & ~VMALLOC_FLAGS) !== 0) {
    const text = `kho_vmalloc.flags is ${hex(descriptor.flags)}; known are the bits of ${hex(VMALLOC_FLAGS)}`;
    context.problem('area-flags', path, text, { address: facts.address, erratum: 'B12' });
  }
  // The oldest ABI has no preserved vmalloc areas, so nobody can say how a chunk looks.
  if (context.target.abi.file.vmalloc === undefined) {
    context.problem('area', path, 'this ABI has no preserved vmalloc areas', facts);
    return undefined;
  }
  if (!context.spendPages(path, descriptor.totalPages)) return undefined;
  const chunks = context.attempt(
    'area',
    path,
    () => readVmalloc(context.target, context.memory, descriptor),
    facts,
  );
  if (chunks === undefined) return undefined;
  const shared = chunks.find(({ address }) => !context.firstOfArea(address));
  if (shared !== undefined) {
    const text = `the chunk at ${hex(shared.address)} belongs to another area too`;
    context.problem('reached-twice', path, text, { ...facts, address: shared.address });
    return undefined;
  }
  const size = BigInt(context.pageSize);
  const run = size << BigInt(descriptor.order);
  for (const { address, entries } of chunks) {
    context.refer('vmalloc chunk', path, address, size);
    for (const entry of entries) context.refer('vmalloc pages', path, entry, run);
  }
  return {
    count: descriptor.totalPages,
    *addresses() {
      for (const { entries } of chunks) {
        for (const entry of entries) {
          for (let page = 0n; page < 1n << BigInt(descriptor.order); page++) yield entry + page * size;
        }
      }
    },
  };
}
