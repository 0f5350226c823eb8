/** Tree reports for machines: JSON, SARIF, JUnit, KTAP, GitHub. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { baselineText, type TreeReport } from '../../src/kernel/index.js';
import { renderTree } from '../../src/report/index.js';
import { treeSchema } from '../../src/schemas.js';
import { valid as sarifValid } from '../support/sarif.js';
import { ALONE, DEPTH, EVERYTHING, print, report, SAME, VMALLOC_GREW } from '../support/tree.js';
import { elements } from '../support/xml.js';

const ALL: [string, TreeReport][] = [
  ['depth', DEPTH],
  ['vmalloc', VMALLOC_GREW],
  ['everything', EVERYTHING],
  ['same', SAME],
  ['alone', ALONE],
];
const ABI = 'include/linux/kho/abi';
const schema = (name: string) =>
  new Ajv2020().compile(
    JSON.parse(readFileSync(join(import.meta.dirname, '../../abi/schema', name), 'utf8')),
  );

describe('json', () => {
  const valid = schema('tree.schema.json');
  const data = (of: TreeReport): ReturnType<typeof treeSchema.parse> =>
    treeSchema.parse(JSON.parse(renderTree('json', of)));

  test.each(ALL)('%s: valid by the checked-in schema and by zod, in printable ASCII', (_, of) => {
    const text = renderTree('json', of);
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(valid(JSON.parse(text)), JSON.stringify(valid.errors)).toBe(true);
    expect(data(of)).toEqual(JSON.parse(text));
  });

  test('the schema refuses other members and verdicts', () => {
    expect(valid({ ...data(DEPTH), more: 1 })).toBe(false);
    expect(valid({ ...data(DEPTH), verdict: 'fine' })).toBe(false);
    expect(valid({ ...data(DEPTH), findings: [{ ...data(DEPTH).findings[0], place: undefined }] })).toBe(
      false,
    );
  });

  test('verdicts by component and target, findings with the version to raise', () => {
    const { verdict, against, components, findings, compared, registry } = data(DEPTH);
    expect([verdict, against?.kind, registry]).toEqual(['changed-without-bump', 'baseline', []]);
    expect(compared?.onlyBefore).toEqual([]);
    const radix = components.find(({ id }) => id === 'radix')!;
    expect(radix.targets.filter(({ verdict: one }) => one !== 'unchanged')).toEqual([
      { target: 'le-16k', verdict: 'changed-without-bump', worst: 'wire' },
    ]);
    expect(findings[0]!.raise[0]).toEqual({
      component: 'core',
      macro: 'KHO_FDT_COMPATIBLE',
      value: 'kho-v3',
      next: 'kho-v4',
      place: { file: `${ABI}/kexec_handover.h`, line: 90 },
    });
  });

  test('a baseline follows its schema', () => {
    const check = schema('baseline.schema.json');
    const text = baselineText(print());
    expect(check(JSON.parse(text)), JSON.stringify(check.errors)).toBe(true);
    expect(check({ ...JSON.parse(text), format: 2 })).toBe(false);
  });
});

describe('sarif', () => {
  // biome-ignore lint/suspicious/noExplicitAny: a log is looked into at will; the schema has checked it
  const run = (of: TreeReport): any => {
    const log = JSON.parse(renderTree('sarif', of));
    expect(sarifValid(log), JSON.stringify(sarifValid.errors?.slice(0, 3))).toBe(true);
    return log.runs[0];
  };

  test.each(ALL)('%s: valid, rules in place', (_, of) => {
    const { results, tool } = run(of);
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
  });

  test('a result stands in its line, with all of the finding in its message', () => {
    const { results, automationDetails, artifacts } = run(DEPTH);
    expect(results).toHaveLength(1);
    const { partialFingerprints, ...result } = results[0];
    expect(partialFingerprints).toEqual({ 'khoItem/v1': expect.stringMatching(/^[0-9a-f]{32}:1$/) });
    expect(result).toEqual({
      ruleId: 'KHO601',
      ruleIndex: 0,
      level: 'error',
      kind: 'fail',
      message: {
        text: `radix: depth was 4, is 5, with 16K pages only. Raise: KHO_FDT_COMPATIBLE "kho-v3" -> "kho-v4" at ${ABI}/kexec_handover.h:90.`,
      },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: `linux/${ABI}/radix.h`, uriBaseId: '%SRCROOT%', index: 0 },
            region: { startLine: 52 },
          },
          logicalLocations: [{ fullyQualifiedName: 'fact depth', kind: 'type' }],
        },
      ],
      properties: {
        component: 'radix',
        item: 'fact depth',
        targets: ['le-16k'],
        details: [`raise: KHO_FDT_COMPATIBLE "kho-v3" -> "kho-v4" at ${ABI}/kexec_handover.h:90`],
      },
    });
    expect(automationDetails.id).toBe('kho-abi-tree/baseline/');
    expect(artifacts[0].location.uri).toBe(`linux/${ABI}/radix.h`);
  });

  test('fingerprints stay when lines move, and differ between results', () => {
    const prints = (of: TreeReport): string[] =>
      run(of).results.map(
        (one: { partialFingerprints: Record<string, string> }) => one.partialFingerprints['khoItem/v1']!,
      );
    const places = new Map([...EVERYTHING.places].map(([key, place]) => [key, { ...place, line: 999 }]));
    expect(prints({ ...EVERYTHING, places })).toEqual(prints(EVERYTHING));
    expect(new Set(prints(VMALLOC_GREW)).size).toBe(prints(VMALLOC_GREW).length);
  });

  test('a tree that is not below this folder has its own paths', () => {
    const elsewhere = { ...DEPTH, tree: { ...DEPTH.tree, path: '/usr/src/linux' } };
    expect(run(elsewhere).artifacts[0].location.uri).toBe(`${ABI}/radix.h`);
  });
});

describe('junit', () => {
  const cases = (of: TreeReport) =>
    elements(renderTree('junit', of)).flatMap(({ name, attributes }, index, all) => {
      if (name !== 'testcase') return [];
      const next = all[index + 1]?.name ?? '';
      const result = ['failure', 'skipped', 'system-out'].includes(next) ? next : 'pass';
      return [`${attributes.classname} ${attributes.name} ${result}`];
    });

  test('a case for each component and target, and one for each rule of headers', () => {
    expect(cases(DEPTH)).toEqual([
      ...['core', 'radix', 'vmalloc', 'luo'].flatMap((id) =>
        ['le-16k', 'le-4k', 'le-64k'].map(
          (target) =>
            `kho.tree.${id} ${target} ${id === 'radix' && target === 'le-16k' ? 'failure' : 'pass'}`,
        ),
      ),
      'kho.tree.rules KHO608 targets-differ pass',
      'kho.tree.rules KHO610 arches-disagree pass',
      'kho.tree.rules KHO611 comment-version pass',
      'kho.tree.rules KHO612 uncovered-struct pass',
      'kho.tree.rules KHO613 comment-macro pass',
      'kho.tree.rules KHO614 packing-mix pass',
      'kho.tree.rules KHO615 implicit-padding pass',
      'kho.tree.rules KHO616 native-type pass',
      'kho.tree.rules KHO617 config-dependent pass',
    ]);
    const [root] = elements(renderTree('junit', DEPTH));
    expect(root!.attributes).toEqual({
      name: 'kho-abi tree',
      tests: '21',
      failures: '1',
      errors: '0',
      skipped: '0',
    });
  });

  test('a failure has the finding, line by line', () => {
    const failure = elements(renderTree('junit', DEPTH)).find(({ name }) => name === 'failure')!;
    expect(failure.attributes.message).toBe('CHANGED WITHOUT BUMP');
    expect(failure.text).toBe(`error: radix: depth was 4, is 5, with 16K pages only
at ${ABI}/radix.h:52
raise: KHO_FDT_COMPATIBLE "kho-v3" -> "kho-v4" at ${ABI}/kexec_handover.h:90`);
  });

  test('what was not compared is skipped; warnings pass, errors of rules fail', () => {
    expect(cases(ALONE).filter((line) => line.endsWith('skipped'))).toHaveLength(12);
    const everything = cases(EVERYTHING);
    expect(everything).toContain('kho.tree.core be-4k skipped');
    expect(everything).toContain('kho.tree.luo le-4k system-out');
    expect(everything).toContain('kho.tree.rules KHO610 arches-disagree failure');
    expect(everything).toContain('kho.tree.rules KHO611 comment-version system-out');
  });
});

describe('ktap', () => {
  test('components nest targets, diagnostics stand before their result', () => {
    expect(renderTree('ktap', DEPTH)).toBe(`KTAP version 1
1..5
# tree: linux
# release: 7.3.4
# compared with: baseline include/linux/kho/abi/kho-abi.baseline.json
# targets: le-4k, le-16k, le-64k
# compiler: x86_64: gcc, gcc 14.2.0
# headers: 1 file
# tool: kho-abi 9.8.7
  KTAP version 1
  1..3
  # Root FDT
  ok 1 le-16k
  ok 2 le-4k
  ok 3 le-64k
ok 1 core
  KTAP version 1
  1..3
  # Map of preserved memory
  # CHANGED WITHOUT BUMP
  # error: radix: depth was 4, is 5, with 16K pages only
  # at include/linux/kho/abi/radix.h:52
  # raise: KHO_FDT_COMPATIBLE "kho-v3" -> "kho-v4" at include/linux/kho/abi/kexec_handover.h:90
  not ok 1 le-16k
  ok 2 le-4k
  ok 3 le-64k
not ok 2 radix
  KTAP version 1
  1..3
  # Preserved vmalloc areas
  ok 1 le-16k
  ok 2 le-4k
  ok 3 le-64k
ok 3 vmalloc
  KTAP version 1
  1..3
  # Live Update Orchestrator
  ok 1 le-16k
  ok 2 le-4k
  ok 3 le-64k
ok 4 luo
  KTAP version 1
  1..9
  # Rules for headers
  ok 1 KHO608 targets-differ
  ok 2 KHO610 arches-disagree
  ok 3 KHO611 comment-version
  ok 4 KHO612 uncovered-struct
  ok 5 KHO613 comment-macro
  ok 6 KHO614 packing-mix
  ok 7 KHO615 implicit-padding
  ok 8 KHO616 native-type
  ok 9 KHO617 config-dependent
ok 5 rules
# 1 error, 0 warnings, 0 notes: CHANGED WITHOUT BUMP: radix (16K)
# Totals: pass:20 fail:1 xfail:0 xpass:0 skip:0 error:0
`);
  });

  test('components that were not compared are skipped', () => {
    const text = renderTree('ktap', ALONE);
    expect(text).toContain('  ok 2 le-16k # SKIP nothing to compare with\n');
    expect(text).toContain('ok 1 core # SKIP nothing was compared\n');
    expect(text).toContain('# Totals: pass:9 fail:0 xfail:0 xpass:0 skip:12 error:0\n');
  });
});

describe('github', () => {
  test('an annotation in its line, and one with the verdict', () => {
    const lines = renderTree('github', DEPTH).trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe(
      `::error file=linux/${ABI}/radix.h,line=52,title=KHO601 wire-without-bump::radix: depth was 4, is 5, with 16K pages only%0Araise: KHO_FDT_COMPATIBLE "kho-v3" -> "kho-v4" at ${ABI}/kexec_handover.h:90`,
    );
    expect(lines[1]).toMatch(/^::error title=kho-abi tree::CHANGED WITHOUT BUMP: radix \(16K\)%0A/);
  });

  test.each([
    ['same', SAME, 'notice'],
    ['alone', ALONE, 'warning'],
    ['bumped', report(print({ kho: 'kho-v4', depth16: 5 }), print()), 'warning'],
  ] as const)('$0: the verdict is a $2', (_, of, level) => {
    expect(renderTree('github', of).trimEnd().split('\n').at(-1)).toMatch(
      new RegExp(`^::${level} title=kho-abi tree::`),
    );
  });
});
