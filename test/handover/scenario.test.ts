import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { appliesTo, encodeScenario, getAbi, logText, makeTarget, parseScenario } from '../../src/index.js';
import { thrown } from '../support/errors.js';

const V2 = makeTarget(getAbi('kho-v2'), 'little', 12);
const FOLDER = join(import.meta.dirname, '../../golden/scenarios');

describe('parseScenario', () => {
  test('reads every line kind, comments, number forms and line ends', () => {
    const scenario = parseScenario(
      [
        '# comment',
        'base 0x200000000   # trailing',
        'pageshift 12 16',
        'byteorder little',
        'only v2 v4',
        'uts 7.3.4',
        'numa 0x400',
        'numa 0x200',
        'init kernel\r',
        '',
        '  page\t0x10 010',
        'vmalloc 0 raw:0x402 5 0x10:3 0x100:2:8',
        'subtree LUO alloc 32#x',
      ].join('\n'),
      'a.scenario',
    );
    expect(scenario).toMatchObject({
      base: 0x2_0000_0000n,
      pageShifts: [12, 16],
      byteOrder: 'little',
      versions: ['v2', 'v4'],
      release: '7.3.4',
      nodeStarts: [0x200n, 0x400n],
      init: 'kernel',
    });
    expect(scenario.operations).toEqual([
      { line: 11, column: 8, text: 'page 0x10 010', kind: 'page', pfn: 0x10n, order: 8 },
      {
        line: 12,
        column: 9,
        text: 'vmalloc 0 raw:0x402 5 0x10:3 0x100:2:8',
        kind: 'vmalloc',
        order: 0,
        vmFlags: { raw: 0x402 },
        heads: [
          { start: 5n, count: 1n, step: 1n },
          { start: 16n, count: 3n, step: 1n },
          { start: 256n, count: 2n, step: 8n },
        ],
      },
      {
        line: 13,
        column: 9,
        text: 'subtree LUO alloc 32',
        kind: 'subtree',
        name: 'LUO',
        address: 'alloc',
        size: 32n,
      },
    ]);
  });

  test('applies to the targets it names', () => {
    const scenario = parseScenario('pageshift 14\nbyteorder big\nonly v2\n', 's');
    const target = (abi: string, order: 'little' | 'big', shift: 12 | 14) =>
      makeTarget(getAbi(abi), order, shift);
    expect(appliesTo(scenario, target('kho-v2', 'big', 14))).toBe(true);
    expect(appliesTo(scenario, target('kho-v4', 'big', 14))).toBe(false);
    expect(appliesTo(scenario, target('kho-v2', 'little', 14))).toBe(false);
    expect(appliesTo(scenario, target('kho-v2', 'big', 12))).toBe(false);
    expect(thrown(() => encodeScenario(scenario, V2)).code).toBe('E_USAGE');
  });

  test.each([
    ['page 0x10', '1:10', 'ORDER is missing'],
    ['page 0x10 x', '1:11', "ORDER is not a number; found 'x'"],
    ['page 0x10 0 0', '1:13', 'too many words'],
    ['page 0x10 53', '1:11', 'ORDER is too large'],
    ['pagee 1 2', '1:1', 'unknown operation'],
    ['\n\n  base 0x1001', '3:8', 'not a multiple of the page size'],
    ['base 0x10000000000000', '1:6', 'too large'],
    ['base 0\nbase 0', '2:1', "a second 'base'"],
    ['page 1 0\nbase 0', '2:1', 'must come before the first operation'],
    ['pageshift 13', '1:11', 'unknown N'],
    ['init maybe', '1:6', 'unknown KIND'],
    [`uts ${'x'.repeat(65)}`, '1:5', 'longer than 64'],
    ['vmalloc 32 1 5', '1:9', 'too large'],
    ['vmalloc 0 4 5', '1:11', 'too large'],
    ['vmalloc 0 raw:z 5', '1:15', 'not a number'],
    ['vmalloc 0 1', '1:12', 'is missing'],
    ['vmalloc 0 1 0', '1:13', 'cannot hold page 0'],
    ['vmalloc 0 1 5:1:2:3', '1:13', 'not PFN'],
    ['vmalloc 0 1 5:x', '1:15', 'not a number'],
    ['scratch 0x10000', '1:16', 'is missing'],
    ['scratch 0x10000 0x10000', '1:17', 'not AREA:SIZE'],
    ['subtree LUO somewhere 1', '1:13', 'not a number'],
    ['prange -1 5', '1:8', 'not a number'],
  ])('%j is an error at %s', (text, place, message) => {
    const error = thrown(() => parseScenario(text, 'bad.scenario'));
    expect(error.code).toBe('E_SCENARIO');
    expect(error.message).toContain(`bad.scenario:${place}: `);
    expect(error.message).toContain(message);
  });
});

describe('running', () => {
  const run = (text: string, target = V2) => encodeScenario(parseScenario(text, 'run.scenario'), target);

  test.each([
    ['page 0x11 4', 'a misaligned block cannot be expressed'],
    ['page 0x10000000000000 0', 'pages beyond 64 address bits'],
    ['range 0xfffffffffffff 2', 'pages beyond 64 address bits'],
    ['pages 0xfffffffffffff 2', 'pages beyond 64 address bits'],
    ['prange 0x1001 0x1000', 'not a multiple of the page size'],
    ['vmalloc 31 1 0x80000000:3', 'counts its pages in 32 bits'],
    ['delvmalloc 0', 'no such vmalloc area'],
    ['vmalloc 0 raw:1 5\ndelvmalloc 0', 'no such vmalloc area'],
    ['vmalloc 0 1 5\ndelvmalloc 0\ndelvmalloc 0', 'no such vmalloc area'],
    ['scratch 0x10001 0x10000:0x10000', 'misaligned'],
    ['scratch 0x10000 0x20000:0x10000', 'none of the scratch areas'],
    ['scratch 0x100000000 0x100000000:0x10000', 'lies in the arena'],
    ['scratch 0x10000 0x10000:0x10000\nscratch 0x10000 0x10000:0x10000', 'a second scratch line'],
    ['base 0x100001000\nsubtree a alloc 8192', 'not aligned enough'],
  ])('%j: %s', (text, message) => {
    const error = thrown(() => run(text));
    expect(error.code).toBe('E_SCENARIO');
    expect(error.message).toMatch(/^run\.scenario:\d+:\d+: |^run\.scenario: the scratch array lies/);
    expect(error.message).toContain(message);
  });

  test('defects of the kernel are refused and named', () => {
    const b35 = thrown(() => run('page 1 0\nrange 0 16'));
    expect(b35.code).toBe('E_KERNEL_DEFECT');
    expect(b35.exitStatus).toBe(2);
    expect(b35.message).toContain('run.scenario:2:7: ');
    expect(b35.message).toContain('erratum B35 of kho-v2: A page range that starts at PFN 0');
    const b36 = thrown(() => run('prange 0x80000000000 0x80000000000'));
    expect(b36.message).toContain('erratum B36');
    // Newer kernels count the zeros of 0 right.
    const v4 = makeTarget(getAbi('kho-v4'), 'little', 12);
    expect(logText(run('range 0 16', v4))).toBe('init bare -> 0\n1 range 0 16 -> 0\nwalk -> 1 blocks\n');
    expect(thrown(() => run('prange 0x80000000000 0x80000000000', v4)).message).toContain('erratum B36');
  });

  test('every scenario of the corpus parses and runs on some target', () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.scenario'));
    expect(files.length).toBeGreaterThan(16);
    for (const file of files) {
      const scenario = parseScenario(readFileSync(join(FOLDER, file), 'utf8'), file);
      const applies = (['kho-v2', 'kho-v4'] as const).some((abi) =>
        ([12, 14, 16] as const).some((shift) =>
          appliesTo(scenario, { abi: getAbi(abi), byteOrder: 'little', pageShift: shift }),
        ),
      );
      expect(applies || scenario.versions !== undefined).toBe(true);
    }
  });
});
