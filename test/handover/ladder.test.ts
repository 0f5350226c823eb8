/** Telling the formats apart: by structure, with evidence, and never silently where nothing decides (erratum B1 to B3). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  decodeHandover,
  type EncodedHandover,
  encodeScenario,
  fromHex,
  getAbi,
  type Handover,
  makeTarget,
  type PageShift,
  parseScenario,
  walkText,
} from '../../src/index.js';
import { inspectText } from '../../src/report/index.js';
import { thrown } from '../support/errors.js';

const ids = (handover: Handover): string[] => handover.abis.map(({ id }) => id);
const others = (handover: Handover): string[][] => handover.alternatives.map(ids);

function encode(
  text: string,
  abi: string,
  shift: PageShift = 12,
  order: 'little' | 'big' = 'little',
): EncodedHandover {
  return encodeScenario(parseScenario(text, 'test'), makeTarget(getAbi(abi), order, shift));
}

function decode(made: EncodedHandover): Handover {
  // Hints are left out: the bytes alone must tell.
  const memory = {
    ...made.memory,
    hints: {},
    read: made.memory.read.bind(made.memory),
    ranges: made.memory.ranges.bind(made.memory),
  };
  return decodeHandover(made.fdt, { memory, fdtAddress: made.fdtAddress, pageShift: made.target.pageShift });
}

function vector(name: string): Uint8Array {
  const rows = readFileSync(
    join(import.meta.dirname, `../../golden/documented/fdt-vectors/${name}.hex`),
    'utf8',
  );
  return fromHex(rows.replace(/^\S+/gm, '').replace(/\s/g, ''));
}

describe('a root FDT without memory', () => {
  test.each([
    { name: 'v1-sequential', abis: ['kho-v1-6.16', 'kho-v1-6.18'], why: 'written in one go' },
    { name: 'v1-edited', abis: ['kho-v1-6.19'], why: 'edited in place' },
    { name: 'v2-luo', abis: ['kho-v2'], why: undefined },
    { name: 'v3-metadata', abis: ['kho-v3-7.1-rc1', 'kho-v3'], why: undefined },
    { name: 'v4-two', abis: ['kho-v4'], why: undefined },
  ])('$name', ({ name, abis, why }) => {
    const handover = decodeHandover(vector(name));
    expect(ids(handover)).toEqual(abis);
    if (why !== undefined) expect(handover.evidence.join('\n')).toContain(why);
  });

  test('without subnodes all of kho-v1 look the same', () => {
    const made = encode('init bare', 'kho-v1-6.19');
    expect(ids(decodeHandover(made.fdt))).toEqual(['kho-v1-6.16', 'kho-v1-6.18', 'kho-v1-6.19']);
  });
});

describe('bitmaps of 512 bytes or of a page (B1)', () => {
  const text = 'page 0x12345 0\npage 0x12200 9\npage 0x9abcd 0\nsubtree LUO 0x240000000 16\n';

  test.each([12, 14, 16] as const)('page shift %d: slots that are not page aligned tell 6.16', (shift) => {
    const handover = decode(encode(text, 'kho-v1-6.16', shift));
    expect(ids(handover)).toEqual(['kho-v1-6.16']);
    expect(others(handover)).toEqual([]);
    expect(handover.evidence.join('\n')).toMatch(/not kho-v1-6.18.*(aligned|multiple)/);
  });

  test('bits that only page-sized bitmaps have: the FDT page tells', () => {
    // PFN 0x100000 + 0x7000 is bit 0x7000 of its bitmap, past the first 4096 bits.
    const handover = decode(encode(`base 0x107000000\n${text}`, 'kho-v1-6.18'));
    expect(ids(handover)).toEqual(['kho-v1-6.18']);
    expect(handover.evidence.join('\n')).toContain('not kho-v1-6.16');
  });

  test('undecided: both readings are shown, and --abi picks one', () => {
    // The FDT page is in the first 4096 bits of its bitmap, so both readings hold it; 0x12345 is bit 0x2345 of its bitmap.
    const made = encode(text, 'kho-v1-6.18');
    const handover = decode(made);
    expect([ids(handover), ...others(handover)]).toEqual([['kho-v1-6.18'], ['kho-v1-6.16']]);
    expect(walkText(handover.map!)).toContain('0x12345000 0');
    expect(walkText(handover.alternatives[0]!.map!)).not.toContain('0x12345000 0');
    const note = handover.notes.find(({ erratum }) => erratum === 'B1');
    expect(note?.text).toContain('kho-v1-6.16');
    expect(inspectText(handover)).toContain('The same bytes read as kho-v1-6.16');
    const told = decodeHandover(made.fdt, {
      memory: made.memory,
      fdtAddress: made.fdtAddress,
      abi: getAbi('kho-v1-6.16'),
    });
    expect(ids(told)).toEqual(['kho-v1-6.16']);
  });

  test('the same blocks in both readings: said, not shown twice', () => {
    const handover = decode(encode('subtree LUO 0x240000000 16\n', 'kho-v1-6.18'));
    expect(ids(handover)).toEqual(['kho-v1-6.16', 'kho-v1-6.18']);
    expect(others(handover)).toEqual([]);
    expect(handover.notes.some(({ text: said }) => said.includes('kho-v1-6.16 or kho-v1-6.18'))).toBe(true);
  });

  test('an FDT that was edited in place is 6.19', () => {
    const handover = decode(encode(`init kernel\n${text}`, 'kho-v1-6.19'));
    expect(ids(handover)).toEqual(['kho-v1-6.19']);
    expect(others(handover)).toEqual([]);
  });

  test('a map that was never finalized is said to boot cold', () => {
    const made = encode('page 0x12345 0\nsubtree LUO 0x240000000 16\nfinalize\n', 'kho-v1-6.19');
    const before = encode('subtree LUO 0x240000000 16\n', 'kho-v1-6.19');
    expect(decode(made).mapAddress).not.toBe(0n);
    const handover = decodeHandover(before.fdt, { memory: before.memory, fdtAddress: before.fdtAddress });
    expect(handover.mapAddress).toBe(0n);
    expect(handover.notes.some(({ text: said }) => said.includes('boots cold'))).toBe(true);
  });
});

describe('the depth of 16K trees (B3)', () => {
  const text = 'init kernel\npage 0x12345 0\npage 0x12200 9\n';

  test.each(['kho-v3-7.1-rc1', 'kho-v3'])('16K: the page of the FDT tells %s', (abi) => {
    const handover = decode(encode(text, abi, 14));
    expect(ids(handover)).toEqual([abi]);
    expect(others(handover)).toEqual([]);
    expect(handover.recovered === undefined).toBe(abi === 'kho-v3');
  });

  test.each([12, 16] as const)('page shift %d: there is no difference to tell', (shift) => {
    const handover = decode(encode(text, 'kho-v3-7.1-rc1', shift));
    expect(ids(handover)).toEqual(['kho-v3-7.1-rc1', 'kho-v3']);
  });
});

describe('version strings that no kernel writes', () => {
  /** A v4 root FDT with another compatible value; made by hand, in dtc's order of strings. */
  const blob = (compatible: string): Uint8Array => {
    const value = Buffer.from(`${compatible}\0`, 'latin1');
    const padded = Math.ceil(value.length / 4) * 4;
    const strings = Buffer.from('compatible\0preserved-memory-map\0', 'latin1');
    const struct = Buffer.alloc(8 + 12 + padded + 12 + 8 + 4 + 4);
    struct.writeUInt32BE(1, 0);
    struct.writeUInt32BE(3, 8);
    struct.writeUInt32BE(value.length, 12);
    value.copy(struct, 20);
    const map = 20 + padded;
    struct.writeUInt32BE(3, map);
    struct.writeUInt32BE(8, map + 4);
    struct.writeUInt32BE(11, map + 8);
    struct.writeBigUInt64LE(0x104a53000n, map + 12);
    struct.writeUInt32BE(2, map + 20);
    struct.writeUInt32BE(9, map + 24);
    const header = Buffer.alloc(56);
    const size = 56 + struct.length + strings.length;
    for (const [index, word] of [
      0xd00dfeed,
      size,
      56,
      56 + struct.length,
      40,
      17,
      16,
      0,
      strings.length,
      struct.length,
    ].entries())
      header.writeUInt32BE(word, index * 4);
    return Buffer.concat([header, struct, strings]);
  };

  test.each([
    { compatible: 'kho-v4;radix-v1;vmalloc-v1', said: 'not a released format' },
    { compatible: 'kho-v4\0vmalloc-v1', said: 'a list of version strings' },
  ])('$compatible', ({ compatible, said }) => {
    const handover = decodeHandover(blob(compatible));
    expect(ids(handover)).toEqual(['kho-v4']);
    expect(handover.notes.some(({ text }) => text.includes(said))).toBe(true);
  });

  test('the plain string has no such note', () => {
    expect(decodeHandover(blob('kho-v4')).notes).toEqual([]);
  });

  test('an unknown one is refused with what is known', () => {
    const error = thrown(() => decodeHandover(blob('kho-v9')));
    expect(error.code).toBe('E_HANDOVER');
    expect(error.message).toContain('kho-v1, kho-v2, kho-v3, kho-v4');
  });

  test('a string that its structure contradicts is named', () => {
    const bytes = Buffer.from(vector('v3-metadata'));
    bytes.write('kho-v2', 0x4c, 'latin1');
    const at = bytes.indexOf('kho-v');
    bytes.write('kho-v2', at, 'latin1');
    const handover = decodeHandover(
      Buffer.concat([
        vector('v3-metadata').subarray(0, at),
        Buffer.from('kho-v2'),
        vector('v3-metadata').subarray(at + 6),
      ]),
    );
    expect(handover.notes.some(({ text }) => text.includes('version and structure disagree'))).toBe(true);
  });
});
