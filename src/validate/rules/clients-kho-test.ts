import { hex } from '../../bytes/index.js';
import type { KhoTestData } from '../../clients/index.js';
import type { ValidationContext } from '../context.js';
import { noCoverage } from './clients-common.js';
import { TEST_RULES as T } from './clients-small-table.js';

/** Rules of the self-test's folios and their checksum. */
export function checkKhoTest(context: ValidationContext, data: KhoTestData): void {
  const { status, checksum, computed } = data;
  const place = {
    path: '/kho_test/data/csum',
    ...(checksum === undefined ? {} : { address: checksum.address, found: hex(checksum.value) }),
  };
  if (status === 'match-folded')
    context.reportMemory(T['kho-test-checksum-folded'], {
      message: 'the checksum is that of another machine',
      ...place,
      expected: hex(computed!),
    });
  if (status === 'not in dump' && context.memory !== undefined)
    context.reportMemory(T['kho-test-checksum-unchecked'], {
      message: 'the content of the folios is not in the dump',
      ...place,
    });
  if (noCoverage(context) !== undefined) return;
  const page = 1n << BigInt(context.target!.pageShift);
  for (const [index, { address, order, at }] of data.folios.entries()) {
    const covered = context.coverage(address, page << BigInt(order));
    if (covered === 'all' && context.hasBlock(address, order)) continue;
    const rule = covered === 'all' ? T['kho-test-folio-order'] : T['kho-test-folio-not-preserved'];
    if (context.full(rule)) {
      context.count(rule, 1);
      continue;
    }
    const text =
      covered === 'all'
        ? 'is preserved, but not as one block of its order'
        : covered === 'part'
          ? 'is preserved only in part'
          : 'is not preserved';
    context.reportMemory(rule, {
      message: `folio ${index} ${text}`,
      path: '/kho_test/data/folios_info',
      address: at,
      length: 8,
      found: `${hex(address)}, order ${order}`,
      ...(covered === 'all' ? {} : { erratum: 'B14' }),
      window: context.window(at, 8),
    });
  }
}
