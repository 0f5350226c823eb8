import { expect, test } from 'vitest';
import { renderReport } from '../../src/report/index.js';
import { CLEAN, EMPTY, FULL } from './support.js';

test('a full report: areas nest rules, diagnostics stand before their result', () => {
  expect(renderReport('ktap', FULL)).toBe(`KTAP version 1
1..5
# kho-abi 9.8.7, dtc 1.7.2
# input out/fdt: root FDT, 100 bytes, sha256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
# input /dumps/a b.elf: ELF core, 68719476736 bytes, sha256 none (larger than 1 GiB)
# ABI: kho-v4
# byte order: little
# page size: 4,096 bytes
# root FDT at: 0x100001000
  KTAP version 1
  1..2
  # Flattened device tree
  # KHO101: error: the header says 4096 bytes and the file has 100
  # KHO101: at out/fdt, /, offset 0x4
  # KHO101: found: 100
  # KHO101: expected: 4096
  # KHO101: erratum: B22
  # KHO101: hint: debugfs of the sender cuts the file
  # KHO101: 0000000000000000  d0 0d fe ed 00 00 10 00  00 00 00 40 00 00 00 60  |...........@...\`|
  # KHO101:                               ^^^^^^^^^^^
  # KHO101: 0000000000000010  00 00 00 28 00 00 00 11  00 00 00 10 00 00 00 00  |...(............|
  not ok 1 KHO101 fdt-cut-off
  # KHO102: note: a padding byte is 0x2a
  # KHO102: at out/fdt, offset 0x60
  ok 2 KHO102 fdt-padding
not ok 1 fdt
  KTAP version 1
  1..2
  # Map of preserved memory
  # KHO201: error: the key 0x0 has no order bit
  # KHO201: at /dumps/a b.elf, physical address 0x104000000
  # KHO201: 0000000104000000  01 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
  # KHO201:                   ^^^^^^^^^^^^^^^^^^^^^^^
  # KHO201 map-no-order-bit: 1 of 1,234 findings shown
  not ok 1 KHO201 map-no-order-bit
  ok 2 KHO202 map-outside-ram # SKIP no RAM ranges given
not ok 2 map
  KTAP version 1
  1..1
  # Preserved vmalloc areas
  ok 1 KHO301 vmalloc-flags # SKIP no vmalloc area found
ok 3 vmalloc # SKIP every rule was skipped
  KTAP version 1
  1..1
  # Subtrees and clients
  # KHO402: warning: the session points to a page that is not preserved
  # KHO402: at /dumps/a b.elf, luo-v5/sessions[2], physical address 0xfffffffffffff000
  ok 1 KHO402 client-not-preserved
ok 4 clients
  KTAP version 1
  1..2
  # fleet.yaml:3:3: the handover has luo luo-v5; profile fleet accepts only luo-v4
  not ok 1 profile
  # known.yaml:5:3: nothing matched the suppression of KHO101 at /x
  not ok 2 suppression
not ok 5 profile-and-suppressions
# 1,235 errors, 1 warning, 1 note, 1 suppressed: refused by Linux 7.2 and 7.3 (kho-v4)
# Totals: pass:2 fail:4 xfail:0 xpass:0 skip:2 error:0
`);
});

test('a clean report', () => {
  expect(renderReport('ktap', CLEAN)).toBe(`KTAP version 1
1..2
# kho-abi 9.8.7, dtc not used
# input in/fdt: root FDT, 152 bytes, sha256 ${'ab'.repeat(32)}
# ABI: kho-v4
# byte order: unknown
# page size: unknown
# root FDT at: unknown
  KTAP version 1
  1..1
  # Flattened device tree
  ok 1 KHO101 fdt-cut-off
ok 1 fdt
  KTAP version 1
  1..1
  # Map of preserved memory
  ok 1 KHO202 map-outside-ram # SKIP no RAM ranges given
ok 2 map # SKIP every rule was skipped
# 0 errors, 0 warnings, 0 notes: accepted by Linux 7.2 and 7.3 (kho-v4)
# Totals: pass:1 fail:0 xfail:0 xpass:0 skip:1 error:0
`);
});

test('an empty report has an empty plan', () => {
  expect(renderReport('ktap', EMPTY).split('\n').slice(0, 2)).toEqual(['KTAP version 1', '1..0']);
});
