import { describe, expect, test } from 'vitest';
import { checkProfile, knownVersions, parseProfile } from '../../src/validate/index.js';
import { thrown } from '../support/errors.js';

const KNOWN = new Map([
  ['kho', ['kho-v3', 'kho-v4']],
  ['luo', ['luo-v4', 'luo-v5']],
]);
const TEXT = `name: spring fleet
accepts:
  kho: [kho-v4]
  luo:
    - luo-v4
    - luo-v5
  vendor: ["2"]
`;
const parse = (text: string): ReturnType<typeof parseProfile> => parseProfile(text, 'fleet.yaml', KNOWN);

test('a profile names versions by component', () => {
  expect(parse(TEXT)).toEqual({
    name: 'spring fleet',
    accepts: new Map([
      ['kho', { versions: ['kho-v4'], place: 'fleet.yaml:3:8' }],
      ['luo', { versions: ['luo-v4', 'luo-v5'], place: 'fleet.yaml:5:5' }],
      ['vendor', { versions: ['2'], place: 'fleet.yaml:7:11' }],
    ]),
  });
});

test('what is accepted, what is not, and what cannot be told', () => {
  const profile = parse(TEXT);
  expect(
    checkProfile(profile, [
      { component: 'kho', version: 'kho-v4' },
      { component: 'luo', version: 'luo-v5' },
      { component: 'vendor', version: null, wire: '2' },
    ]),
  ).toEqual([]);
  expect(
    checkProfile(profile, [
      { component: 'kho', version: 'kho-v3' },
      { component: 'kho', version: 'kho-v3' },
      { component: 'memfd', version: 'memfd-v2' },
      { component: 'luo', version: null, wire: 'luo-v9' },
      { component: 'vendor', version: null },
    ]),
  ).toEqual([
    {
      kind: 'profile',
      message: 'the handover has kho kho-v3; profile spring fleet accepts only kho-v4',
      place: 'fleet.yaml:3:8',
    },
    { kind: 'profile', message: 'the handover has memfd memfd-v2; profile spring fleet does not name memfd' },
    {
      kind: 'profile',
      message: 'the handover has luo luo-v9; profile spring fleet accepts only luo-v4, luo-v5',
      place: 'fleet.yaml:5:5',
    },
    {
      kind: 'profile',
      message:
        'the handover has a version of vendor that cannot be told; profile spring fleet accepts only 2',
      place: 'fleet.yaml:7:11',
    },
  ]);
});

describe('errors have file, line and column', () => {
  test.each([
    ['an unknown key', 'name: x\naccept:\n  kho: [kho-v4]\naccepts: {}\n', 2, 1, /accept/],
    [
      'a version nobody knows',
      'name: x\naccepts:\n  luo: [luo-v4, luo-v44]\n',
      3,
      17,
      /luo has no such version/,
    ],
    ['a version twice', 'name: x\naccepts: {kho: [kho-v4, kho-v4]}\n', 2, 25, /named twice/],
    ['no version', 'name: x\naccepts:\n  kho: []\n', 3, 8, /at least one version/],
    ['a version that is no list', 'name: x\naccepts:\n  kho: kho-v4\n', 3, 8, /array/],
    ['an empty value', 'name: x\naccepts:\n  kho:\n', 3, 3, /array/],
    ['no name', 'accepts: {}\n', 1, 1, /name|string/],
    ['a key twice', 'name: x\naccepts:\n  kho: [kho-v4]\n  kho: [kho-v3]\n', 4, 3, /not YAML.*unique/],
    ['an alias', 'name: &a x\naccepts: {kho: [*a]}\n', 1, 1, /aliases/],
    ['a file that is no map', '- x\n', 1, 1, /object/],
    ['an empty file', '', 1, 1, /object/],
    ['text that is not YAML', 'name: x\naccepts: {kho: [\n', 3, 1, /not YAML/],
  ])('%s', (_, text, line, column, message) => {
    const { code, details, message: told } = thrown(() => parse(text));
    expect(told).toMatch(message);
    expect([code, details.source, details.line, details.column]).toEqual([
      'E_USAGE',
      'fleet.yaml',
      line,
      column,
    ]);
  });
});

test('the ABI files are known unless told', () => {
  expect(knownVersions().get('kho')).toContain('kho-v4');
  expect(knownVersions().get('luo')).toContain('luo-v5');
  expect(() => parseProfile('name: x\naccepts: {kho: [kho-v99]}', 'f')).toThrow(/no such version/);
});
