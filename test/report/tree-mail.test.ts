import { describe, expect, test } from 'vitest';
import type { TreeReport } from '../../src/kernel/index.js';
import { renderTree } from '../../src/report/index.js';
import { ALONE, DEPTH, EVERYTHING, print, report, SAME, VMALLOC_GREW } from '../support/tree.js';

const END = `
What headers cannot show:

* names that are written as literals in C code and not as macros in the
  headers
* whether a node, property or structure is written, required or ignored,
  and in which order
* algorithms: how a key is made, what a flag means, when a count is
  trusted
`;

test('a change without a bump: where, with which pages, which macro, what to do', () => {
  expect(renderTree('mail', DEPTH)).toBe(`KHO ABI: CHANGED WITHOUT BUMP: radix (16K)

Compared with baseline include/linux/kho/abi/kho-abi.baseline.json. The
bytes that one kernel hands to the next are others than before, and the
version is the same. A kernel from before the change cannot tell and
reads them wrongly.

Changed, and no version says so:

* radix: depth was 4, is 5, with 16K pages only
  include/linux/kho/abi/radix.h:52

Please raise the version in the same patch:

  include/linux/kho/abi/kexec_handover.h:90
  -#define KHO_FDT_COMPATIBLE "kho-v3"
  +#define KHO_FDT_COMPATIBLE "kho-v4"

A tree that keeps a baseline needs it written anew, in the same patch as
well:

  kho-abi tree . --write-baseline

Checked by kho-abi 9.8.7 with gcc (x86_64), for le-4k, le-16k, le-64k.
${END}`);
});

test('a structure: its changes together, then the layouts', () => {
  expect(renderTree('mail', VMALLOC_GREW)).toContain(`
Changed, and no version says so:

* struct kho_vmalloc: field total_pages was 4 bytes, is 8 bytes, with
  every page size
* struct kho_vmalloc: 2 fields from flags to order moved up by 4 bytes,
  from byte 12 to byte 16, with every page size
* struct kho_vmalloc: size was 16, is 20 bytes, with every page size
  include/linux/kho/abi/vmalloc.h:70
  affects struct luo_session_ser

                      before            after
    member       offset   size      offset   size
    first             0      8           0      8
    total_pages       8      4  ->       8      8
    flags            12      2  ->      16      2
    order            14      2  ->      18      2
    (whole)                 16  ->             20

Please raise the version in the same patch:
`);
});

test('no change is said in one sentence', () => {
  expect(renderTree('mail', SAME)).toBe(`KHO ABI: unchanged

Compared with baseline include/linux/kho/abi/kho-abi.baseline.json. The
bytes that one kernel hands to the next are the same, as far as headers
show them.

Checked by kho-abi 9.8.7 with gcc (x86_64), for le-4k, le-16k, le-64k.
${END}`);
});

test('a change with a bump asks for nothing', () => {
  const mail = renderTree('mail', report(print({ kho: 'kho-v4', depth16: 5 }), print()));
  expect(mail).toContain(`
Changed under a new version:

* radix: depth was 4, is 5, with 16K pages only
  include/linux/kho/abi/radix.h:52
  version: kho-v3 -> kho-v4
`);
  expect(mail).not.toContain('#define');
});

test('a version that is a number stands without quotes; two versions are a choice', () => {
  const more = (depth16: number): ReturnType<typeof print> => {
    const made = print({ depth16 });
    const marker = { component: 'radix', scheme: 'struct-u32' as const };
    const markers = [
      { ...marker, macro: 'KHO_RADIX_VERSION', value: '9' },
      { ...marker, macro: 'KHO_RADIX_COMPATIBLE', scheme: 'composite' as const, value: 'radix-v1' },
    ];
    return { components: { ...made.components, radix: { ...made.components.radix!, markers } } };
  };
  expect(renderTree('mail', report(more(5), more(4)))).toContain(`
Please raise one of these in the same patch:

  -#define KHO_RADIX_VERSION 9
  +#define KHO_RADIX_VERSION 10

  -#define KHO_RADIX_COMPATIBLE "radix-v1"
  +#define KHO_RADIX_COMPATIBLE "radix-v2"

`);
});

describe.each<[string, TreeReport]>([
  ['depth', DEPTH],
  ['vmalloc', VMALLOC_GREW],
  ['everything', EVERYTHING],
  ['same', SAME],
  ['alone', ALONE],
])('%s', (_, of) => {
  test('72 columns of ASCII, no blank at the end of a line, one line end at the end', () => {
    const lines = renderTree('mail', of).split('\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) {
      expect(line).toMatch(/^[\x20-\x7e]{0,72}$/);
      expect(line).not.toMatch(/ $/);
    }
    expect(lines.at(-1)).not.toBe('');
  });
});
