/** The verdict for pairs of kernels. Expected values are those of the documented matrix of mismatch outcomes. */
import { describe, expect, test } from 'vitest';
import { allReleases, findRelease, type PageShift } from '../../src/index.js';
import { pairKernels, type Verdict } from '../../src/receive/index.js';
import { thrown } from '../support/errors.js';

const pair = (from: string, to: string, shift: PageShift = 12) =>
  pairKernels(findRelease(from), findRelease(to), shift);
const root = (from: string, to: string, shift: PageShift = 12) => pair(from, to, shift).components[0]!;
const client = (from: string, to: string, component: string) =>
  pair(from, to).components.find((found) => found.component === component);

/** Rows and columns of the documented release matrix (4K pages), and one release of each. */
const GROUPS = ['6.16', '6.18', '6.19', '7.1', '7.2'];
const WRONG = 'accepted, wrong bits';
const EIGHTH = 'accepted, 1/8 honoured';
const MATRIX: readonly (readonly string[])[] = [
  ['compatible', WRONG, WRONG, 'cold boot', 'cold boot'],
  [EIGHTH, 'compatible', 'compatible', 'cold boot', 'cold boot'],
  [EIGHTH, 'compatible', 'compatible', 'cold boot', 'cold boot'],
  ['cold boot', 'cold boot', 'cold boot', 'compatible', 'cold boot'],
  ['cold boot', 'cold boot', 'cold boot', 'cold boot', 'compatible'],
];

describe('root FDT and map, 4K pages: the documented matrix', () => {
  const cells = MATRIX.flatMap((row, from) =>
    row.map((expected, to) => ({ from: GROUPS[from]!, to: GROUPS[to]!, expected })),
  );
  test.each(cells)('$from to $to: $expected', ({ from, to, expected }) => {
    const { verdict, reason } = root(from, to);
    if (expected === 'compatible') expect(verdict).toBe('compatible');
    else {
      expect(reason).toContain(expected);
      expect(verdict).toBe(expected === 'cold boot' ? 'refused' : 'corrupts');
    }
  });

  // Releases that carry the same formats behave the same.
  test.each([
    ['6.17', '6.16'],
    ['6.17.8', '6.16'],
    ['6.17.9', '6.18'],
    ['6.17.12', '6.18'],
    ['7.0', '6.19'],
    ['7.3', '7.2'],
    ['7.3.4', '7.2'],
  ])('%s is like %s', (one, other) => {
    for (const to of GROUPS) expect(root(one, to).verdict).toBe(root(other, to).verdict);
    for (const from of GROUPS) expect(root(from, one).verdict).toBe(root(from, other).verdict);
  });
});

describe('other page sizes', () => {
  test.each<[string, string, PageShift, Verdict, string]>([
    // 512 of 16384 and of 65536 bytes.
    ['6.18', '6.16', 14, 'corrupts', '1/32 honoured'],
    ['6.18', '6.16', 16, 'corrupts', '1/128 honoured'],
    // The depth of 16K trees changed under the string kho-v3, and of no other size.
    ['7.1-rc1', '7.1', 12, 'compatible', ''],
    ['7.1-rc1', '7.1', 16, 'compatible', ''],
    ['7.1-rc5', '7.1-rc6', 14, 'panic', '4 levels is read as one of 5'],
    ['7.1', '7.1-rc3', 14, 'corrupts', '5 levels is read as one of 4'],
    ['7.1-rc1', '7.1-rc1', 14, 'corrupts', 'B3'],
    ['7.1', '7.1', 14, 'compatible', ''],
  ])('%s to %s, page shift %d: %s', (from, to, shift, verdict, reason) => {
    expect(root(from, to, shift).verdict).toBe(verdict);
    expect(root(from, to, shift).reason).toContain(reason);
  });
});

describe('clients', () => {
  test('LUO of 6.19 makes 7.0 panic, though both say luo-v1; not the other way round', () => {
    expect(client('6.19', '7.0', 'luo')).toMatchObject({
      verdict: 'panic',
      from: 'luo-v1-6.19',
      to: 'luo-v1',
    });
    expect(pair('6.19', '7.0').verdict).toBe('panic');
    expect(client('7.0', '6.19', 'luo')?.verdict).toBe('degraded');
  });

  test('kho_test changed its array without a new string in 6.18', () => {
    expect(client('6.17', '6.17.9', 'kho-test')?.verdict).toBe('corrupts');
    expect(client('6.17.9', '6.18', 'kho-test')).toMatchObject({ verdict: 'degraded' });
  });

  test('a client that the next kernel lacks is not looked at', () => {
    expect(client('6.19', '6.18', 'luo')).toMatchObject({ verdict: 'degraded', to: undefined });
  });

  test('after a cold boot no client learns anything', () => {
    for (const { verdict } of pair('7.1', '7.3').components) expect(verdict).toBe('refused');
  });

  test('nothing is lost between equal releases, but for 16K trees without order bit', () => {
    for (const release of allReleases())
      expect(pair(release.name, release.name).verdict, release.name).toBe('compatible');
  });
});

describe('conditions', () => {
  test('6.19 must be finalized, or the next kernel boots cold', () => {
    expect(pair('6.19', '7.0').conditions.join()).toContain('boots cold');
    expect(pair('7.2', '7.3').conditions).toEqual([]);
  });

  test('blocks of 2 GiB, and what 6.18 makes of huge vmalloc areas', () => {
    expect(pair('7.1', '7.1').conditions.join()).toContain('2 GiB');
    expect(pair('6.18', '6.18').conditions.join()).toContain('order 1 or more');
    expect(pair('6.18', '6.19').conditions.join()).not.toContain('order 1 or more');
  });
});

test('names of releases', () => {
  expect(findRelease('kho-v3').name).toBe('7.1');
  expect(findRelease('kho-v2').clients).toEqual({});
  expect(findRelease('7.1-rc7').name).toBe('7.1');
  for (const name of ['6.15', '7.4', 'kho-v9', 'abc', '7'])
    expect(thrown(() => findRelease(name)).code).toBe('E_USAGE');
});
