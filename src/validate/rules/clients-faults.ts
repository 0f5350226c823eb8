import { type ClientComponent, clientAbisOf } from '../../abi/index.js';
import type { ClientFault, ClientProblem, DecodedClient } from '../../clients/index.js';
import type { ValidationContext } from '../context.js';
import type { Severity } from '../finding.js';
import type { Rule } from '../rule.js';
import { LUO_RULES as L, MEMFD_RULES as M } from './clients-luo-table.js';
import { type Facts, owned, say } from './clients-place.js';
import { readersOf, rowVerdict, versionVerdict } from './clients-readers.js';
import { MEMBLOCK_RULES as B, METADATA_RULES as D, TEST_RULES as T } from './clients-small-table.js';
import { CLIENT as C } from './clients-table.js';

/** Rules for the version of each component. */
export const VERSION_RULES: Partial<Record<ClientComponent, Rule>> = {
  'kexec-metadata': D['metadata-version'],
  'kho-test': T['kho-test-version'],
  luo: L['luo-version'],
  memblock: B['memblock-version'],
  memfd: M['memfd-version'],
};

/** A rule, or one for each component. `elsewhere`: another table has a rule for the same bytes. */
type FaultRule = Rule | Partial<Record<ClientComponent, Rule>> | 'elsewhere';

/** The rule for everything that the readers of clients find. */
const BY_FAULT: Record<ClientFault, FaultRule> = {
  'not-in-dump': C['client-not-in-dump'],
  'address-range': C['client-address-range'],
  'address-zero': C['client-address-zero'],
  'address-misaligned': C['client-address-misaligned'],
  'reached-twice': C['client-reached-twice'],
  'blob-size': C['client-blob-size-small'],
  'too-small': { luo: L['luo-too-small'], 'kexec-metadata': D['metadata-too-small'] },
  tree: C['client-tree'],
  node: C['client-node-missing'],
  property: C['client-property'],
  string: C['client-string-unterminated'],
  unterminated: { luo: L['luo-text-unterminated'], 'kexec-metadata': D['metadata-release-unterminated'] },
  version: VERSION_RULES,
  'version-form': VERSION_RULES,
  limit: C['client-limit'],
  'array-overflow': L['luo-array-overflow'],
  'block-count': L['luo-block-count'],
  'block-empty-last': L['luo-block-empty-last'],
  'block-limit': L['luo-block-limit'],
  'node-version': L['luo-node-version'],
  'flb-node-absent': L['luo-flb-node-absent'],
  'session-duplicate': L['luo-session-duplicate'],
  'files-null': L['luo-files-null'],
  'files-count': L['luo-files-count'],
  area: C['client-area-unread'],
  'area-flags': 'elsewhere',
  'memfd-version': M['memfd-version'],
  'memfd-seals': M['memfd-seals'],
  'memfd-flags': M['memfd-flags'],
  'list-overflow': { luo: M['memfd-list-overflow'], 'kho-test': T['kho-test-list-overflow'] },
  'entry-pfn-zero': M['memfd-entry-pfn-zero'],
  'entry-range': M['memfd-entry-range'],
  'index-order': M['memfd-index-order'],
  'index-beyond': M['memfd-index-beyond'],
  'region-version': B['reserve-mem-version'],
  'region-range': B['reserve-mem-range'],
  'region-partial-page': B['reserve-mem-partial-page'],
  magic: T['kho-test-magic'],
  'list-ambiguous': T['kho-test-list-ambiguous'],
  'folio-entry': T['kho-test-folio-entry'],
  checksum: T['kho-test-checksum'],
};

/** Faults of shared rules, where what the receiver does decides how bad it is. */
const BY_OUTCOME: readonly ClientFault[] = ['tree', 'node', 'property', 'string', 'reached-twice', 'version'];

/** Reports what the reader of a client found. */
export function reportFaults(context: ValidationContext, client: DecodedClient): void {
  for (const problem of client.problems) {
    const rule = ruleOf(problem.fault, client.component);
    // Without a dump only the blobs themselves are there.
    if (rule === undefined || (problem.fault === 'not-in-dump' && context.memory === undefined)) continue;
    reportFault(context, client, problem, rule);
  }
}

function ruleOf(fault: ClientFault, component: ClientComponent | undefined): Rule | undefined {
  const found = BY_FAULT[fault];
  if (found === 'elsewhere') return undefined;
  return 'id' in found ? (found as Rule) : component === undefined ? undefined : found[component];
}

function reportFault(
  context: ValidationContext,
  client: DecodedClient,
  problem: ClientProblem,
  rule: Rule,
): void {
  const { path, address, text, erratum } = problem;
  const { severity, hint } = judge(context, client, problem, rule);
  const facts = (): Facts => ({
    message: owned(client, path, text),
    path,
    ...(address === undefined ? {} : { address, window: context.window(address, 8) }),
    ...(erratum === undefined ? {} : { erratum }),
    ...(hint === undefined ? {} : { hint }),
  });
  say(context, rule, facts, severity);
}

/** How bad it is for those who receive it, and what they do. */
function judge(
  context: ValidationContext,
  client: DecodedClient,
  { fault, address, receiver }: ClientProblem,
  rule: Rule,
): { severity: Severity; hint?: string } {
  const { target } = context;
  if (fault === 'not-in-dump' && address !== undefined && context.coverage(address, 1n) === 'all')
    return { severity: 'warning', hint: 'the memory is preserved: the dump is not complete' };
  if (fault === 'area' && target?.abi.file.vmalloc === undefined) return { severity: 'error' };
  if (target === undefined || client.component === undefined) return { severity: rule.severity };
  const readers = readersOf(target, fault === 'memfd-version' ? 'memfd' : client.component);
  if (!readers.some(({ format }) => format !== undefined))
    return { severity: 'note', hint: `no kernel that takes ${target.abi.id} reads this` };
  if (fault === 'version')
    return told(versionVerdict(readers, undefined, client.version?.value), rule.severity);
  if (fault === 'flb-node-absent') {
    const found = versionVerdict(readers, client.format, client.version?.value);
    return { severity: found?.taken === 0 ? 'error' : 'warning', ...(found && { hint: found.text }) };
  }
  // A damaged tree fails where the version is compared.
  const id = receiver?.id ?? (fault === 'tree' ? 'version' : undefined);
  if (id === undefined) return { severity: rule.severity };
  const owners = rowVerdict(readers, id) === undefined ? ownersOf(context, id) : readers;
  const found = rowVerdict(owners, id);
  if (BY_OUTCOME.includes(fault)) return told(found, rule.severity);
  return { severity: rule.severity, ...(found && { hint: found.text }) };
}

/** Readers of a row that is not in the tables of the component itself: memfds have their own. */
function ownersOf({ target }: ValidationContext, id: string): ReturnType<typeof readersOf> {
  const readers = readersOf(target!, 'memfd');
  if (rowVerdict(readers, id) !== undefined) return readers;
  // Formats that no reader of this root has: what those say that know the row.
  return (['luo', 'kho-test', 'kexec-metadata', 'memblock'] as const).flatMap((component) =>
    clientAbisOf(component)
      .filter(({ file }) => file.receiver.some((row) => row.id === id))
      .slice(-1)
      .map((format) => ({ name: `readers of ${format.id}`, format })),
  );
}

function told(
  found: { severity: Severity; text: string } | undefined,
  otherwise: Severity,
): { severity: Severity; hint?: string } {
  return found === undefined ? { severity: otherwise } : { severity: found.severity, hint: found.text };
}
