/** Every rule of clients is broken, for each byte order and page size: a sound handover with one change gives that rule at that place. */
import { describe, expect, test } from 'vitest';
import type { PhysicalMemory } from '../../src/index.js';
import { allRules } from '../../src/validate/index.js';
import { native, text, u64 } from '../support/native.js';
import { GENERAL_CASES } from './clients-cases/general.js';
import { LUO_CASES } from './clients-cases/luo.js';
import { MEMBLOCK_CASES } from './clients-cases/memblock.js';
import { MEMFD_CASES } from './clients-cases/memfd.js';
import { METADATA_CASES, TEST_CASES } from './clients-cases/small.js';
import { clientFindings, findingsOf, Hand, MORE, TARGETS } from './clients-support.js';

const CASES = [
  ...GENERAL_CASES,
  ...LUO_CASES,
  ...MEMFD_CASES,
  ...MEMBLOCK_CASES,
  ...TEST_CASES,
  ...METADATA_CASES,
];

/** Rules that a test of their own breaks, below. */
const APART = ['luo-block-limit'];

describe.each(TARGETS)('%s endian, page shift %d', (...target) => {
  test('the handover that the others change is sound', () => {
    expect(clientFindings(new Hand(MORE, 'kho-v4', target).validate())).toEqual([]);
  });

  for (const [number, [rule, change, options = {}]] of CASES.entries()) {
    test(`${rule} (${number})`, () => {
      const hand = new Hand(options.text ?? MORE, options.abi ?? 'kho-v4', target);
      const { says, more, ...expected } = change(hand);
      const report = hand.validate(more);
      const found = findingsOf(report, rule);
      expect(found, clientFindings(report).join('\n')).not.toEqual([]);
      const match = found.find(({ path }) => path === expected.path) ?? found[0]!;
      expect(match).toMatchObject(expected);
      if (says !== undefined) expect(match.message).toContain(says);
    });
  }
});

test('luo-block-limit: a chain of more than 10000 blocks', () => {
  const hand = new Hand(MORE, 'kho-v4', ['little', 12]);
  // Pages above 64 GiB, each a block with one session that leads to the next page; none of them is stored.
  const first = 0x10_0000_0000n;
  const { store } = hand.made.producer;
  const memory: PhysicalMemory = {
    source: 'a chain without end',
    hints: {},
    ranges: () => store.ranges(),
    read(at, length) {
      if (at < first) return store.read(at, length);
      const page = native('little', u64((at & ~0xfffn) + 0x1000n), u64(1), text('s', 80));
      return Buffer.concat([page, Buffer.alloc(4096 - page.length)])
        .subarray(Number(at & 0xfffn))
        .subarray(0, length);
    },
  };
  hand.u64(hand.luo + 16n, first);
  const [finding] = findingsOf(hand.validate({ memory: { memory, input: 1 } }), 'luo-block-limit');
  expect(finding).toMatchObject({
    severity: 'error',
    path: '/LUO/sessions',
    address: first + 10000n * 0x1000n,
  });
});

test('every rule of clients has a case', () => {
  const covered = new Set([...CASES.map(([rule]) => rule), ...APART]);
  const names = allRules()
    .filter(({ area }) => area === 'clients')
    .map(({ name }) => name);
  expect(names.filter((name) => !covered.has(name))).toEqual([]);
  expect([...covered].filter((name) => !names.includes(name))).toEqual([]);
});
