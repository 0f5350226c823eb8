/** What the headers themselves are blamed for: each lint is broken once, and a sound tree breaks none. */
import { afterAll, describe, expect, test } from 'vitest';
import { runTree, type TreeReport } from '../../src/kernel/index.js';
import { CORE, changed, LUO_HEADER, MEMFD, makeTree, removeTrees, TREE_73, type TreeFiles } from './trees.js';

afterAll(removeTrees);

function run(tree: TreeFiles, against?: TreeFiles): Promise<TreeReport> {
  return runTree({
    tool: { name: 'kho-abi', version: '0' },
    path: makeTree(tree),
    targets: [{ byteOrder: 'little', pageShift: 12 }],
    arches: ['x86_64'],
    ...(against === undefined ? { alone: true } : { against: makeTree(against) }),
  });
}

/** `rule file:line message` of all lints but the one that every tree has: the words of a leaf are `unsigned long`. */
async function lints(tree: TreeFiles): Promise<string[]> {
  const { lints: found } = await run(tree);
  return found
    .filter(({ message }) => !message.startsWith('struct kho_radix_leaf: bitmap'))
    .map(({ rule, place, message }) => `${rule} ${place.file.split('/').at(-1)}:${place.line} ${message}`);
}

/** Line on which a text stands in a file of a tree, counted from 1. */
function lineOf(tree: TreeFiles, path: string, text: string): number {
  return tree[path]!.split('\n').findIndex((line) => line.includes(text)) + 1;
}

const NEW = 'include/linux/kho/abi/iommu.h';
const own = (body: string): TreeFiles => ({
  ...TREE_73,
  [NEW]: `#ifndef OUR_IOMMU_H\n#define OUR_IOMMU_H\n#include <linux/types.h>\n${body}\n#endif\n`,
});

describe('lints', () => {
  test('a sound tree has none but the words of the leaf', async () => {
    const { lints: found } = await run(TREE_73);
    expect(found.map(({ rule, message }) => `${rule} ${message}`)).toEqual([
      'native-type struct kho_radix_leaf: bitmap is of type unsigned long',
    ]);
  });

  const words = changed(
    TREE_73,
    CORE,
    '/* The root node',
    '/*\n * The root says\n *     compatible = "kho-v3";\n * The root node',
  );
  const wrongMacro = changed(
    TREE_73,
    LUO_HEADER,
    '#define LUO_KHO',
    '/* See LUO_FDT_COMPATIBLE and LUO_ABI_*. */\n#define LUO_KHO',
  );
  const line = (path: string, tree: TreeFiles, text: string): number => lineOf(tree, path, text);

  test.each<[string, TreeFiles, string[]]>([
    [
      'a comment with another version',
      words,
      [
        `comment-version kexec_handover.h:${line(CORE, words, 'compatible = ')} a comment says kho-v3, KHO_FDT_COMPATIBLE says kho-v4`,
      ],
    ],
    [
      'a comment with a macro that is not there',
      wrongMacro,
      [
        `comment-macro luo.h:${line(LUO_HEADER, wrongMacro, 'See LUO')} a comment names LUO_FDT_COMPATIBLE, which no ABI header defines`,
      ],
    ],
    [
      'a structure that no version covers',
      own('struct iommu_ser { u64 root; } __packed;'),
      ['uncovered-struct iommu.h:4 no version covers struct iommu_ser'],
    ],
    [
      'a version of its own',
      own('#define IOMMU_COMPATIBLE "iommu-v1"\nstruct iommu_ser { u64 root; } __packed;'),
      [],
    ],
    [
      'a comment that names the version',
      own('/* KHO_FDT_COMPATIBLE covers it. */\nstruct iommu_ser { u64 root; };'),
      [],
    ],
    [
      'padding, inside and at the end',
      own('#define IOMMU_COMPATIBLE "iommu-v1"\nstruct iommu_ser {\n\tu32 a;\n\tu64 b;\n\tu8 c;\n};'),
      [
        'implicit-padding iommu.h:5 struct iommu_ser has bytes that no member names: 4 before b',
        'implicit-padding iommu.h:5 struct iommu_ser has bytes that no member names: 7 at the end',
      ],
    ],
    [
      'pointers, enums and long words',
      own(
        '#define IOMMU_COMPATIBLE "iommu-v1"\nenum iommu_kind { IOMMU_A };\nstruct iommu_ser {\n\tvoid *p;\n\tenum iommu_kind k;\n\tu32 pad;\n\tsize_t n;\n};',
      ),
      [
        'native-type iommu.h:6 struct iommu_ser: p is a pointer',
        'native-type iommu.h:6 struct iommu_ser: k is an enum',
        'native-type iommu.h:6 struct iommu_ser: n is of type size_t',
      ],
    ],
    [
      'a structure that forgot to be packed',
      changed(TREE_73, MEMFD, 'u64 index;\n} __packed;', 'u64 index;\n};'),
      [
        `packing-mix memfd.h:${line(MEMFD, TREE_73, 'struct memfd_luo_folio_ser')} struct memfd_luo_folio_ser is not packed, others of its component are`,
      ],
    ],
    [
      'a structure that depends on the configuration',
      own(
        '#define IOMMU_COMPATIBLE "iommu-v1"\n#ifdef CONFIG_IOMMU\nstruct iommu_ser { u64 root; };\n#endif',
      ),
      ['config-dependent iommu.h:6 struct iommu_ser is there only with CONFIG_IOMMU'],
    ],
  ])('%s', async (_, tree, expected) => {
    expect(await lints(tree)).toEqual(expected);
  });
});

describe('headers of another shape', () => {
  test('one header split into several is unchanged', async () => {
    const text = TREE_73[CORE]!;
    const from = text.indexOf('enum kho_radix_consts');
    const to = text.lastIndexOf('#endif');
    const radix = 'include/linux/kho/abi/radix.h';
    const split: TreeFiles = {
      ...TREE_73,
      [CORE]: text.slice(0, from) + text.slice(to),
      [radix]:
        '#ifndef OUR_RADIX_H\n#define OUR_RADIX_H\n#include <linux/log2.h>\n#include <linux/math.h>\n#include <linux/types.h>\n#include <asm/page.h>\n' +
        text.slice(from),
    };
    const { comparison, registry } = await run(split, TREE_73);
    expect(comparison!.changes.filter((change) => change.class !== 'docs')).toEqual([]);
    expect(registry[0]).toMatchObject({ component: 'kho', exact: ['kho-v4'] });
  });

  test('macros under new names with the same strings are source only', async () => {
    const renamed = changed(TREE_73, CORE, 'KHO_SUB_TREE_PROP_NAME', 'KHO_FDT_SUB_TREE_DATA');
    const { comparison } = await run(renamed, TREE_73);
    expect([...new Set(comparison!.changes.map((change) => change.class))]).toEqual(['source']);
    const other = changed(TREE_73, CORE, 'KHO_FDT_COMPATIBLE', 'KHO_FDT_ABI_COMPATIBLE');
    const report = await run(other, TREE_73);
    expect(report.print.components.core!.markers.map(({ value }) => value)).toEqual(['kho-v4']);
    expect(report.comparison!.components.every(({ own: bump }) => bump === undefined)).toBe(true);
  });

  test('a new subsystem is a component of its own, with its own version', async () => {
    const tree = own('#define IOMMU_COMPATIBLE "iommu-v1"\nstruct iommu_ser { u64 root; } __packed;');
    const { print, comparison } = await run(tree, TREE_73);
    expect(print.components.iommu).toMatchObject({
      guard: ['core'],
      markers: [
        { component: 'iommu', scheme: 'struct-string', value: 'iommu-v1', macro: 'IOMMU_COMPATIBLE' },
      ],
    });
    const component = comparison!.components.find(({ id }) => id === 'iommu')!;
    expect(component).toMatchObject({ presence: 'added', own: { from: 'none', to: 'iommu-v1' } });
  });
});
