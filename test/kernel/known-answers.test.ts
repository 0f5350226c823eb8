/** What happened to the ABI from 6.17 to 7.3, rebuilt as small trees and told by real compilers. */
import { afterAll, describe, expect, test } from 'vitest';
import { runTree, type TreeReport, treeExitStatus, treeVerdict } from '../../src/kernel/index.js';
import {
  CORE,
  changed,
  LUO_HEADER,
  luoV1,
  MEMFD,
  makeTree,
  removeTrees,
  TREE_72,
  TREE_73,
  TREE_619,
  TREE_V2,
  TREE_V3,
  TREE_V3_OLD,
  type TreeFiles,
  tree618,
} from './trees.js';

afterAll(removeTrees);

const PAGE_SHIFTS = [12, 14, 16] as const;

function run(tree: TreeFiles, against?: TreeFiles): Promise<TreeReport> {
  return runTree({
    tool: { name: 'kho-abi', version: '0' },
    path: makeTree(tree),
    targets: PAGE_SHIFTS.map((pageShift) => ({ byteOrder: 'little', pageShift })),
    arches: ['x86_64'],
    ...(against === undefined ? { alone: true } : { against: makeTree(against) }),
  });
}

/** Changes of the two classes that other kernels feel, with their targets. */
function felt({ comparison }: TreeReport): string[] {
  return comparison!.changes
    .filter((change) => change.class === 'wire' || change.class === 'names')
    .map(
      ({ class: kind, message, targets }) =>
        `${kind}: ${message}${targets.length === 1 ? ` (${targets[0]})` : ''}`,
    );
}

function verdicts({ comparison }: TreeReport, id: string): string {
  const component = comparison!.components.find((entry) => entry.id === id)!;
  return component.targets.map(({ target, verdict }) => `${target} ${verdict}`).join(', ');
}

const FIXED_LATE = changed(TREE_V3, CORE, 'The root node', 'The route node');

describe('known answers', () => {
  test('header introduced, structures moved: unchanged', async () => {
    const report = await run(TREE_619, tree618());
    expect(felt(report)).toEqual([]);
    expect(treeVerdict(report)).toBe('source-only');
    expect(treeExitStatus(report, 'change')).toBe(0);
  });

  test('radix tree adopted, kho-v1 to kho-v2: changed with bump', async () => {
    const report = await run(TREE_V2, TREE_619);
    const messages = felt(report);
    expect(messages).toContain('names: KHO_FDT_SUB_TREE_PROP_NAME was "fdt", is "preserved-data"');
    expect(messages).toContain('wire: struct khoser_mem_bitmap_ptr removed (16 bytes)');
    expect(messages).toContain('wire: depth was not there, is 4');
    expect(verdicts(report, 'radix')).toBe(
      'le-16k changed-with-bump, le-4k changed-with-bump, le-64k changed-with-bump',
    );
    expect(verdicts(report, 'core')).toMatch(/^le-16k changed-with-bump/);
    expect(treeExitStatus(report, 'change')).toBe(4);
    expect(treeExitStatus(report, 'unbumped')).toBe(0);
  });

  test('blob-size added, v2 to v3: changed with bump', async () => {
    const report = await run(TREE_V3_OLD, TREE_V2);
    expect(felt(report)).toEqual(['names: name "blob-size" (KHO_SUB_TREE_SIZE_PROP_NAME) added']);
    expect(treeVerdict(report)).toBe('changed-with-bump');
    expect(verdicts(report, 'radix')).toBe('le-16k unchanged, le-4k unchanged, le-64k unchanged');
  });

  test('KHO_TREE_MAX_DEPTH fixed, kho-v3 kept: changed WITHOUT bump, 16K only', async () => {
    const report = await run(TREE_V3, TREE_V3_OLD);
    expect(felt(report)).toEqual(['wire: depth was 4, is 5 (le-16k)']);
    expect(verdicts(report, 'radix')).toBe('le-16k changed-without-bump, le-4k unchanged, le-64k unchanged');
    expect(treeExitStatus(report, 'change')).toBe(12);
    expect(treeExitStatus(report, 'unbumped')).toBe(12);
    expect(treeExitStatus(report, 'never')).toBe(0);
  });

  test('typo in ABI text: docs only', async () => {
    const report = await run(FIXED_LATE, TREE_V3);
    expect(report.comparison!.changes.map((change) => change.class)).toEqual(['docs']);
    expect(treeVerdict(report)).toBe('docs-only');
    expect(treeExitStatus(report, 'change')).toBe(0);
  });

  test('block header added, v3 to v4: changed with bump', async () => {
    const report = await run(TREE_72, TREE_V3);
    expect(felt(report)).toEqual(['wire: struct kho_block_header_ser added (16 bytes)']);
    expect(verdicts(report, 'block')).toMatch(/^le-16k changed-with-bump/);
    expect(verdicts(report, 'core')).toBe('le-16k unchanged, le-4k unchanged, le-64k unchanged');
    expect(treeExitStatus(report, 'change')).toBe(4);
  });

  test('KHO_ORDER_0_LOG2 replaced by KHO_RADIX_KEY_WIDTH: source only', async () => {
    const after = { ...TREE_72, [CORE]: TREE_73[CORE]! };
    const report = await run(after, TREE_72);
    expect(felt(report)).toEqual([]);
    expect(report.comparison!.changes.map(({ class: kind, message }) => `${kind}: ${message}`)).toEqual([
      'source: enum kho_radix_consts: text changed; KHO_ORDER_0_LOG2 removed, KHO_RADIX_KEY_WIDTH added, bytes unchanged',
    ]);
    expect(treeExitStatus(report, 'change')).toBe(0);
  });

  test('preserved bitmap 512 bytes to one page, kho-v1 kept: changed WITHOUT bump', async () => {
    const report = await run(tree618(), tree618('512 * 8'));
    expect(felt(report)).toContain('wire: bitsPerBitmap was 4096, is 32768 (le-4k)');
    expect(felt(report)).toContain(
      'wire: struct kho_mem_phys_bits: field preserve was 64 x 8 bytes, is 512 x 8 bytes (le-4k)',
    );
    expect(verdicts(report, 'radix')).toBe(
      'le-16k changed-without-bump, le-4k changed-without-bump, le-64k changed-without-bump',
    );
    expect(treeExitStatus(report, 'change')).toBe(12);
  });

  test('luo-flb node added, luo-v1 kept: seen only where the header spells it', async () => {
    const unseen = await run(luoV1(true, false), luoV1(false, false));
    expect(treeVerdict(unseen)).toBe('unchanged');
    const seen = await run(luoV1(true, true), luoV1(false, false));
    // The new node brings a version of its own, which is no version of what stood there before.
    expect(felt(seen)).toEqual([
      'names: name "luo-flb-header" (LUO_FDT_FLB_HEADER) added',
      'names: name "luo-flb" (LUO_FDT_FLB_NODE_NAME) added',
    ]);
    expect(verdicts(seen, 'luo')).toMatch(/^le-16k changed-without-bump/);
  });
});

describe('versions in one string', () => {
  const composite = changed(TREE_73, CORE, '"kho-v4"', '"kho-v4;radix-v1;vmalloc-v1"');

  test('each part is the version of its component', async () => {
    const report = await run(composite, TREE_73);
    const markers = (id: string) =>
      report.print.components[id]!.markers.map(({ scheme, value }) => `${scheme} ${value}`);
    expect(['core', 'radix', 'vmalloc'].map(markers)).toEqual([
      ['composite kho-v4'],
      ['composite radix-v1'],
      ['composite vmalloc-v1'],
    ]);
    // Old kernels compare the whole string and refuse it.
    expect(treeVerdict(report)).toBe('bumped-without-change');
  });

  test('a change below needs the version of its own part', async () => {
    const wider = (tree: TreeFiles) => changed(tree, CORE, 'unsigned int total_pages;', 'u64 total_pages;');
    const other = changed(wider(composite), CORE, 'radix-v1', 'radix-v2');
    expect(verdicts(await run(other, composite), 'vmalloc')).toMatch(/^le-16k changed-without-bump/);
    const own = changed(wider(composite), CORE, 'vmalloc-v1', 'vmalloc-v2');
    expect(verdicts(await run(own, composite), 'vmalloc')).toMatch(/^le-16k changed-with-bump/);
  });
});

describe('known formats', () => {
  const matched = async (tree: TreeFiles): Promise<string[]> =>
    (await run(tree)).registry.map(({ component, exact }) => `${component}: ${exact.join(' ')}`);

  test.each<[string, TreeFiles, string[]]>([
    [
      '7.3',
      TREE_73,
      [
        'kho: kho-v4',
        'kho-block: kho-block',
        'luo: luo-v5',
        'memfd: memfd-v2',
        'memblock: memblock-v1',
        'kexec-metadata: kexec-metadata-v1',
      ],
    ],
    ['7.2', TREE_72, ['kho: kho-v4', 'kho-block: kho-block']],
    ['7.1', TREE_V3, ['kho: kho-v3']],
    ['7.1-rc1', TREE_V3_OLD, ['kho: kho-v3-7.1-rc1']],
    ['v2', TREE_V2, ['kho: kho-v2']],
    // What the FDT's writer does is not in the headers.
    ['6.19', TREE_619, ['kho: kho-v1-6.19 kho-v1-6.18']],
    ['6.18', tree618(), ['kho: kho-v1-6.19 kho-v1-6.18']],
    ['6.16', tree618('512 * 8'), ['kho: kho-v1-6.16']],
  ])('%s', async (_, tree, expected) => {
    expect(await matched(tree)).toEqual(expected);
  });

  test('a new version is told with its nearest relative', async () => {
    const [match] = (await run(changed(TREE_73, CORE, 'kho-v4', 'kho-v5'))).registry;
    expect(match).toMatchObject({ component: 'kho', exact: [], nearest: 'kho-v4', sameVersion: false });
    expect(match!.readiness).toContain('new: kho-abi does not read it');
  });

  test('a known version with other bytes would be misread', async () => {
    const tree = changed(TREE_73, LUO_HEADER, 'u64 token;', 'u64 token;\n\tu64 flags;');
    const match = (await run(tree)).registry.find(({ component }) => component === 'luo')!;
    expect(match).toMatchObject({ exact: [], nearest: 'luo-v5', sameVersion: true });
    expect(match.departures.map(({ message }) => message)).toEqual([
      'struct luo_file_ser: field flags added (8 bytes at byte 64)',
      'struct luo_file_ser: size was 64, is 72 bytes',
    ]);
    expect(match.readiness).toContain('misread');
  });
});

describe('leaves that others hold', () => {
  test('a larger kho_vmalloc is told once, with the memfd structure that holds it', async () => {
    const tree = changed(TREE_73, CORE, 'unsigned int total_pages;', 'u64 total_pages;');
    const report = await run(tree, TREE_73);
    const change = report.comparison!.changes.find(({ message }) => message.includes('field total_pages'))!;
    expect(change.affects).toEqual(['struct memfd_luo_ser']);
    expect(verdicts(report, 'memfd')).toMatch(/^le-16k changed-without-bump/);
    expect(verdicts(report, 'luo')).toMatch(/^le-16k unchanged/);
    expect(treeExitStatus(report, 'change')).toBe(12);
  });

  test('a new version of memfd alone does not cover it', async () => {
    const tree = changed(
      changed(TREE_73, CORE, 'unsigned int total_pages;', 'u64 total_pages;'),
      MEMFD,
      'memfd-v2',
      'memfd-v3',
    );
    const report = await run(tree, TREE_73);
    expect(verdicts(report, 'memfd')).toMatch(/^le-16k changed-with-bump/);
    expect(verdicts(report, 'vmalloc')).toMatch(/^le-16k changed-without-bump/);
  });
});
