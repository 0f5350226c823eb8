import { describe, expect, test } from 'vitest';
import {
  type Finding,
  FindingCollector,
  type FindingFacts,
  parseSuppressions,
  type ReportFrame,
  type Rule,
  reportFails,
} from '../../src/validate/index.js';

const rule = (id: Rule['id'], severity: Rule['severity']): Rule => ({
  id,
  name: 'a-rule',
  area: 'map',
  title: 'something is wrong',
  severity,
  reference: 'Linux 7.2',
  explanation: 'It is wrong.',
  appliesTo: 'everything',
});
const ERROR = rule('KHO201', 'error');
const WARNING = rule('KHO202', 'warning');
const NOTE = rule('KHO203', 'note');

const FRAME: ReportFrame = {
  tool: { name: 'kho-abi', version: '1' },
  dtc: null,
  started: null,
  inputs: [],
  subject: { abi: null, byteOrder: null, pageSize: null, fdtAddress: null },
  receiver: 'nobody',
};

const at = (more: Partial<FindingFacts>): FindingFacts => ({ message: 'm', input: 0, ...more });

function suppressions(text: string): ReturnType<typeof parseSuppressions> {
  return parseSuppressions(text, 's.yaml', { today: '2026-01-01' });
}

describe('order', () => {
  test('severity, then input, then offset, then address, however they came', () => {
    const expected: [Rule, FindingFacts][] = [
      [ERROR, at({ address: 0x1000n })],
      [ERROR, at({ address: 0xffff_ffff_ffff_ffffn })],
      [ERROR, at({ offset: 4, message: 'a' })],
      [ERROR, at({ offset: 4, message: 'b' })],
      [ERROR, at({ offset: 30 })],
      [ERROR, at({ input: 1, offset: 0 })],
      [WARNING, at({ offset: 0 })],
      [NOTE, at({ offset: 0 })],
    ];
    const collector = new FindingCollector();
    for (const index of [5, 2, 7, 0, 6, 4, 1, 3]) collector.add(...expected[index]!);
    expect(collector.report(FRAME).findings).toEqual(
      expected.map(([{ id, severity }, facts]): Finding => ({ rule: id, severity, ...facts })),
    );
  });

  test('a place may make a finding better or worse than its rule', () => {
    const collector = new FindingCollector();
    collector.add(ERROR, at({}), 'note');
    const { findings, counts } = collector.report(FRAME);
    expect(findings[0]!.severity).toBe('note');
    expect(counts).toEqual({ error: 0, warning: 0, note: 1 });
  });
});

describe('cap', () => {
  test('20 of a rule are listed unless told, all are counted', () => {
    const collector = new FindingCollector();
    for (let offset = 0; offset < 25; offset++) collector.add(ERROR, at({ offset }));
    collector.add(WARNING, at({}));
    const { findings, rules, counts } = collector.report(FRAME);
    expect(findings).toHaveLength(21);
    expect(counts).toEqual({ error: 25, warning: 1, note: 0 });
    expect(rules[0]).toMatchObject({ total: 25, shown: 20, run: true });
  });

  test('a full rule may be counted without texts', () => {
    const collector = new FindingCollector({ cap: 1 });
    expect(collector.full(ERROR)).toBe(false);
    collector.add(ERROR, at({}));
    expect(collector.full(ERROR)).toBe(true);
    collector.count(ERROR, 1_000_000);
    collector.count(ERROR, 2, 'note');
    expect(collector.report(FRAME).rules[0]).toMatchObject({
      counts: { error: 1_000_001, warning: 0, note: 2 },
      total: 1_000_003,
      shown: 1,
    });
  });

  test('a rule with a suppression is never full: the next finding may be the one', () => {
    const entries = suppressions('[{rule: KHO201, path: /x, reason: r, expires: 2026-01-01}]');
    const collector = new FindingCollector({ cap: 1, suppressions: entries });
    collector.add(ERROR, at({}));
    expect(collector.full(ERROR)).toBe(false);
    collector.add(ERROR, at({ path: '/x' }));
    expect(collector.report(FRAME)).toMatchObject({ counts: { error: 1 }, problems: [] });
  });

  test('texts are cut', () => {
    const collector = new FindingCollector();
    collector.add(ERROR, at({ message: 'x'.repeat(5000), path: 'y'.repeat(1000) }));
    const [finding] = collector.report(FRAME).findings;
    expect(finding!.message).toBe(`${'x'.repeat(1000)}... (5000 characters)`);
    expect(finding!.path).toBe('y'.repeat(1000));
    expect(finding).not.toHaveProperty('hint');
  });
});

describe('rules', () => {
  test('run, skipped, or run on one input and skipped on another', () => {
    const collector = new FindingCollector();
    collector.skip(NOTE, 'no memory given');
    collector.skip(NOTE, 'another reason');
    collector.ran(WARNING);
    collector.skip(WARNING, 'no RAM ranges given');
    expect(collector.report(FRAME).rules).toEqual([
      {
        rule: WARNING,
        run: true,
        counts: { error: 0, warning: 0, note: 0 },
        total: 0,
        shown: 0,
        suppressed: 0,
      },
      {
        rule: NOTE,
        run: false,
        skipped: 'no memory given',
        counts: { error: 0, warning: 0, note: 0 },
        total: 0,
        shown: 0,
        suppressed: 0,
      },
    ]);
  });
});

describe('verdict', () => {
  const report = (...add: Rule[]): ReturnType<FindingCollector['report']> => {
    const collector = new FindingCollector();
    for (const one of add) collector.add(one, at({}));
    return collector.report(FRAME);
  };

  test('an error refuses, a warning warns, a note does nothing', () => {
    expect(report().verdict).toBe('accepted');
    expect(report(NOTE).verdict).toBe('accepted');
    expect(report(NOTE, WARNING).verdict).toBe('accepted with warnings');
    expect(report(WARNING, ERROR).verdict).toBe('refused');
  });

  test('a problem of the profile refuses; an unused suppression only fails the run', () => {
    const collector = new FindingCollector();
    const profile = { kind: 'profile', message: 'p' } as const;
    const suppression = { kind: 'suppression', message: 's' } as const;
    expect(collector.report({ ...FRAME, problems: [profile] }).verdict).toBe('refused');
    const unused = collector.report({ ...FRAME, problems: [suppression] });
    expect(unused.verdict).toBe('accepted');
    expect(reportFails(unused, 'error')).toBe(true);
    expect(reportFails(unused, 'never')).toBe(false);
  });

  test('what makes a run fail is told by --fail-on', () => {
    expect((['error', 'warning', 'never'] as const).map((on) => reportFails(report(WARNING), on))).toEqual([
      false,
      true,
      false,
    ]);
    expect((['error', 'warning', 'never'] as const).map((on) => reportFails(report(ERROR), on))).toEqual([
      true,
      true,
      false,
    ]);
    expect(reportFails(report(NOTE), 'warning')).toBe(false);
  });
});

describe('suppressed findings', () => {
  test('do not count and are listed with reason and date, up to the cap', () => {
    const entries = suppressions('[{rule: KHO201, path: /a*, reason: known, expires: 2026-02-03}]');
    const collector = new FindingCollector({ cap: 2, suppressions: entries });
    for (let offset = 9; offset > 0; offset--) collector.add(ERROR, at({ path: '/a/b', offset }));
    collector.add(ERROR, at({ path: '/b' }));
    const { suppressed, findings, counts, rules, problems } = collector.report(FRAME);
    expect(suppressed.map(({ finding: { offset }, reason, expires }) => [offset, reason, expires])).toEqual([
      [8, 'known', '2026-02-03'],
      [9, 'known', '2026-02-03'],
    ]);
    expect(findings.map(({ path }) => path)).toEqual(['/b']);
    expect(counts.error).toBe(1);
    expect(rules[0]).toMatchObject({ suppressed: 9, total: 1 });
    expect(problems).toEqual([]);
  });

  test('an entry that nothing matched becomes a problem, after those of the profile', () => {
    const entries = suppressions(
      '- {rule: KHO201, path: /a, reason: r, expires: 2026-02-03}\n- {rule: KHO201, address: 0x10*, reason: r, expires: 2026-02-03}',
    );
    const collector = new FindingCollector({ suppressions: entries });
    collector.add(ERROR, at({ path: '/a' }));
    expect(collector.report({ ...FRAME, problems: [{ kind: 'profile', message: 'p' }] }).problems).toEqual([
      { kind: 'profile', message: 'p' },
      {
        kind: 'suppression',
        message: 'nothing matched the suppression of KHO201 at 0x10*',
        place: 's.yaml:2:3',
      },
    ]);
  });
});
