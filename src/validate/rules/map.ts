import { pageSizeName, type Target } from '../../abi/index.js';
import { hex } from '../../bytes/index.js';
import type { RuleTable, ValidationContext } from '../context.js';
import type { MapFault, MapFaultKind, MapSurvey } from '../map-survey.js';
import type { Rule } from '../rule.js';
import { checkBlocks } from './map-blocks.js';
import { MAP_RULES as R } from './map-table.js';

const BY_KIND: Record<MapFaultKind, Rule> = {
  'root-misaligned': R['map-root'],
  misaligned: R['map-entry-misaligned'],
  'not-in-dump': R['map-entry-not-in-dump'],
  'above-52-bits': R['map-entry-range'],
  'own-page': R['map-self-reference'],
  cycle: R['map-cycle'],
  shared: R['map-shared-node'],
  'key-none': R['map-key-none'],
  'key-zero-order': R['map-key-order-zero'],
  'key-above': R['map-key-above'],
  'chunk-count': R['map-chunk-count'],
  'chunk-order': R['map-chunk-order'],
  'bitmap-misaligned': R['map-bitmap-misaligned'],
  'bitmap-twice': R['map-bitmap-shared'],
  'phys-start': R['map-phys-start'],
};

/** Errata that explain a kind of fault. */
const ERRATA: Partial<Record<MapFaultKind, string>> = {
  'key-none': 'B4',
  'key-zero-order': 'B4',
  'key-above': 'B4',
  'chunk-count': 'B34',
  'chunk-order': 'B35',
};

const CHUNK_RULES: readonly Rule[] = [
  R['map-chunk-count'],
  R['map-chunk-order'],
  R['map-bitmap-misaligned'],
  R['map-bitmap-shared'],
  R['map-phys-start'],
];

const RADIX_RULES: readonly Rule[] = [
  R['map-self-reference'],
  R['map-shared-node'],
  R['map-key-none'],
  R['map-key-order-zero'],
  R['map-key-above'],
];

/** Rules of the memory map: its pages, its keys, its blocks. */
export const mapRules: RuleTable = {
  rules: Object.values(R),
  check(context: ValidationContext): void {
    const { map, target } = context;
    if (map === undefined || target === undefined) {
      for (const rule of this.rules)
        context.skip(rule, context.memory === undefined ? 'needs memory' : 'the map cannot be read');
      return;
    }
    const reasons = whyNot(context, map, target);
    for (const rule of this.rules) {
      const reason = reasons.get(rule);
      if (reason === undefined) context.ran(rule);
      else context.skip(rule, reason);
    }
    for (const kind of Object.keys(BY_KIND) as MapFaultKind[]) reportKind(context, map, kind);
    if (map.recovered > 0) {
      context.reportMemory(R['map-lost-order-bit'], {
        message: `${map.recovered} order-0 pages are stored without their order bit; the receiver reads blocks of order 13 and more`,
        path: 'map',
        address: map.root,
        erratum: 'B3',
        hint: `${pageSizeName(target.pageShift)} trees of this release have four levels; later ones have five`,
      });
    }
    checkBlocks(context, map, target);
  },
};

/** Rules that cannot find anything here, and why: a report must not say that they ran. */
function whyNot(
  { scratch, ram, fdtAddress }: ValidationContext,
  { geometry }: MapSurvey,
  { abi }: Target,
): Map<Rule, string> {
  const { kind } = geometry;
  const reasons = new Map<Rule, string>();
  const skip = (reason: string, ...rules: Rule[]): void => {
    for (const rule of rules) reasons.set(rule, reason);
  };
  if (scratch === undefined)
    skip('no scratch areas given', R['map-block-in-scratch'], R['map-tracker-in-scratch']);
  if (ram === undefined) skip('no --ram given', R['map-block-outside-ram'], R['map-tracker-outside-ram']);
  if (fdtAddress === undefined) skip('the address of the root FDT is not known', R['map-fdt-not-preserved']);
  if (kind === 'radix') skip('the map is a radix tree', ...CHUNK_RULES);
  else skip('the map is a list of chunks', ...RADIX_RULES);
  if (kind !== 'radix' || geometry.lostOrderBit === undefined)
    skip('this map keeps its order bits', R['map-lost-order-bit']);
  if (!abi.file.ranges.numaClamp.preserve)
    skip(`${abi.id} does not split ranges at NUMA boundaries`, R['map-numa-split']);
  if (abi.file.receiver.blockSize !== 'signed 32-bit')
    skip(`receivers of ${abi.id} compute sizes in 64 bits`, R['map-block-32-bit']);
  return reasons;
}

function reportKind(context: ValidationContext, map: MapSurvey, kind: MapFaultKind): void {
  const rule = BY_KIND[kind];
  const total = map.faultCounts.get(kind) ?? 0;
  const listed = map.faults.filter((fault) => fault.kind === kind);
  // A misaligned or missing root has no entry that names it.
  for (const fault of listed)
    context.reportMemory(fault.address === 0n ? R['map-root'] : rule, factsOf(context, fault));
  const rest = total - listed.length;
  if (rest > 0) context.count(rule, rest);
}

function factsOf(context: ValidationContext, { kind, address, value, where }: MapFault) {
  const erratum = ERRATA[kind];
  const key = kind.startsWith('key');
  return {
    message: key ? `${where} is key ${hex(value)}, which is no block` : `${where} holds ${hex(value)}`,
    path: `map/${where}`,
    ...(address === 0n ? {} : { address, length: 8 }),
    found: hex(value),
    ...(erratum === undefined ? {} : { erratum }),
    window: address === 0n ? [] : context.window(address, 8),
    hint: key
      ? 'the sender ran into a defect, or the memory was overwritten'
      : 'damaged, or read with the wrong byte order, page size or format',
  };
}
