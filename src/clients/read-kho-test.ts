import { clientAbisOf, pageSizeName } from '../abi/index.js';
import { hex, readU64 } from '../bytes/index.js';
import { child, type FdtNode, property } from '../fdt/index.js';
import { decodeDescriptor } from '../vmalloc/index.js';
import { addFolio, foldChecksum, sumWords } from './checksum.js';
import type { ReadContext } from './context.js';
import type { ChecksumStatus, KhoTestData } from './model.js';
import { type ClientTree, firstOf, formatsOf, readTree } from './read-fdt.js';
import { vmallocPages } from './read-memfd.js';
import type { ReadResult } from './read-small.js';

/** Bytes of folios that are summed; the real test takes some MiB. */
const MAX_SUMMED = 1n << 30n;

type Folio = KhoTestData['folios'][number];

/** Reads the self-test and recomputes its checksum. Source: lib/test_kho.c, Linux 6.17 to 7.3. */
export function readKhoTest(
  context: ReadContext,
  address: bigint,
  size: bigint | undefined,
  path: string,
): ReadResult<KhoTestData> {
  const tree = readTree(context, address, size, path);
  if (tree === undefined) return {};
  const latest = clientAbisOf('kho-test').at(-1)!;
  const facts = { receiver: [latest, 'failed'] as const };
  const { root } = tree.tree;
  const strings = tree.compatible(root, facts);
  if (strings === undefined) return {};
  const version = firstOf(strings);
  const formats = formatsOf(context, 'kho-test', strings, `${path}/compatible`);
  if (formats.length === 0) return { version };
  const magic = tree.number(root, 'magic', 4, facts);
  const wanted = BigInt(latest.file.limits.magic!);
  if (magic !== undefined && magic.value !== wanted) {
    const text = `magic is ${hex(magic.value)}; expected ${hex(wanted)}`;
    context.problem('magic', `${path}/magic`, text, { ...facts, address: magic.address });
  }
  const data = child(root, 'data');
  if (data === undefined) {
    context.problem('node', `${path}/data`, 'the node is missing', { ...facts, address });
    return { version };
  }
  const count = tree.number(data, 'nr_folios', 4, facts);
  const checksum = tree.number(data, 'csum', 4, facts);
  const form = count === undefined ? undefined : formOf(context, tree, data, Number(count.value));
  const folios =
    form === undefined || count === undefined
      ? []
      : listFolios(context, tree, data, form, Number(count.value));
  for (const folio of folios) {
    const bytes = BigInt(context.pageSize) << BigInt(folio.order);
    context.refer('kho_test folio', `${path}/data/folios_info`, folio.address, bytes);
  }
  const complete = count !== undefined && folios.length === Number(count.value);
  const { status, computed } = sum(context, complete ? folios : undefined, checksum?.value);
  if (status === 'mismatch') {
    const text = `the folios' checksum is ${hex(computed!)}; csum is ${hex(checksum!.value)}`;
    context.problem('checksum', `${path}/data/csum`, text, { ...facts, address: checksum!.address });
  }
  const small = (value: typeof magic) =>
    value === undefined ? undefined : { value: Number(value.value), address: value.address };
  return {
    format: formats.find(({ file }) => file.khoTest!.foliosInfo === form)?.id,
    version,
    data: {
      kind: 'kho-test',
      magic: small(magic),
      folioCount: small(count),
      form,
      folios,
      checksum: small(checksum),
      computed,
      status,
    },
  };
}

/** Which form folios_info has: by its length; with two folios by what a descriptor can be (erratum B10). */
function formOf(context: ReadContext, tree: ClientTree, data: FdtNode, count: number): KhoTestData['form'] {
  const path = tree.pathOf(data, 'folios_info');
  const info = property(data, 'folios_info');
  const receiver = [clientAbisOf('kho-test').at(-1)!, 'failed'] as const;
  if (info === undefined) {
    context.problem('property', path, 'the property is missing', { address: tree.at(data.offset), receiver });
    return undefined;
  }
  const inline = info.value.length === 8 * count;
  const vmalloc = info.value.length === 16;
  // Without preserved vmalloc areas there is only one form.
  if (inline && vmalloc && context.target.abi.file.vmalloc !== undefined) {
    const { order, flags, totalPages, first } = decodeDescriptor(context.target, info.value);
    const fits = totalPages === 1 && order === 0 && flags === 1 && first % BigInt(context.pageSize) === 0n;
    const form = fits ? 'vmalloc' : 'inline';
    const text = `16 bytes for two folios: both forms have them; read as ${form}, because the second word ${fits ? 'is' : 'is not'} that of a descriptor of one page`;
    context.problem('list-ambiguous', path, text, { address: tree.at(info.valueOffset), erratum: 'B10' });
    return form;
  }
  if (inline) return 'inline';
  if (vmalloc && context.target.abi.file.vmalloc !== undefined) return 'vmalloc';
  const text = `${info.value.length} bytes; expected 16 or ${8 * count}`;
  context.problem('property', path, text, { address: tree.at(info.valueOffset), receiver });
  return undefined;
}

function listFolios(
  context: ReadContext,
  tree: ClientTree,
  data: FdtNode,
  form: NonNullable<KhoTestData['form']>,
  count: number,
): Folio[] {
  const path = tree.pathOf(data, 'folios_info');
  const info = property(data, 'folios_info')!;
  const at = tree.at(info.valueOffset);
  const { byteOrder } = context.target;
  const folios: Folio[] = [];
  const take = (bytes: Uint8Array, entries: number, from: bigint): void => {
    for (let index = 0; index < entries && context.spend(path); index++) {
      const folio = folioOf(context, readU64(bytes, 8 * index, byteOrder), from + BigInt(8 * index), path);
      if (folio !== undefined) folios.push(folio);
    }
  };
  if (form === 'inline') {
    take(info.value, count, at);
    return folios;
  }
  const facts = { address: at, receiver: [clientAbisOf('kho-test').at(-1)!, 'failed'] as const };
  // One version string covers ABIs with and without vmalloc areas, so a blob of the later form is also read as the earlier ABI.
  if (context.target.abi.file.vmalloc === undefined) {
    context.problem('area', path, 'this ABI has no preserved vmalloc areas', facts);
    return folios;
  }
  const pages = vmallocPages(context, decodeDescriptor(context.target, info.value), path, facts);
  if (pages === undefined) return folios;
  const perPage = context.pageSize / 8;
  if (count > pages.count * perPage) {
    const text = `nr_folios is ${count}; the area holds ${pages.count * perPage}, which are read`;
    context.problem('list-overflow', path, text, { ...facts, erratum: 'B34' });
  }
  let left = Math.min(count, pages.count * perPage);
  for (const page of pages.addresses()) {
    if (left === 0) break;
    const here = Math.min(left, perPage);
    left -= here;
    const bytes = context.read(page, 8 * here, 'a page of the list of folios', path);
    if (bytes !== undefined) take(bytes, here, page);
  }
  return folios;
}

function folioOf(context: ReadContext, info: bigint, at: bigint, path: string): Folio | undefined {
  const mask = BigInt(context.pageSize - 1);
  const order = Number(info & mask);
  const address = info & ~mask;
  const highest = context.target.abi.file.ranges.maxFolioOrder[pageSizeName(context.target.pageShift)];
  const aligned = order <= highest && address % (BigInt(context.pageSize) << BigInt(order)) === 0n;
  if (aligned && address !== 0n) return { address, order, at };
  const text = `${hex(info)} is no folio of order 0 to ${highest}`;
  context.problem('folio-entry', path, text, { address: at });
  return undefined;
}

/** Sums the folios as the target's machine does, if all of them are in the dump. */
function sum(
  context: ReadContext,
  folios: readonly Folio[] | undefined,
  recorded: bigint | undefined,
): { status: ChecksumStatus; computed: number | undefined } {
  if (folios === undefined || recorded === undefined) return { status: 'not computed', computed: undefined };
  const { memory, target, pageSize } = context;
  const bytes = folios.reduce((total, { order }) => total + (BigInt(pageSize) << BigInt(order)), 0n);
  if (bytes > MAX_SUMMED) return { status: 'not computed', computed: undefined };
  let computed = 0;
  for (const { address, order } of folios) {
    let words = 0;
    for (let page = 0; page < 2 ** order; page++) {
      const here = memory.read(address + BigInt(page * pageSize), pageSize);
      if (here === undefined) return { status: 'not in dump', computed: undefined };
      words = sumWords(here, target.byteOrder, words);
    }
    computed = addFolio(computed, words, target.machine);
  }
  const exact = BigInt(computed) === recorded;
  const folded = foldChecksum(computed) === foldChecksum(Number(recorded));
  return { status: exact ? 'match' : folded ? 'match-folded' : 'mismatch', computed };
}
