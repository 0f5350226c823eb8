import type { ClientComponent } from '../../abi/index.js';
import type { DecodedClient, MetadataData } from '../../clients/index.js';
import type { RuleTable, ValidationContext } from '../context.js';
import type { Rule } from '../rule.js';
import { checkCommon, noCoverage } from './clients-common.js';
import { reportFaults } from './clients-faults.js';
import { checkKhoTest } from './clients-kho-test.js';
import { checkLuo } from './clients-luo.js';
import { LUO_RULES, MEMFD_RULES } from './clients-luo-table.js';
import { checkMemblock } from './clients-memblock.js';
import { checkMemfds } from './clients-memfd.js';
import { MEMBLOCK_RULES, METADATA_RULES, TEST_RULES } from './clients-small-table.js';
import { CLIENT } from './clients-table.js';

/** Rules of each client, and how people call it. */
const TABLES: readonly (readonly [ClientComponent | undefined, string, Readonly<Record<string, Rule>>])[] = [
  [undefined, 'no subtree', CLIENT],
  ['luo', 'no LUO', LUO_RULES],
  ['luo', 'no LUO', MEMFD_RULES],
  ['memblock', 'no memblock', MEMBLOCK_RULES],
  ['kho-test', 'no kho_test', TEST_RULES],
  ['kexec-metadata', 'no kexec-metadata', METADATA_RULES],
];

/** Rules that compare with the map. */
const NEED_MAP: readonly Rule[] = [
  CLIENT['client-blob-not-preserved'],
  CLIENT['client-not-preserved'],
  MEMFD_RULES['memfd-index-overlap'],
  MEMFD_RULES['memfd-folio-not-preserved'],
  MEMFD_RULES['memfd-folio-order'],
  MEMFD_RULES['memfd-folio-overlap'],
  MEMBLOCK_RULES['reserve-mem-not-preserved'],
  TEST_RULES['kho-test-folio-not-preserved'],
  TEST_RULES['kho-test-folio-order'],
];

/** Rules that read memory beside what the readers of clients gave. */
const NEED_MEMORY: readonly Rule[] = [
  CLIENT['client-not-in-dump'],
  CLIENT['client-blob-size-large'],
  LUO_RULES['luo-flb-pages'],
  TEST_RULES['kho-test-checksum'],
  TEST_RULES['kho-test-checksum-folded'],
  TEST_RULES['kho-test-checksum-unchecked'],
];

/** Rules of subtrees and of what clients put into them. */
export const clientRules: RuleTable = {
  rules: TABLES.flatMap(([, , rules]) => Object.values(rules)),
  check(context: ValidationContext): void {
    const { clients, target } = context;
    if (target === undefined) {
      for (const rule of this.rules)
        context.skip(rule, context.memory === undefined ? 'needs memory' : 'the root FDT cannot be read');
      return;
    }
    for (const [component, absent, rules] of TABLES) {
      const some = clients.some((client) => component === undefined || client.component === component);
      for (const rule of Object.values(rules)) {
        const reason = some ? lacking(context, rule) : absent;
        if (reason === undefined) context.ran(rule);
        else context.skip(rule, reason);
      }
    }
    for (const client of clients) check(context, client);
  },
};

/** Why a rule cannot run although its client is there. */
function lacking(context: ValidationContext, rule: Rule): string | undefined {
  if (NEED_MAP.includes(rule)) return noCoverage(context);
  if (NEED_MEMORY.includes(rule) && context.memory === undefined) return 'needs memory';
  if (rule === MEMBLOCK_RULES['reserve-mem-in-scratch'] && context.scratch === undefined)
    return 'no scratch areas given';
  return undefined;
}

function check(context: ValidationContext, client: DecodedClient): void {
  const { data } = client;
  reportFaults(context, client);
  checkCommon(context, client);
  if (data?.kind === 'luo') {
    checkLuo(context, client, data);
    checkMemfds(context, data);
  } else if (data?.kind === 'memblock') checkMemblock(context, data);
  else if (data?.kind === 'kho-test') checkKhoTest(context, data);
  else if (data?.kind === 'kexec-metadata') checkMetadata(context, data);
}

function checkMetadata(context: ValidationContext, { kexecCount }: MetadataData): void {
  if (kexecCount.value !== 0) return;
  context.reportMemory(METADATA_RULES['metadata-count-zero'], {
    message: 'kexec_count is 0',
    path: '/kexec-metadata',
    address: kexecCount.address,
    expected: 'the count that kernel 1 received, plus 1',
  });
}
