import type { Target } from '../../abi/index.js';
import { hex, printable } from '../../bytes/index.js';
import type { DecodedClient } from '../../clients/index.js';
import { property, readFdt } from '../../fdt/index.js';
import { decodeDescriptor, type VmallocDescriptor } from '../../vmalloc/index.js';
import type { Coverage, RuleTable, ValidationContext } from '../context.js';
import type { Rule } from '../rule.js';
import { surveyVmalloc, VmallocBudget, type VmallocFault, type VmallocFaultKind } from '../vmalloc-survey.js';
import { VMALLOC_RULES as R } from './vmalloc-table.js';

const BY_KIND: Record<VmallocFaultKind, Rule> = {
  'chunk-misaligned': R['vmalloc-chunk-misaligned'],
  'chunk-not-in-dump': R['vmalloc-chunk-not-in-dump'],
  'chunk-cycle': R['vmalloc-cycle'],
  'chunk-shared': R['vmalloc-chunk-shared'],
  'chunk-too-many': R['vmalloc-too-many-chunks'],
  'chunk-short': R['vmalloc-short-chunk'],
  'chunk-tail': R['vmalloc-tail'],
  'entry-misaligned': R['vmalloc-entry-misaligned'],
  'run-misaligned': R['vmalloc-run-misaligned'],
  count: R['vmalloc-count'],
  'too-large': R['vmalloc-too-large'],
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
    const budget = new VmallocBudget();
    for (const area of areas) checkArea(context, target, area, budget);
  },
};

/** Areas of one client, by their descriptors. An empty area has an all-zero descriptor. */
function areasOf(client: DecodedClient, { memory }: ValidationContext, target: Target): HeldArea[] {
  const { data, address } = client;
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
  // The client's reader has read totalsize bytes; blob-size may be less.
  const length = new DataView(header.buffer, header.byteOffset).getUint32(4);
  const blob = memory!.read(address, length);
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

function checkArea(context: ValidationContext, target: Target, area: HeldArea, budget: VmallocBudget): void {
  const { path, address, descriptor } = area;
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
  const page = 1n << BigInt(target.pageShift);
  surveyVmalloc(target, context.memory!, descriptor, budget, {
    chunk(at) {
      if (isPreserved(context.coverage(at, page))) return;
      reportOrCount(context, R['vmalloc-chunk-not-preserved'], () => ({
        message: 'this chunk will be overwritten',
        path,
        address: at,
        erratum: 'B14',
        window: context.window(at, 16),
      }));
    },
    entry(run, at) {
      const covered = context.coverage(run, page << BigInt(order));
      if (isPreserved(covered)) return;
      reportOrCount(context, R['vmalloc-entry-not-preserved'], () => ({
        message: covered === 'part' ? 'only a part of this run is preserved' : 'this run is not preserved',
        path,
        address: at,
        length: 8,
        found: `${hex(run)}, order ${order}`,
        erratum: 'B14',
        window: context.window(at, 8),
      }));
    },
    fault: (fault) => reportOrCount(context, BY_KIND[fault.kind], () => faultFacts(context, path, fault)),
  });
}

/** Without a map nobody knows; that is no finding. */
function isPreserved(covered: Coverage): boolean {
  return covered === 'all' || covered === 'unknown';
}

/** A hostile area can break a rule a million times: texts and windows are made only for those that are listed. */
function reportOrCount(
  context: ValidationContext,
  rule: Rule,
  facts: () => Parameters<ValidationContext['reportMemory']>[1],
): void {
  if (context.full(rule)) context.count(rule, 1);
  else context.reportMemory(rule, facts());
}

function faultFacts(
  context: ValidationContext,
  path: string,
  { kind, address, value, expected }: VmallocFault,
): Parameters<ValidationContext['reportMemory']>[1] {
  const counted = kind === 'count' || kind === 'chunk-short' || kind === 'too-large';
  return {
    message: BY_KIND[kind].title,
    path,
    address,
    length: 8,
    found: counted ? `${value} entries` : hex(value),
    ...(expected === undefined ? {} : { expected }),
    window: context.window(address, 8),
  };
}
