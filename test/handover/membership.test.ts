/** Which addresses are preserved, in one walk, against a look at every block. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { preservedOf } from '../../src/handover/membership.js';
import { encodeScenario, getAbi, makeTarget, parseScenario, walkBlocks } from '../../src/index.js';

test.each(['kho-v1-6.18', 'kho-v4'])('%s', (abi) => {
  const target = makeTarget(getAbi(abi), 'little', 12);
  const block = fc.record({ pfn: fc.nat(400), order: fc.nat(5) });
  fc.assert(
    fc.property(
      fc.array(block, { maxLength: 12 }),
      fc.array(fc.nat(500 * 4096), { maxLength: 40 }),
      (blocks, list) => {
        const lines = blocks.map(({ pfn, order }) => `page ${(pfn >> order) << order} ${order}`);
        const { map } = encodeScenario(parseScenario(`${lines.join('\n')}\n`, 's'), target);
        const pages = new Set<number>();
        walkBlocks(map, (pfn, order) => {
          for (let page = pfn; page < pfn + 2 ** order; page++) pages.add(page);
        });
        const held = preservedOf(map, 'kernel', [undefined, ...list.map(BigInt)]);
        expect(held).toEqual(new Set(list.filter((at) => pages.has(Math.floor(at / 4096))).map(BigInt)));
      },
    ),
    { numRuns: 150 },
  );
});
