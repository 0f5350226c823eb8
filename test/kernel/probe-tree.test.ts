/** Whole trees of our own: numbers against those that the text of the ABI gives for each page size. */
import { afterAll, describe, expect, test } from 'vitest';
import { loadTreeMap, type PageShift } from '../../src/abi/index.js';
import { compareArches } from '../../src/kernel/collect-arches.js';
import { collectTree, openTree, type TreeAbi, type TreeTarget } from '../../src/kernel/index.js';
import {
  CORE,
  makeTree,
  removeTrees,
  TREE_73,
  TREE_V3,
  TREE_V3_OLD,
  type TreeFiles,
  tree618,
} from './trees.js';

afterAll(removeTrees);

const SHIFTS: readonly PageShift[] = [12, 14, 16];
const little = SHIFTS.map((pageShift): TreeTarget => ({ pageShift, byteOrder: 'little' }));

async function collect(
  files: TreeFiles,
  targets: readonly TreeTarget[] = little,
  arches = ['x86_64'],
): Promise<TreeAbi> {
  return await collectTree(await openTree(makeTree(files)), { targets, arches, map: loadTreeMap() });
}

const at = (abi: TreeAbi, shift: PageShift, order = 'little') =>
  abi.targets.find(({ pageShift, byteOrder }) => pageShift === shift && byteOrder === order)!.layouts;
const size = (abi: TreeAbi, shift: PageShift, name: string) => at(abi, shift).structs.get(name)?.size;
const offsets = (abi: TreeAbi, name: string, order = 'little') =>
  at(abi, 12, order)
    .structs.get(name)!
    .fields.map(({ name: field, bitOffset, bitSize }) => [field, bitOffset / 8, bitSize / 8]);
const constant = (abi: TreeAbi, shift: PageShift, name: string) => at(abi, shift).constants.get(name);

describe('7.3', () => {
  const abi = collect(TREE_73);

  test.each([
    ['KHO_RADIX_KEY_WIDTH', 53n, 51n, 49n],
    ['KHO_TABLE_SIZE_LOG2', 9n, 11n, 13n],
    ['KHO_BITMAP_SIZE_LOG2', 15n, 17n, 19n],
    ['KHO_TREE_MAX_DEPTH', 6n, 5n, 4n],
    ['KHO_VMALLOC_SIZE', 511n, 2047n, 8191n],
    ['KHO_BLOCK_SIZE', 4096n, 16384n, 65536n],
    ['LUO_ABI_COMPAT_LEN', 8n, 8n, 8n],
    ['MEMFD_LUO_ALL_SEALS', 0x3fn, 0x3fn, 0x3fn],
  ])('%s', async (name, ...expected) => {
    const found = await abi;
    expect(SHIFTS.map((shift) => constant(found, shift, name))).toEqual(expected);
  });

  test.each([
    ['kho_vmalloc_chunk', 4096, 16384, 65536],
    ['kho_radix_node', 4096, 16384, 65536],
    ['kho_radix_leaf', 4096, 16384, 65536],
    ['kho_vmalloc', 16, 16, 16],
    ['kho_block_header_ser', 16, 16, 16],
    ['kho_kexec_metadata', 73, 73, 73],
    ['luo_ser', 32, 32, 32],
    ['luo_file_ser', 64, 64, 64],
    ['luo_session_ser', 80, 80, 80],
    ['luo_flb_ser', 64, 64, 64],
    ['memfd_luo_folio_ser', 16, 16, 16],
    ['memfd_luo_ser', 48, 48, 48],
  ])('bytes of %s', async (name, ...expected) => {
    const found = await abi;
    expect(SHIFTS.map((shift) => size(found, shift, name))).toEqual(expected);
  });

  test('offsets', async () => {
    const found = await abi;
    expect(offsets(found, 'kho_vmalloc')).toEqual([
      ['first', 0, 8],
      ['total_pages', 8, 4],
      ['flags', 12, 2],
      ['order', 14, 2],
    ]);
    expect(offsets(found, 'kho_kexec_metadata')).toEqual([
      ['version', 0, 4],
      ['previous_release', 4, 65],
      ['kexec_count', 69, 4],
    ]);
    expect(offsets(found, 'memfd_luo_ser')).toEqual([
      ['pos', 0, 8],
      ['size', 8, 8],
      ['seals', 16, 4],
      ['flags', 20, 4],
      ['nr_folios', 24, 8],
      ['folios', 32, 16],
    ]);
    expect(offsets(found, 'memfd_luo_folio_ser')).toEqual([
      ['pfn', 0, 6.5],
      ['flags', 6.5, 1.5],
      ['index', 8, 8],
    ]);
    expect(
      at(found, 12)
        .structs.get('kho_vmalloc')!
        .fields[0]!.fields!.map(({ name, type, kind }) => [name, type, kind]),
    ).toEqual([
      ['phys', 'u64', 'integer'],
      ['ptr', 'struct kho_vmalloc_chunk *', 'pointer'],
    ]);
  });

  test('strings, release, compiler, nothing to note', async () => {
    const found = await abi;
    const strings = found.headers.flatMap(({ macros }) =>
      macros.flatMap(({ name, string }) => (string === undefined ? [] : [[name, string]])),
    );
    expect(Object.fromEntries(strings)).toMatchObject({
      KHO_FDT_COMPATIBLE: 'kho-v4',
      LUO_ABI_COMPATIBLE: 'luo-v5',
      MEMFD_LUO_FH_COMPATIBLE: 'memfd-v2',
      KHO_SUB_TREE_SIZE_PROP_NAME: 'blob-size',
      MEMBLOCK_KHO_FDT: 'memblock',
    });
    expect(found.tree).toMatchObject({ revision: null, release: '7.3.4' });
    expect(found.compilers).toMatchObject([
      { arch: 'x86_64', command: 'gcc', version: expect.stringMatching(/^gcc.* \d+\./) },
    ]);
    expect([found.notes, found.disagreements]).toEqual([[], []]);
  });

  test('x86_64 and arm64 agree; big endian counts bits from the other end', async () => {
    const targets = [
      ...little,
      { pageShift: 16 as const, byteOrder: 'big' as const },
      { pageShift: 12 as const, byteOrder: 'big' as const },
    ];
    const found = await collect(TREE_73, targets, ['x86_64', 'arm64']);
    expect(found.disagreements).toEqual([]);
    expect(found.targets.map(({ arches }) => arches.join())).toEqual([
      ...Array(3).fill('x86_64,arm64'),
      'arm64',
      'arm64',
    ]);
    // In big endian the page frame number takes the first bits in memory: bits 12 to 63 of the number.
    expect(offsets(found, 'memfd_luo_folio_ser', 'big')).toEqual([
      ['pfn', 0, 6.5],
      ['flags', 6.5, 1.5],
      ['index', 8, 8],
    ]);
    expect(found.targets[3]!.layouts.constants.get('KHO_TREE_MAX_DEPTH')).toBe(4n);
  });
});

test('the depth of the first v3 trees differs for 16K only', async () => {
  const [before, after] = await Promise.all([collect(TREE_V3_OLD), collect(TREE_V3)]);
  const depths = (abi: TreeAbi) => SHIFTS.map((shift) => constant(abi, shift, 'KHO_TREE_MAX_DEPTH'));
  expect(depths(before)).toEqual([6n, 4n, 4n]);
  expect(depths(after)).toEqual([6n, 5n, 4n]);
});

describe('6.18: structures in C files', () => {
  const abi = collect(tree618());

  test('only what counts is taken, with file and line', async () => {
    const { headers } = await abi;
    const source = tree618()['kernel/kexec_handover.c']!.split('\n');
    expect(headers.map(({ path, kind }) => [path, kind]).sort()).toEqual([
      ['include/linux/kexec_handover.h', 'other'],
      ['kernel/kexec_handover.c', 'other'],
    ]);
    const found = headers.find(({ path }) => path.endsWith('.c'))!;
    for (const { name, place } of found.declarations)
      expect(source[place.line - 1]).toContain(`struct ${name} {`);
    expect(found.macros.map(({ name }) => name)).toContain('PROP_SUB_FDT');
  });

  test('one bitmap is a page, and a chunk holds what a page holds', async () => {
    const found = await abi;
    expect(SHIFTS.map((shift) => size(found, shift, 'kho_mem_phys_bits'))).toEqual([4096, 16384, 65536]);
    expect(SHIFTS.map((shift) => size(found, shift, 'khoser_mem_chunk'))).toEqual([4096, 16384, 65536]);
    const bitmaps = SHIFTS.map((shift) => at(found, shift).structs.get('khoser_mem_chunk')!.fields[1]!.count);
    expect(bitmaps).toEqual([255, 1023, 4095]);
    expect(offsets(found, 'khoser_mem_chunk_hdr').map(([, offset]) => offset)).toEqual([0, 8, 12]);
    expect(size(found, 12, 'kho_vmalloc')).toBe(16);
  });

  test('before 6.17.9 a bitmap had 512 bytes', async () => {
    const found = await collect(tree618('(512 * 8)'));
    expect(SHIFTS.map((shift) => size(found, shift, 'kho_mem_phys_bits'))).toEqual([512, 512, 512]);
  });
});

test('an ABI header may need a header that holds only a part of the ABI', async () => {
  const abi = await collect({
    'include/linux/kexec_handover.h': tree618()['include/linux/kexec_handover.h']!,
    'include/linux/kho/abi/memfd.h':
      '#include <linux/kexec_handover.h>\nstruct memfd_luo_ser { u64 pos; u64 size; u64 nr_folios; struct kho_vmalloc folios; } __packed;\n',
  });
  expect(size(abi, 12, 'memfd_luo_ser')).toBe(40);
  expect(abi.notes).toEqual([]);
});

test('an option that a header asks for is on, and it is said', async () => {
  const abi = await collect({
    [CORE]:
      '#ifdef CONFIG_LIVEUPDATE_TEST\nstruct kho_test { u8 a; };\n#endif\n#ifndef CONFIG_32BIT\nstruct kho_wide { u64 a; };\n#endif\n',
  });
  expect([size(abi, 12, 'kho_test'), size(abi, 12, 'kho_wide')]).toEqual([1, 8]);
  expect(abi.notes).toEqual([
    { place: { file: CORE, line: 1 }, text: 'compiled as if CONFIG_LIVEUPDATE_TEST were set' },
  ]);
});

test('a version made of several strings', async () => {
  const abi = await collect({
    [CORE]: '#define VMALLOC_V "vmalloc-v1"\n#define KHO_FDT_COMPATIBLE "kho-v4" ";" VMALLOC_V\n',
  });
  expect(abi.headers[0]!.macros[1]).toMatchObject({
    string: 'kho-v4;vmalloc-v1',
    body: '"kho-v4" ";" VMALLOC_V',
  });
});

test('structures that depend on the architecture are told', async () => {
  const abi = await collect(
    {
      [CORE]:
        '#ifdef __x86_64__\n#define WIDE 3\n#else\n#define WIDE 5\n#endif\nstruct kho_a { u8 x[WIDE]; };\nstruct kho_b { u64 y; };\n',
    },
    little.slice(0, 1),
    ['x86_64', 'arm64'],
  );
  const common = { pageShift: 12, byteOrder: 'little', arches: ['x86_64', 'arm64'] };
  expect(abi.disagreements).toEqual([
    { ...common, item: 'struct kho_a', first: '3 bytes, aligned to 1', second: '5 bytes, aligned to 1' },
    { ...common, item: 'WIDE', first: '3', second: '5' },
  ]);
  expect(compareArches(little[0]!, [])).toEqual([]);
});
