/** Findings, verdicts and exit statuses of comparisons whose answers are known. */
import { describe, expect, test } from 'vitest';
import {
  type Fingerprint,
  isUnbumped,
  nextVersion,
  type TreeFinding,
  type TreeReport,
  targetsText,
  treeExitStatus,
  treeFindings,
  treeRules,
  treeVerdict,
} from '../../src/kernel/index.js';
import { allRules } from '../../src/validate/index.js';
import {
  ALONE,
  DEPTH,
  EVERYTHING,
  PLACES,
  print,
  report,
  SAME,
  session,
  VMALLOC_GREW,
  VMALLOC_WIDE,
} from '../support/tree.js';

const ABI = 'include/linux/kho/abi';
const found = (of: TreeReport): string[] => treeFindings(of).map(({ rule, item }) => `${rule} ${item}`);

test('rules have numbers of their own, and the names are unique', () => {
  const all = [...allRules(), ...treeRules()];
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { id } of treeRules()) expect(id).toMatch(/^KHO6\d\d$/);
});

describe('a change without a bump', () => {
  test('names the page size, the line, and the version to raise, which guards the component', () => {
    expect(treeFindings(DEPTH)).toEqual([
      {
        rule: 'KHO601',
        name: 'wire-without-bump',
        severity: 'error',
        component: 'radix',
        item: 'fact depth',
        targets: ['le-16k'],
        pages: 'with 16K pages only',
        place: { file: `${ABI}/radix.h`, line: 52 },
        message: 'radix: depth was 4, is 5',
        affects: [],
        raise: [
          {
            component: 'core',
            macro: 'KHO_FDT_COMPATIBLE',
            value: 'kho-v3',
            next: 'kho-v4',
            quoted: true,
            place: { file: `${ABI}/kexec_handover.h`, line: 90 },
          },
        ],
        hint: `raise KHO_FDT_COMPATIBLE "kho-v3" to "kho-v4" (${ABI}/kexec_handover.h:90) in the same change`,
      },
    ] satisfies TreeFinding[]);
    expect([treeVerdict(DEPTH), treeExitStatus(DEPTH, 'change')]).toEqual(['changed-without-bump', 12]);
  });

  test('what only follows from another change is told with it', () => {
    const findings = treeFindings(VMALLOC_GREW);
    expect(new Set(findings.map(({ item }) => item))).toEqual(new Set(['struct kho_vmalloc']));
    for (const { affects, rule } of findings)
      expect([rule, affects]).toEqual(['KHO601', ['struct luo_session_ser']]);
  });

  test('what follows from a change that a version covers stays, where no version covers it', () => {
    // vmalloc has a version of its own here, which was raised; luo is guarded by nothing.
    const without = (version: string, of: Fingerprint): Fingerprint => {
      const { vmalloc, luo } = of.components;
      const macro = 'KHO_VMALLOC_COMPATIBLE';
      const marker = { component: 'vmalloc', scheme: 'composite' as const, value: version, macro };
      return {
        components: {
          ...of.components,
          vmalloc: { ...vmalloc!, markers: [marker] },
          luo: { ...luo!, guard: [] },
        },
      };
    };
    const after = without('vmalloc-v2', print({ vmalloc: VMALLOC_WIDE, session: session(20) }));
    const list = found(report(after, without('vmalloc-v1', print())));
    expect(list).toContain('KHO603 struct kho_vmalloc');
    expect(list).toContain('KHO601 struct luo_session_ser');
  });

  test('an item that is gone is pointed at by the version of its component', () => {
    const places = new Map(PLACES);
    places.delete('macro KHO_SUB_TREE_PROP_NAME');
    const gone = report(print({ names: {} }), print(), { places });
    expect(treeFindings(gone)).toMatchObject([
      {
        rule: 'KHO602',
        message: 'name "fdt" (KHO_SUB_TREE_PROP_NAME) removed',
        pages: '',
        place: { file: `${ABI}/kexec_handover.h`, line: 90 },
      },
    ]);
  });

  test('without any version there is none to raise, and the hint says so', () => {
    const bare = (of: Fingerprint): Fingerprint => ({
      components: { radix: { ...of.components.radix!, guard: [] } },
    });
    const [finding] = treeFindings(report(bare(print({ depth16: 5 })), bare(print())));
    expect(finding).toMatchObject({
      raise: [],
      hint: 'no version covers it: give the header one in the same change',
    });
  });
});

describe('a change with a bump', () => {
  test('by the version of the component, or by the only one that there is', () => {
    const both = report(print({ kho: 'kho-v4', depth16: 5 }), print());
    expect(treeFindings(both)).toMatchObject([
      { rule: 'KHO603', severity: 'note', item: 'fact depth', from: 'kho-v3', to: 'kho-v4', raise: [] },
    ]);
    expect(treeVerdict(both)).toBe('changed-with-bump');
  });

  test('by a version above the own one: a warning', () => {
    const above = report(print({ kho: 'kho-v4', vmalloc: VMALLOC_WIDE, session: session(20) }), print());
    // The structure of luo follows from that of vmalloc, and its own version was not raised: that is worse than a note.
    const luo = treeFindings(above).filter(({ component }) => component === 'luo');
    expect(luo.length).toBeGreaterThan(0);
    for (const finding of luo)
      expect(finding).toMatchObject({ rule: 'KHO605', severity: 'warning', from: 'kho-v3', to: 'kho-v4' });
  });

  test('a version raised for nothing', () => {
    const idle = report(print({ luo: 'luo-v6' }), print());
    expect(treeFindings(idle)).toMatchObject([
      { rule: 'KHO604', component: 'luo', from: 'luo-v5', to: 'luo-v6', place: { line: 40 } },
    ]);
    expect(treeVerdict(idle)).toBe('bumped-without-change');
  });
});

test('source and comments alone are notes', () => {
  const source = report(print({ source: { 'enum kho_radix_consts': '9'.repeat(16) } }), print());
  expect(treeFindings(source)).toMatchObject([{ rule: 'KHO606', severity: 'note', place: { line: 52 } }]);
  expect(treeVerdict(source)).toBe('source-only');
  const docs = report(print({ docs: '9'.repeat(16) }), print());
  expect(treeFindings(docs)).toMatchObject([{ rule: 'KHO607', message: 'core: comment text changed' }]);
  expect(treeVerdict(docs)).toBe('docs-only');
});

test('a tree with itself: nothing', () => {
  expect(treeFindings(SAME)).toEqual([]);
  expect([treeVerdict(SAME), treeVerdict(ALONE)]).toEqual(['unchanged', 'not-compared']);
});

test('something of everything, in order', () => {
  expect(found(EVERYTHING)).toEqual([
    'KHO601 fact depth',
    'KHO602 macro KHO_SUB_TREE_PROP_NAME',
    'KHO607 file core',
    'KHO604 null',
    'KHO608 null',
    'KHO610 struct luo_session_ser',
    'KHO611 null',
  ]);
  expect(treeFindings(EVERYTHING).filter(isUnbumped)).toHaveLength(2);
});

describe('targets', () => {
  const apart = report(print({ targets: ['le-16k'] }), print({ targets: ['le-4k'] }));

  test('none in common is an error: nothing was compared', () => {
    expect(treeFindings(apart).map(({ rule, severity }) => `${rule} ${severity}`)).toEqual([
      'KHO608 error',
      'KHO608 error',
    ]);
    expect([treeVerdict(apart), treeExitStatus(apart, 'unbumped')]).toEqual(['not-compared', 4]);
  });

  test('a name that changed is a change whatever the targets', () => {
    const names = report(print({ targets: ['le-16k'], names: {} }), print({ targets: ['le-4k'] }));
    expect([treeVerdict(names), treeExitStatus(names, 'unbumped')]).toEqual(['changed-without-bump', 12]);
  });

  test('abi/ has every target; that is nothing to tell', () => {
    const after = print({ targets: ['le-4k'] });
    const kinds = report(after, print(), { against: { kind: 'abi', name: 'kho-v3' } });
    expect(treeFindings(kinds)).toEqual([]);
    expect(found(report(after, print()))).toEqual(['KHO608 null']);
  });

  const ALL = ['le-4k', 'le-16k', 'le-64k', 'be-4k'];
  test.each([
    [[], ALL, ''],
    [ALL, ALL, 'with every page size'],
    [['le-4k'], ['le-4k'], 'with 4K pages'],
    [['le-16k'], ALL, 'with 16K pages only'],
    [['le-64k', 'le-16k'], ALL, 'with 16K and 64K pages only'],
    [['le-4k', 'be-4k'], ALL, 'with 4K pages only'],
    [['be-4k'], ALL, 'in big endian only'],
    [['le-4k', 'le-16k', 'le-64k'], ALL, 'in little endian only'],
    [['le-4k'], ALL, 'for le-4k only'],
    [['be-64k'], ALL, ''],
  ])('%j of %j: %s', (targets, all, text) => {
    expect(targetsText(targets, all)).toBe(text);
  });
});

test.each([
  ['kho-v3', 'kho-v4'],
  ['luo-v9', 'luo-v10'],
  ['1', '2'],
  ['v18446744073709551615', 'v18446744073709551616'],
  ['kho', null],
])('after %s comes %s', (value, next) => {
  expect(nextVersion(value)).toBe(next);
});

describe('exit status', () => {
  const bumped = report(print({ kho: 'kho-v4', depth16: 5 }), print());
  const idle = report(print({ luo: 'luo-v6' }), print());
  const linted = report(print(), print(), { lints: EVERYTHING.lints });
  const disagreed = report(print(), print(), { disagreements: EVERYTHING.disagreements });
  const source = report(print({ source: {} }), print());

  test.each([
    ['without a bump', DEPTH, { never: 0, unbumped: 12, change: 12, warning: 12 }],
    ['with a bump', bumped, { never: 0, unbumped: 0, change: 4, warning: 4 }],
    ['bump for nothing', idle, { never: 0, unbumped: 0, change: 4, warning: 4 }],
    ['a lint', linted, { never: 0, unbumped: 0, change: 0, warning: 4 }],
    ['compilers disagree', disagreed, { never: 0, unbumped: 4, change: 4, warning: 4 }],
    ['source only', source, { never: 0, unbumped: 0, change: 0, warning: 0 }],
    ['unchanged', SAME, { never: 0, unbumped: 0, change: 0, warning: 0 }],
    ['not compared', ALONE, { never: 0, unbumped: 0, change: 0, warning: 0 }],
  ] as const)('%s', (_, of, expected) => {
    for (const [failOn, status] of Object.entries(expected))
      expect([failOn, treeExitStatus(of, failOn as keyof typeof expected)]).toEqual([failOn, status]);
  });
});
