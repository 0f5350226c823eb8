/** Structures that share what belongs to one alone: a small dump must not make the readers work, or remember, like a large one. */
import { describe, expect, test } from 'vitest';
import {
  type DecodedClient,
  decodeClient,
  decodeHandover,
  encodeScenario,
  getAbi,
  makeTarget,
  type PhysicalMemory,
  parseScenario,
} from '../../src/index.js';
import { blob, type Piece } from '../support/blob.js';

const TARGET = makeTarget(getAbi('kho-v4'), 'little', 12);
const MADE = encodeScenario(
  parseScenario(
    'init kernel\nluo session a\nluo memfd 0 0x3000 0x345678:3\nluo memfd 1 0x3000 0x355678:3\n',
    's',
  ),
  TARGET,
);
const LUO = decodeHandover(MADE.fdt, { memory: MADE.memory, fdtAddress: MADE.fdtAddress });

/** The same memory with every word of one value made another. */
function replaced(from: bigint, to: bigint): PhysicalMemory {
  return {
    source: 'changed',
    hints: MADE.memory.hints,
    ranges: () => MADE.memory.ranges(),
    read(address, length) {
      const bytes = MADE.memory.read(address, length);
      if (bytes === undefined) return undefined;
      const copy = Buffer.from(bytes);
      for (let at = 0; at + 8 <= length; at += 8)
        if (copy.readBigUInt64LE(at) === from) copy.writeBigUInt64LE(to, at);
      return copy;
    },
  };
}

function luo(memory: PhysicalMemory): DecodedClient {
  const { address, size } = LUO.subtrees.find(({ name }) => name === 'LUO')!;
  return decodeClient('LUO', address!, size, memory, TARGET);
}

const referred = (what: string): bigint[] =>
  luo(MADE.memory)
    .references.filter((reference) => reference.what === what)
    .map(({ address }) => address);

describe('folio arrays of two memfds', () => {
  const problems = (memory: PhysicalMemory): string[] => luo(memory).problems.map(({ text }) => text);

  test('each with its own are sound', () => {
    expect(problems(MADE.memory)).toEqual([]);
    expect(referred('vmalloc chunk')).toHaveLength(2);
    expect(referred('vmalloc pages')).toHaveLength(2);
  });

  test('one chunk for both', () => {
    const [first, second] = referred('vmalloc chunk');
    expect(problems(replaced(second!, first!))).toEqual([
      expect.stringContaining('belongs to another area too'),
    ]);
  });

  test('one page of entries for both', () => {
    const [first, second] = referred('vmalloc pages');
    expect(problems(replaced(second!, first!))).toEqual([expect.stringContaining('is reached twice')]);
  });
});

test('of a thousand nodes of one name the first is decoded', () => {
  const { address } = LUO.subtrees.find(({ name }) => name === 'LUO')!;
  const value = (word: bigint): number[] => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(word);
    return [...bytes];
  };
  const node: Piece[] = [
    { begin: 'LUO' },
    { prop: 'preserved-data', value: value(address!) },
    { prop: 'blob-size', value: value(64n) },
    { end: true },
  ];
  const fdt = blob({
    pieces: [
      { begin: '' },
      { prop: 'compatible', value: 'kho-v4\0' },
      { prop: 'preserved-memory-map', value: value(LUO.mapAddress!) },
      ...Array.from({ length: 1000 }, () => node).flat(),
      { end: true },
    ],
  });
  const handover = decodeHandover(fdt, { memory: MADE.memory });
  expect(handover.subtrees).toHaveLength(1000);
  expect(handover.clients.map(({ name }) => name)).toEqual(['LUO']);
});
