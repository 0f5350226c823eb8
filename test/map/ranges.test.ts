import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allAbis,
  decodeHandover,
  encodeScenario,
  findRootFdts,
  makeTarget,
  mapLanes,
  openMemory,
  type PageShift,
  parseScenario,
  readFdtPage,
  walkRanges,
} from '../../src/index.js';

const CAPTURES = join(import.meta.dirname, '../../golden/captures');

/** Joins blocks page by page: slow, and shares nothing with the code under test. */
function joinByHand(blocks: readonly [pfn: number, order: number][]): [number, number][] {
  const pages = new Set<number>();
  for (const [pfn, order] of blocks) for (let page = 0; page < 2 ** order; page++) pages.add(pfn + page);
  const ranges: [number, number][] = [];
  for (const page of [...pages].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === page) last[1]++;
    else ranges.push([page, page + 1]);
  }
  return ranges;
}

function rangesOf(map: Parameters<typeof walkRanges>[0]): [number, number][] {
  const ranges: [number, number][] = [];
  walkRanges(map, (start, end) => ranges.push([start, end]));
  return ranges;
}

describe('ranges of preserved memory', () => {
  test.each(['linux-7.3.4-x86_64-4k', 'linux-7.3.4-x86_64-4k-luo'])(
    '%s: what an independent reader found, joined',
    async (name) => {
      const expected = JSON.parse(
        readFileSync(join(CAPTURES, name, 'expected-by-independent-reader.json'), 'utf8'),
      ) as { preserved: [string, number][] };
      const { memory, close } = await openMemory(join(CAPTURES, name, 'memory.elf.gz'));
      const fdtAddress = findRootFdts(memory)[0]!.address;
      const { map } = decodeHandover(readFdtPage(memory, fdtAddress), { memory, fdtAddress });
      expect(rangesOf(map!)).toEqual(
        joinByHand(expected.preserved.map(([address, order]) => [Number(address) / 4096, order])),
      );
      close();
    },
  );

  const targets = allAbis().flatMap((abi) =>
    ([12, 14, 16] as const).flatMap((shift) =>
      (['little', 'big'] as const).map((order) => ({ abi, shift: shift as PageShift, order })),
    ),
  );

  test.each(targets)('$abi.id, $order, 2^$shift: any blocks', ({ abi, shift, order }) => {
    // Few PFNs, so that blocks touch, overlap and nest.
    const block = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 4 }));
    fc.assert(
      fc.property(fc.array(block, { maxLength: 12 }), fc.integer({ min: 0, max: 2 }), (list, far) => {
        const blocks = list.map(([at, size]): [number, number] => [
          (far * 2 ** 20 + at) * 2 ** size + 2 ** 14,
          size,
        ]);
        const lines = blocks.map(([pfn, size]) => `page ${pfn} ${size}\n`);
        const { map } = encodeScenario(
          parseScenario(`base 0x1000000000000\n${lines.join('')}`, 'blocks'),
          makeTarget(abi, order, shift),
        );
        // The reading that puts order-0 pages right; the trees of one ABI lose their order bit (erratum B3).
        const ranges: [number, number][] = [];
        walkRanges(map, (start, end) => ranges.push([start, end]), 'recovered');
        // The FDT's own page and other arena pages lie above all of these.
        expect(ranges.filter(([start]) => start < 2 ** 30)).toEqual(joinByHand(blocks));
      }),
      { numRuns: 25 },
    );
  });

  test('a lane has one order, ascending', () => {
    const target = makeTarget(allAbis().at(-1)!, 'little', 12);
    const scenario = parseScenario('page 0x105 0\npage 0x104 0\npage 0x200 1\npage 0x8000000 20\n', 'lanes');
    const lanes = mapLanes(encodeScenario(scenario, target).map);
    const seen = lanes.map((lane) => {
      const runs: number[][] = [];
      while (lane.next()) runs.push([lane.start, lane.end]);
      return [lane.order, runs];
    });
    expect(seen).toEqual([
      [0, [[0x104, 0x106]]],
      [1, [[0x200, 0x202]]],
      [20, [[0x8000000, 0x8100000]]],
    ]);
  });
});
