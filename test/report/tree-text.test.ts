import { expect, test } from 'vitest';
import { renderTree } from '../../src/report/index.js';
import { ALONE, DEPTH, EVERYTHING, print, report, SAME, VMALLOC_GREW } from '../support/tree.js';

const text = (of: Parameters<typeof renderTree>[1]): string => renderTree('text', of, { colour: false });

test('depth of the map with 16K pages: one error, one page size, one version to raise', () => {
  expect(text(DEPTH)).toBe(`KHO ABI of Linux 7.3.4: CHANGED WITHOUT BUMP: radix (16K)
  tree           linux
  release        7.3.4
  compared with  baseline include/linux/kho/abi/kho-abi.baseline.json
  targets        le-4k, le-16k, le-64k
  compiler       x86_64: gcc, gcc 14.2.0
  headers        1 file
  tool           kho-abi 9.8.7

Components
  core     Root FDT                  kho-v3  unchanged
  radix    Map of preserved memory           CHANGED WITHOUT BUMP (16K); unchanged (4K, 64K)
  vmalloc  Preserved vmalloc areas           unchanged
  luo      Live Update Orchestrator  luo-v5  unchanged

Findings: 1 error, 0 warnings, 0 notes
error[KHO601 wire-without-bump]: radix: depth was 4, is 5, with 16K pages only
  at     include/linux/kho/abi/radix.h:52
  raise  KHO_FDT_COMPATIBLE "kho-v3" -> "kho-v4" at include/linux/kho/abi/kexec_handover.h:90

Known formats
  this tree has no format of abi/ exactly

What headers cannot show
  names that are written as literals in C code and not as macros in the headers
  whether a node, property or structure is written, required or ignored, and in which order
  algorithms: how a key is made, what a flag means, when a count is trusted
`);
});

test('a structure is shown before and after, once', () => {
  const shown = text(VMALLOC_GREW);
  expect(shown).toContain(`
                      before            after
    member       offset   size      offset   size
    first             0      8           0      8
    total_pages       8      4  ->       8      8
    flags            12      2  ->      16      2
    order            14      2  ->      18      2
    (whole)                 16  ->             20
`);
  expect(shown.split('(whole)')).toHaveLength(2);
  expect(shown).toContain('  affects  struct luo_session_ser\n');
});

test('formats that fit, the nearest one, and where the tree departs from it; notes', () => {
  const shown = text(EVERYTHING);
  expect(shown).toContain(`
  this tree is luo-v5
  kho (kho-v3): kho-abi would take it for kho-v3 and misread it: 1 difference; it needs a file in abi/
    depth was 4, is 5, with 16K pages only
  luo (luo-v5): known: kho-abi reads and writes it

Notes
  include/linux/kho/abi/luo.h:7: linux/uuid.h was replaced by an empty file
`);
  expect(shown).toContain('KHO ABI of .: CHANGED WITHOUT BUMP: core, radix (16K)\n');
});

test('one line of verdict for everything else', () => {
  const first = (of: Parameters<typeof renderTree>[1]): string => text(of).split('\n')[0]!;
  expect(first(SAME)).toBe('KHO ABI of Linux 7.3.4: unchanged');
  expect(first(ALONE)).toBe('KHO ABI of Linux 7.3.4: not compared: no baseline and no --against');
  expect(first(report(print({ source: {} }), print()))).toBe(
    'KHO ABI of Linux 7.3.4: source only, bytes unchanged: radix',
  );
  expect(first(report(print({ docs: '7'.repeat(16) }), print()))).toBe(
    'KHO ABI of Linux 7.3.4: docs only, bytes unchanged: core',
  );
  const bumped = report(print({ kho: 'kho-v4', depth16: 5 }), print());
  expect(first(bumped)).toBe('KHO ABI of Linux 7.3.4: changed with bump: radix (16K)');
  expect(text(bumped)).toContain(
    'radix    Map of preserved memory           changed, kho-v3 -> kho-v4 (16K); unchanged (4K, 64K)\n',
  );
  expect(text(bumped)).toContain(
    'core     Root FDT                  kho-v4  version raised, kho-v3 -> kho-v4\n',
  );
});

test('a tree that was not compared has its components, and no word on what cannot be seen', () => {
  expect(text(ALONE)).toContain('core     Root FDT                  kho-v3  not compared\n');
  expect(text(ALONE)).not.toContain('cannot show');
});
