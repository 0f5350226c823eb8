/** `kho-abi btf` on kernels in miniature: structures of KHO as real compilers lay them out, right and with one change. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { $ } from 'zx';
import { loadTreeMap } from '../../src/abi/index.js';
import { checkBtf, fingerprintBtf, openBtf, writeBaseline } from '../../src/kernel/index.js';
import { btfSchema } from '../../src/report/btf-schema.js';
import { btfReport, btfText } from '../../src/report/index.js';
import { cli } from '../support/cli.js';
import { thrown } from '../support/errors.js';
import { compileBtf, type Machine, S390X, X86_64 } from './btf-compile.js';
import { KHO_CODE, KHO_STRUCTS } from './btf-kho-code.js';

const folder = mkdtempSync(join(tmpdir(), 'kho-btf-kho-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kernel = (machine: Machine, shift: number, ...more: string[]): Promise<string> =>
  compileBtf(machine, folder, KHO_CODE, [`-DSHIFT=${shift}`, ...more]);

/** Formats of 7.3 that must be among those with the same bytes, by structure. */
const FORMATS: Record<string, string> = {
  'struct kho_vmalloc': 'kho-v4',
  'struct kho_vmalloc_chunk': 'kho-v4',
  'struct kho_radix_node': 'kho-v4',
  'struct kho_radix_leaf': 'kho-v4',
  'struct kho_scratch': 'kho-v4',
  'struct kho_block_header_ser': 'luo-v5',
  'struct kho_kexec_metadata': 'kexec-metadata-v1',
  'struct luo_ser': 'luo-v5',
  'struct luo_session_ser': 'luo-v5',
  'struct luo_file_ser': 'luo-v5',
  'struct luo_flb_header_ser': 'luo-v5',
  'struct luo_flb_ser': 'luo-v5',
  'struct memfd_luo_ser': 'memfd-v2',
  'struct memfd_luo_folio_ser': 'memfd-v2',
  'constants of radix': 'kho-v4',
};

describe.each([
  { machine: X86_64, shift: 12, size: '4K', depth: 6n },
  { machine: X86_64, shift: 14, size: '16K', depth: 5n },
  { machine: X86_64, shift: 16, size: '64K', depth: 4n },
  { machine: S390X, shift: 12, size: '4K', depth: 6n },
])('$machine.name with $size pages', ({ machine, shift, size, depth }) => {
  test('has the bytes of 7.3', async () => {
    const check = checkBtf(await kernel(machine, shift));
    expect([...check.kho.structs.keys()]).toEqual(KHO_STRUCTS);
    expect(check.kho.pageShift).toBe(shift);
    expect(check.kho.byteOrder).toBe(machine.order);
    // The depths are those of the documentation of the radix tree.
    expect(check.kho.enums.get('kho_radix_consts')?.get('KHO_TREE_MAX_DEPTH')).toBe(depth);
    expect(check.departures).toBe(0);
    expect(check.registry.map(({ item }) => item).sort()).toEqual(Object.keys(FORMATS).sort());
    for (const { item, same } of check.registry) expect(same, item).toContain(FORMATS[item]);
    // Structures of before are no match: one of luo-v4's successors must not pass for luo-v1.
    expect(check.registry.find(({ item }) => item === 'struct memfd_luo_ser')!.same).toEqual(['memfd-v2']);
    const report = btfSchema.parse(btfReport(check));
    expect(report).toMatchObject({
      kho: true,
      pageSize: size,
      departures: 0,
      pageStruct: 'kho_vmalloc_chunk',
    });
    expect(btfText(check)).toContain(`${size} pages (kho_vmalloc_chunk)`);
  });

  test('a wider counter is a departure in the structure and in what embeds it', async () => {
    const check = checkBtf(await kernel(machine, shift, '-DWIDE_PAGES'));
    const apart = check.registry.filter(({ same }) => same.length === 0);
    expect(apart.map(({ item }) => item)).toEqual(['struct kho_vmalloc', 'struct memfd_luo_ser']);
    expect(apart[0]).toMatchObject({ nearest: 'kho-v4' });
    expect(apart[0]!.differences).toEqual([
      'no total_pages, 4 bytes at byte 8',
      'no flags, 2 bytes at byte 12',
      'no order, 2 bytes at byte 14',
      'unknown total_pages, 8 bytes at byte 8',
      'unknown flags, 2 bytes at byte 16',
      'unknown order, 2 bytes at byte 18',
      'size is 24 bytes, not 16',
    ]);
    expect(check.departures).toBe(2);
  });
});

describe('against the registry', () => {
  test('a tree that is one level too deep for its pages departs', async () => {
    const check = checkBtf(await kernel(X86_64, 12, '-DDEPTH=9'));
    expect(check.registry.filter(({ same }) => same.length === 0)).toMatchObject([
      { item: 'constants of radix', differences: ['depth is 9, not 6'] },
    ]);
  });

  test('a page size that is told wins over the one that was found', async () => {
    const check = checkBtf(await kernel(X86_64, 12), { pageShift: 14 });
    const apart = check.registry.filter(({ same }) => same.length === 0).map(({ item }) => item);
    expect(apart).toEqual([
      'struct kho_radix_leaf',
      'struct kho_radix_node',
      'struct kho_vmalloc_chunk',
      'constants of radix',
    ]);
  });

  test('the map of 6.18: chunks of bitmaps under the names of that kernel', async () => {
    const code = `
      typedef unsigned long long u64;
      struct kho_mem_phys_bits { unsigned long preserve[512 / sizeof(long)]; };
      struct khoser_mem_chunk;
      struct khoser_mem_chunk_hdr { union { u64 phys; struct khoser_mem_chunk *ptr; } next; unsigned order, num_elms; };
      struct khoser_mem_bitmap_ptr { u64 phys_start; union { u64 phys; struct kho_mem_phys_bits *ptr; } bitmap; };
      struct khoser_mem_chunk { struct khoser_mem_chunk_hdr hdr; struct khoser_mem_bitmap_ptr bitmaps[255]; };
      struct khoser_mem_chunk *use; struct kho_mem_phys_bits *use_bits;`;
    const check = checkBtf(await compileBtf(X86_64, folder, code));
    expect(check.kho.pageStruct).toBe('khoser_mem_chunk');
    expect(check.registry).toEqual(
      ['khoser_mem_bitmap_ptr', 'khoser_mem_chunk'].map((name) => ({
        item: `struct ${name}`,
        same: ['kho-v1-6.16', 'kho-v1-6.18', 'kho-v1-6.19'],
        differences: [],
      })),
    );
  });
});

describe('against a baseline', () => {
  const baseline = join(folder, 'baseline.json');
  const write = async (...more: string[]): Promise<void> => {
    const { kho } = checkBtf(await kernel(X86_64, 12, ...more));
    writeBaseline(baseline, fingerprintBtf(kho, loadTreeMap(), 12));
  };

  test('of itself nothing differs', async () => {
    await write();
    const check = checkBtf(await kernel(X86_64, 12), { baseline });
    expect(check.baseline).toEqual({ path: baseline, changes: [], missing: [] });
    expect(check.departures).toBe(0);
  });

  test('what grew and what follows from it is told, and what the kernel lacks', async () => {
    await write('-DWIDE_PAGES');
    const check = checkBtf(await kernel(X86_64, 12), { baseline });
    const { changes } = check.baseline!;
    expect(new Set(changes.map(({ item }) => item))).toEqual(
      new Set(['struct kho_vmalloc', 'struct memfd_luo_ser']),
    );
    expect(changes.map(({ message }) => message).join('\n')).toMatch(/total_pages was 8 bytes, is 4 bytes/);
    expect(check.departures).toBe(2);
    const less = KHO_CODE.replace('USE(memfd_luo_folio_ser)', '');
    const path = await compileBtf(X86_64, folder, less, ['-DSHIFT=12', '-DWIDE_PAGES']);
    expect(checkBtf(path, { baseline }).baseline).toMatchObject({
      changes: [],
      missing: ['memfd_luo_folio_ser'],
    });
  });

  test('one without the page size of the kernel cannot be compared', async () => {
    await write();
    const path = await kernel(X86_64, 14);
    const error = thrown(() => checkBtf(path, { baseline }));
    expect(error.code).toBe('E_USAGE');
    expect(error.message).toMatch(/found le-4k; expected le-16k/);
  });
});

describe('the command', () => {
  test('a good kernel: status 0 and every structure; a changed one: status 4', async () => {
    const good = await cli(['btf', await kernel(X86_64, 12)]);
    expect(good.stderr).toBe('');
    expect(good.exitCode).toBe(0);
    for (const name of KHO_STRUCTS) expect(good.stdout).toContain(`struct ${name}, `);
    expect(good.stdout).toMatch(/16 structures, 0 departures/);
    const changed = await cli(['btf', await kernel(X86_64, 12, '-DWIDE_PAGES'), '--json']);
    expect(changed.exitCode).toBe(4);
    expect(btfSchema.parse(JSON.parse(changed.stdout)).departures).toBe(2);
  });

  test('a kernel without KHO is no failure', async () => {
    const path = await compileBtf(X86_64, folder, 'struct other { int a; } *use;');
    const text = await cli(['btf', path]);
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toMatch(/built without KHO/);
    const json = await cli(['btf', path, '--json', '--baseline', join(folder, 'not-read.json')]);
    expect(json.exitCode).toBe(0);
    expect(btfSchema.parse(JSON.parse(json.stdout))).toMatchObject({
      kho: false,
      pageSize: null,
      structs: [],
    });
  });

  test('unreadable input: status 2', async () => {
    const plain = join(folder, 'plain');
    writeFileSync(plain, 'no BTF at all');
    const object = await compileBtf(X86_64, folder, 'int a;');
    await $({ quiet: true })`objcopy --remove-section=.BTF ${object}`;
    for (const [path, message] of [
      [plain, /not BTF/],
      [object, /no BTF in this file.*CONFIG_DEBUG_INFO_BTF/],
      [join(folder, 'absent'), /ENOENT/],
      ['/sys/kernel/btf/nf_tables', /split BTF/],
    ] as const) {
      const result = await cli(['btf', path]);
      expect(result.exitCode, path).toBe(2);
      expect(result.stderr).toMatch(message);
    }
  });

  test('a module with a section of its base is split BTF', async () => {
    const object = await kernel(X86_64, 12);
    await $({ quiet: true })`objcopy --add-section .BTF.base=${object} ${object}`;
    expect(thrown(() => openBtf(object)).message).toMatch(/split BTF/);
  });
});
