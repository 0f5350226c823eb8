import type { Target } from '../../abi/index.js';
import { hex, printable } from '../../bytes/index.js';
import type { DecodedClient } from '../../clients/index.js';
import { property, readFdt } from '../../fdt/index.js';
import { decodeDescriptor, type VmallocDescriptor } from '../../vmalloc/index.js';
import type { RuleTable, ValidationContext } from '../context.js';
import type { Rule } from '../rule.js';
import { surveyVmalloc, type VmallocFaultKind } from '../vmalloc-survey.js';
import { makeRules, SOURCE } from './build.js';

const R = makeRules('vmalloc', 'preserved vmalloc areas that clients hold; needs memory', {
  'vmalloc-first': [
    301,
    'error',
    'an area with pages has no chunk',
    SOURCE.vmalloc,
    'The restore finds fewer pages than total_pages and fails.',
  ],
  'vmalloc-chunk-misaligned': [
    302,
    'error',
    'a chunk is not page aligned',
    SOURCE.vmalloc,
    'The kernel maps the page that holds the address and reads entries from its middle.',
  ],
  'vmalloc-chunk-not-in-dump': [
    303,
    'error',
    'a chunk is not in the dump',
    SOURCE.vmalloc,
    'The chain leads to memory that the dump does not hold: damage, or a dump without kernel pages.',
  ],
  'vmalloc-cycle': [
    304,
    'error',
    'a chunk is reached twice',
    SOURCE.vmalloc,
    'The kernel notices only on the second visit, when the chunk is no preserved page any more: a warning, and no area.',
  ],
  'vmalloc-too-many-chunks': [
    305,
    'error',
    'more chunks than the area needs',
    SOURCE.vmalloc,
    'The number of entries passes total_pages and the restore fails; what was restored is not given back.',
  ],
  'vmalloc-short-chunk': [
    306,
    'error',
    'a chunk that is not full has a next one',
    SOURCE.vmalloc,
    'Writers fill each chunk before they take another. Readers stop a chunk at the first 0 and go on with the next.',
  ],
  'vmalloc-tail': [
    307,
    'warning',
    'entries follow the zero that ends a chunk',
    SOURCE.vmalloc,
    'Readers stop at the first 0: what stands behind it is lost.',
  ],
  'vmalloc-entry-misaligned': [
    308,
    'error',
    'an entry is not page aligned',
    SOURCE.vmalloc,
    'Entries are addresses of pages. The kernel drops the low bits and maps the wrong page.',
  ],
  'vmalloc-count': [
    309,
    'error',
    'the number of entries contradicts total_pages',
    SOURCE.vmalloc,
    'The restore fails unless the pages of all entries are exactly total_pages.',
  ],
  'vmalloc-flags': [
    310,
    'warning',
    'unknown flags',
    'erratum B12, Linux 6.18 to 7.3',
    'The receiver drops bits that it does not know without a word: what they meant is lost.',
  ],
  'vmalloc-order': [
    311,
    'error',
    'an order that no mapping has',
    SOURCE.vmalloc,
    'order is used as a shift without a bound.',
  ],
  'vmalloc-huge-6.18': [
    312,
    'warning',
    'a huge-mapped area for a receiver that restores it wrong',
    'erratum B11, Linux 6.18',
    'Receivers of 6.18 fill the page array of each run with its first page.',
    'areas of order 1 and up under kho-v1',
  ],
  'vmalloc-entry-not-preserved': [
    313,
    'error',
    'a page of the area is not preserved',
    SOURCE.vmalloc,
    'The next kernel gives the page to somebody else before the area is restored, and the restore fails or returns foreign data.',
  ],
  'vmalloc-chunk-not-preserved': [
    314,
    'error',
    'a chunk is not preserved',
    SOURCE.vmalloc,
    'The next kernel overwrites the list before it is read.',
  ],
});

const BY_KIND: Record<VmallocFaultKind, Rule> = {
  'chunk-misaligned': R['vmalloc-chunk-misaligned'],
  'chunk-not-in-dump': R['vmalloc-chunk-not-in-dump'],
  'chunk-cycle': R['vmalloc-cycle'],
  'chunk-too-many': R['vmalloc-too-many-chunks'],
  'chunk-short': R['vmalloc-short-chunk'],
  'chunk-tail': R['vmalloc-tail'],
  'entry-misaligned': R['vmalloc-entry-misaligned'],
  count: R['vmalloc-count'],
};

/** An area that a client holds. */
interface HeldArea {
  readonly path: string;
  /** Physical address of the descriptor. */
  readonly address: bigint;
  readonly descriptor: VmallocDescriptor;
}

/** Rules of the vmalloc areas that memfds and the self-test hold. */
export const vmallocRules: RuleTable = {
  rules: Object.values(R),
  check(context: ValidationContext): void {
    const { target, memory } = context;
    if (target === undefined || memory === undefined) {
      for (const rule of this.rules) context.skip(rule, 'needs memory');
      return;
    }
    if (target.abi.file.vmalloc === undefined) {
      for (const rule of this.rules) context.skip(rule, `${target.abi.id} has no preserved vmalloc areas`);
      return;
    }
    const areas = context.clients.flatMap((client) => areasOf(client, context, target));
    if (areas.length === 0) {
      for (const rule of this.rules) context.skip(rule, 'no client holds an area');
      return;
    }
    for (const rule of this.rules) context.ran(rule);
    for (const area of areas) checkArea(context, target, area);
  },
};

/** Areas of one client, by their descriptors. An empty area has an all-zero descriptor. */
function areasOf(client: DecodedClient, { memory }: ValidationContext, target: Target): HeldArea[] {
  const { data, address, size } = client;
  if (data?.kind === 'luo') {
    return data.sessions.flatMap(({ name, files }) =>
      files.flatMap(({ memfd, token }) => {
        if (memfd === undefined || (memfd.folios.first === 0n && memfd.folios.totalPages === 0)) return [];
        const path = `LUO/${printable(name.value)}/${hex(token.value)}/folios`;
        return [{ path, address: memfd.folios.address, descriptor: memfd.folios }];
      }),
    );
  }
  if (data?.kind !== 'kho-test' || data.form !== 'vmalloc') return [];
  const header = memory!.read(address, 8);
  if (header === undefined) return [];
  const length = Number(size ?? BigInt(new DataView(header.buffer, header.byteOffset).getUint32(4)));
  const blob = length > 1 << 20 ? undefined : memory!.read(address, length);
  if (blob === undefined) return [];
  const node = readFdt(blob).root.children.find(({ name }) => name === 'data');
  const info = node === undefined ? undefined : property(node, 'folios_info');
  if (info?.value.length !== 16) return [];
  return [
    {
      path: 'kho_test/data/folios_info',
      address: address + BigInt(info.valueOffset ?? 0),
      descriptor: decodeDescriptor(target, info.value),
    },
  ];
}

function checkArea(
  context: ValidationContext,
  target: Target,
  { path, address, descriptor }: HeldArea,
): void {
  const { first, totalPages, flags, order } = descriptor;
  const place = { path, address, length: 16, window: context.window(address, 16) };
  const known = target.abi.vmalloc.flags.reduce((sum, { value }) => sum | value, 0);
  if ((flags & ~known) !== 0)
    context.reportMemory(R['vmalloc-flags'], {
      message: 'receivers drop flags that they do not know',
      ...place,
      found: hex(flags),
      expected: `bits of ${hex(known)}`,
      erratum: 'B12',
    });
  if (order + target.pageShift >= 52) {
    context.reportMemory(R['vmalloc-order'], {
      message: 'the order of the mapping is no order',
      ...place,
      found: `${order}`,
    });
    return;
  }
  const repeats = target.abi.erratum('B11');
  if (order > 0 && repeats !== undefined)
    context.reportMemory(R['vmalloc-huge-6.18'], {
      message: `the area has order ${order}; ${repeats.effect}`,
      ...place,
      erratum: 'B11',
    });
  if (first === 0n) {
    if (totalPages > 0)
      context.reportMemory(R['vmalloc-first'], { message: `${totalPages} pages and no chunk`, ...place });
    return;
  }
  const survey = surveyVmalloc(target, context.memory!, descriptor);
  for (const { kind, address: at, value, expected } of survey.faults) {
    context.reportMemory(BY_KIND[kind], {
      message: BY_KIND[kind].title,
      path,
      address: at,
      length: 8,
      found: kind === 'count' || kind === 'chunk-short' ? `${value} entries` : hex(value),
      ...(expected === undefined ? {} : { expected }),
      window: context.window(at, 8),
    });
  }
  const page = 1n << BigInt(target.pageShift);
  for (const chunk of survey.chunks) {
    const covered = context.coverage(chunk, page);
    if (covered === 'none' || covered === 'part')
      context.reportMemory(R['vmalloc-chunk-not-preserved'], {
        message: 'this chunk will be overwritten',
        path,
        address: chunk,
        erratum: 'B14',
      });
  }
  for (const { address: run, at } of survey.entries) {
    const covered = context.coverage(run, page << BigInt(order));
    if (covered === 'all' || covered === 'unknown') continue;
    const rule = R['vmalloc-entry-not-preserved'];
    if (context.full(rule)) context.count(rule, 1);
    else
      context.reportMemory(rule, {
        message: covered === 'part' ? 'only a part of this run is preserved' : 'this run is not preserved',
        path,
        address: at,
        length: 8,
        found: `${hex(run)}, order ${order}`,
        erratum: 'B14',
        window: context.window(at, 8),
      });
  }
}
