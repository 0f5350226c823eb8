import { describe, expect, test } from 'vitest';
import { renderReport } from '../../src/report/index.js';
import type { ValidationReport } from '../../src/validate/index.js';
import { valid } from '../support/sarif.js';
import { CLEAN, EMPTY, FULL, HOSTILE, hostileReport } from './support.js';

// biome-ignore lint/suspicious/noExplicitAny: a log is looked into at will; the schema has checked it
function log(report: ValidationReport): any {
  const text = renderReport('sarif', report);
  const data = JSON.parse(text);
  expect(valid(data), JSON.stringify(valid.errors?.slice(0, 3))).toBe(true);
  return data;
}

test('the schema is there and refuses what is wrong', () => {
  expect(valid({ version: '2.1.0', runs: [{ tool: { driver: {} }, results: [] }] })).toBe(false);
  expect(valid({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, extra: 1 }] })).toBe(false);
  const uri = { location: { uri: 'a b' } };
  expect(valid({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, artifacts: [uri] }] })).toBe(
    false,
  );
});

describe('a full report', () => {
  const run = log(FULL).runs[0];

  test('names the tool, and the rules with help', () => {
    expect(run.tool.driver.name).toBe('kho-abi');
    expect(run.tool.driver.version).toBe('9.8.7');
    expect(run.tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual([
      'KHO101',
      'KHO102',
      'KHO201',
      'KHO202',
      'KHO301',
      'KHO402',
    ]);
    expect(run.tool.driver.rules[2]).toEqual({
      id: 'KHO201',
      name: 'map-no-order-bit',
      shortDescription: { text: 'a key has no order bit.' },
      fullDescription: {
        text: 'The kernel computes an order from {{nothing}} and preserves the wrong block.',
      },
      help: {
        text: 'a key has no order bit.\nThe kernel computes an order from {{nothing}} and preserves the wrong block.\nReference: erratum B4.\nApplies to: radix maps; needs memory.',
      },
      defaultConfiguration: { level: 'error' },
      properties: {
        area: 'map',
        reference: 'erratum B4',
        appliesTo: 'radix maps; needs memory',
        tags: ['kho', 'map'],
      },
    });
  });

  test('has the inputs as artifacts', () => {
    expect(run.artifacts).toEqual([
      {
        location: { uri: 'out/fdt' },
        description: { text: 'root FDT' },
        length: 100,
        roles: ['analysisTarget'],
        hashes: { 'sha-256': '0123456789abcdef'.repeat(4) },
      },
      {
        location: { uri: 'file:///dumps/a%20b.elf' },
        description: { text: 'ELF core' },
        length: 68719476736,
        roles: ['analysisTarget'],
        properties: { noHash: 'larger than 1 GiB' },
      },
    ]);
  });

  test('places a finding in a file by byte offset, and in the blob by its path', () => {
    const { partialFingerprints, ...result } = run.results[0];
    expect(partialFingerprints).toEqual({ 'khoPlace/v1': expect.stringMatching(/^[0-9a-f]{32}:1$/) });
    expect(result).toEqual({
      ruleId: 'KHO101',
      ruleIndex: 0,
      level: 'error',
      kind: 'fail',
      message: { text: 'the header says 4096 bytes and the file has 100' },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'out/fdt', index: 0 },
            region: { byteOffset: 4, byteLength: 4 },
          },
          logicalLocations: [{ fullyQualifiedName: '/', kind: 'member' }],
        },
      ],
      suppressions: [],
      properties: {
        found: '100',
        expected: '4096',
        erratum: 'B22',
        hint: 'debugfs of the sender cuts the file',
        window: [
          '0000000000000000  d0 0d fe ed 00 00 10 00  00 00 00 40 00 00 00 60  |...........@...`|',
          '                              ^^^^^^^^^^^',
          '0000000000000010  00 00 00 28 00 00 00 11  00 00 00 10 00 00 00 00  |...(............|',
        ],
      },
    });
  });

  test('has physical addresses as numbers while these are exact, and always by name', () => {
    expect(run.results[1].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'file:///dumps/a%20b.elf', index: 1 },
      address: {
        absoluteAddress: 4362076160,
        length: 8,
        kind: 'data',
        fullyQualifiedName: 'physical 0x104000000',
      },
    });
    expect(run.results[2].locations[0].physicalLocation.address).toEqual({
      kind: 'data',
      fullyQualifiedName: 'physical 0xfffffffffffff000',
    });
  });

  test('carries suppressed findings, and says that the others are not', () => {
    expect(run.results).toHaveLength(5);
    expect(run.results[4].suppressions).toEqual([
      {
        kind: 'external',
        status: 'accepted',
        justification: 'fixed in the next image',
        properties: { expires: '2026-12-31' },
      },
    ]);
    expect(
      run.results.slice(0, 4).every((r: { suppressions: unknown[] }) => r.suppressions.length === 0),
    ).toBe(true);
  });

  test('tells what did not run, what is cut, and the problems', () => {
    const texts = (list: { message: { text: string } }[]): string[] =>
      list.map(({ message }) => message.text);
    expect(run.invocations).toHaveLength(1);
    expect(run.invocations[0].startTimeUtc).toBe('2026-01-02T03:04:05Z');
    expect(texts(run.invocations[0].toolExecutionNotifications)).toEqual([
      'KHO202 map-outside-ram did not run: no RAM ranges given',
      'KHO301 vmalloc-flags did not run: no vmalloc area found',
      'KHO201 map-no-order-bit: 1 of 1234 findings are listed',
    ]);
    expect(texts(run.invocations[0].toolConfigurationNotifications)).toEqual([
      'fleet.yaml:3:3: profile: the handover has luo luo-v5; profile fleet accepts only luo-v4',
      'known.yaml:5:3: suppression: nothing matched the suppression of KHO101 at /x',
    ]);
  });
});

test('clean and empty reports are valid and have no results', () => {
  expect(log(CLEAN).runs[0].results).toEqual([]);
  expect(log(EMPTY).runs[0].tool.driver.rules).toEqual([]);
});

describe('fingerprints', () => {
  const prints = (report: ValidationReport): string[] =>
    log(report).runs[0].results.map(
      (r: { partialFingerprints: Record<string, string> }) => r.partialFingerprints['khoPlace/v1'],
    );

  test('do not depend on file names, wording, offsets of a path, or the order of other findings', () => {
    const moved: ValidationReport = {
      ...FULL,
      inputs: FULL.inputs.map((input) => ({ ...input, path: `/elsewhere/${input.path}` })),
      findings: FULL.findings.map((finding) => ({
        ...finding,
        message: 'said otherwise',
        ...(finding.path === undefined || finding.offset === undefined ? {} : { offset: finding.offset + 8 }),
      })),
    };
    expect(prints(moved)).toEqual(prints(FULL));
    expect([...prints({ ...FULL, findings: [...FULL.findings].reverse() })].sort()).toEqual(
      [...prints(FULL)].sort(),
    );
  });

  test('differ for every place, and for the second finding at one place', () => {
    const twice = prints({ ...FULL, findings: [...FULL.findings, FULL.findings[0]!] });
    expect(new Set(twice).size).toBe(twice.length);
    expect(twice[4]).toBe(twice[0]!.replace(/:1$/, ':2'));
  });
});

describe('hostile texts', () => {
  test.each(Object.keys(HOSTILE))('%s: the log is valid and in ASCII', (name) => {
    const report = hostileReport(HOSTILE[name]!);
    expect(renderReport('sarif', report)).toMatch(/^[\n\x20-\x7e]*$/);
    expect(log(report).runs[0].results).toHaveLength(2);
  });

  test('make neither placeholders nor links', () => {
    const { text } = log(hostileReport(HOSTILE.sarif!)).runs[0].results[0].message;
    expect(text).toBe('{{0}} }}{{ [text]\\x28sarif:/runs/0)');
  });
});
