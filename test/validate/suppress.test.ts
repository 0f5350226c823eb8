import { describe, expect, test } from 'vitest';
import { parseSuppressions } from '../../src/validate/index.js';
import { thrown } from '../support/errors.js';

const CONTEXT = { today: '2026-06-15', rules: new Set(['KHO101', 'KHO402']) };
const parse = (text: string): ReturnType<typeof parseSuppressions> =>
  parseSuppressions(text, 'known.yaml', CONTEXT);

const TEXT = `- rule: KHO402
  path: /LUO/sessions*
  reason: producer is fixed in the next image
  expires: 2026-06-15
- rule: KHO402
  address: 0x00001000
  reason: a test page
  expires: 2027-01-01
- {rule: KHO402, address: "0xABC*", reason: an arena, expires: 2027-01-01}
`;

describe('matching', () => {
  test('a path from its beginning, an address in any way of writing, the beginning of an address', () => {
    const entries = parse(TEXT);
    const reason = (path?: string, address?: bigint): string | undefined =>
      entries.match('KHO402', { ...(path && { path }), ...(address !== undefined && { address }) })?.reason;
    expect(reason('/LUO/sessions[3]/files')).toBe('producer is fixed in the next image');
    expect(reason('/LUO/session')).toBeUndefined();
    expect(reason('/x', 0x1000n)).toBe('a test page');
    expect(reason(undefined, 0x10000n)).toBeUndefined();
    expect(reason(undefined, 0xabcden)).toBe('an arena');
    expect(reason()).toBeUndefined();
    expect(entries.match('KHO101', { path: '/LUO/sessions' })).toBeUndefined();
  });

  test('without * a path is whole', () => {
    const entries = parse('[{rule: KHO101, path: /a, reason: r, expires: 2027-01-01}]');
    expect(entries.match('KHO101', { path: '/a/b' })).toBeUndefined();
    expect(entries.match('KHO101', { path: '/a' })?.place).toBe('known.yaml:1:2');
  });

  test('a path is written as reports print it', () => {
    const entries = parse("[{rule: KHO101, path: '/a\\x1b[2J', reason: r, expires: 2027-01-01}]");
    expect(entries.match('KHO101', { path: '/a\u001b[2J' })?.reason).toBe('r');
  });

  test('addresses above 2^53 are exact', () => {
    const entries = parse('[{rule: KHO101, address: 0xfffffffffffff001, reason: r, expires: 2027-01-01}]');
    expect(entries.match('KHO101', { address: 0xffff_ffff_ffff_f000n })).toBeUndefined();
    expect(entries.match('KHO101', { address: 0xffff_ffff_ffff_f001n })?.reason).toBe('r');
  });

  test('names the rules it concerns', () => {
    expect([parse(TEXT).concerns('KHO402'), parse(TEXT).concerns('KHO101')]).toEqual([true, false]);
  });
});

describe('unused entries', () => {
  test('all, until they match; then those that are left', () => {
    const entries = parse(TEXT);
    expect(entries.unused().map(({ place }) => place)).toEqual([
      'known.yaml:1:3',
      'known.yaml:5:3',
      'known.yaml:9:3',
    ]);
    entries.match('KHO402', { path: '/LUO/sessions', address: 0xabcn });
    expect(entries.unused()).toEqual([
      {
        kind: 'suppression',
        place: 'known.yaml:5:3',
        message: 'nothing matched the suppression of KHO402 at 0x1000',
      },
    ]);
  });

  test('an empty list is fine', () => {
    expect(parse('[]').unused()).toEqual([]);
  });
});

describe('errors have file, line and column', () => {
  const entry = (more: string): string => `- rule: KHO101\n  reason: r\n  expires: 2027-01-01\n${more}`;
  test.each([
    ['an unknown key', entry('  path: /a\n  until: x\n'), 5, 3, /until/],
    ['no reason', '- {rule: KHO101, path: /a, expires: 2027-01-01}\n', 1, 3, /expected string/],
    [
      'a blank reason',
      '- rule: KHO101\n  path: /a\n  reason: " "\n  expires: 2027-01-01\n',
      3,
      11,
      /needs a reason/,
    ],
    [
      'expired yesterday',
      '- rule: KHO101\n  path: /a\n  reason: r\n  expires: 2026-06-14\n',
      4,
      12,
      /has expired/,
    ],
    [
      'a date that is none',
      '- rule: KHO101\n  path: /a\n  reason: r\n  expires: 2027-02-30\n',
      4,
      12,
      /a date/,
    ],
    ['no date', '- rule: KHO101\n  path: /a\n  reason: r\n  expires: soon\n', 4, 12, /a date/],
    ['no place', entry(''), 1, 3, /a path or an address/],
    ['two places', entry('  path: /a\n  address: 0x1\n'), 1, 3, /not both/],
    ['an empty path', entry('  path: ""\n'), 4, 3, /path is empty/],
    ['a star in the middle', entry('  path: /a*/b\n'), 4, 9, /only at the end/],
    ['two stars', entry('  path: /a**\n'), 4, 9, /only at the end/],
    ['an address that is none', entry('  address: 12x\n'), 4, 12, /not an address/],
    ['an address of 65 bits', entry('  address: 0x10000000000000000\n'), 4, 12, /not an address/],
    ['the beginning of a decimal address', entry('  address: 12*\n'), 4, 12, /not an address/],
    ['any address', entry('  address: "*"\n'), 4, 12, /not an address/],
    [
      'a rule nobody knows',
      '- rule: KHO999\n  path: /a\n  reason: r\n  expires: 2027-01-01\n',
      1,
      9,
      /no such rule/,
    ],
    [
      'a rule that is no id',
      '- rule: fdt-magic\n  path: /a\n  reason: r\n  expires: 2027-01-01\n',
      1,
      9,
      /KHO and three digits/,
    ],
    ['an entry twice', `${entry('  path: /a*\n')}${entry('  path: /a*\n')}`, 5, 3, /twice/],
    ['a map', 'rule: KHO101\n', 1, 1, /array/],
  ])('%s', (_, text, line, column, message) => {
    const { code, details, message: told } = thrown(() => parse(text));
    expect(told).toMatch(message);
    expect([code, details.source, details.line, details.column]).toEqual([
      'E_USAGE',
      'known.yaml',
      line,
      column,
    ]);
  });
});
