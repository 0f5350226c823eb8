/** Pages of a scenario, moved to where the machine has room. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sourceFromScenario } from '../../src/boot/index.js';
import { placeScenario } from '../../src/boot/place-scenario.js';
import { KhoError } from '../../src/bytes/index.js';
import { appliesTo, parseScenario } from '../../src/handover/index.js';
import { kernelOf, machineOf } from './support.js';

const ROOM = { start: 0x8000_0000n, end: 0xa000_0000n };

function place(text: string): ReturnType<typeof placeScenario> {
  return placeScenario(parseScenario(text, 'test'), machineOf('arm64').target, 0x7000_0000n, ROOM);
}

describe('placeScenario', () => {
  test('a range keeps its place relative to the block that could hold it', () => {
    // 0x10 pages from 0x12343 on: a block of 16 pages could hold them, so they stay at 3 modulo 16.
    const [range] = place('range 0x12343 0x10\n').operations;
    expect(range).toMatchObject({ kind: 'range', pfn: 0x80003n });
  });

  test('neighbours stay together, others are packed', () => {
    const { operations } = place(
      'page 0x100000 0\npage 0x100001 0\npage 0x900000000 3\ndelpage 0x100001 0\n',
    );
    expect(operations).toMatchObject([
      { kind: 'page', pfn: 0x80000n },
      { kind: 'page', pfn: 0x80001n },
      { kind: 'page', pfn: 0x80008n },
      { kind: 'delpage', pfn: 0x80001n },
    ]);
  });

  test('regions and memfds move with the pages they share', () => {
    const moved = place(
      'memblock n1 0x240000000 0x3000\npage 0x240001 0\nluo session s\nluo memfd 1 4096 0x240002:1\n',
    );
    expect(moved.boot.memblock).toEqual([{ name: 'n1', start: 0x8000_0000n, size: 0x3000n }]);
    expect(moved.operations[0]).toMatchObject({ pfn: 0x80001n });
    expect(moved.operations[2]).toMatchObject({ folios: [{ pfn: 0x80002n, count: 1 }] });
    expect(moved.base).toBe(0x7000_0000n);
  });

  test('what does not fit is said', () => {
    expect(() => place('range 0x100000 0x100000\n')).toThrow(/do not fit/);
  });
});

describe.each([
  ['arm64', 12],
  ['arm64', 14],
  ['arm64', 16],
  ['x86_64', 12],
] as const)('golden scenarios on %s, 2^%i', (arch, pageShift) => {
  const folder = join(import.meta.dirname, '../../golden/scenarios');
  const { machine, target } = machineOf(arch, pageShift);
  const kernel = { image: kernelOf(arch, pageShift), imageBytes: 0x240000n, initrdBytes: 700_000n };

  test('all that fit are encoded inside the machine, and preserve as many blocks as before', () => {
    let fitting = 0;
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.scenario'))) {
      const scenario = parseScenario(readFileSync(join(folder, file), 'utf8'), file);
      if (!appliesTo(scenario, target)) continue;
      try {
        const { occupied } = sourceFromScenario(scenario, target, machine, kernel);
        fitting++;
        const ram = machine.ram(0x1_0000_0000n);
        for (const { start, end } of occupied)
          expect(
            ram.some((range) => range.start <= start && end <= range.end),
            file,
          ).toBe(true);
      } catch (error) {
        expect(error, file).toBeInstanceOf(KhoError);
        expect((error as KhoError).code, file).toBe('E_LIMIT');
      }
    }
    expect(fitting).toBeGreaterThan(40);
  });
});
