import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { renderReport } from '../../src/report/index.js';
import { CLEAN, EMPTY, FULL } from './support.js';

/** On a terminal or in CI there may be colours; what is said is the same. */
const plain = (report: typeof FULL): string => renderReport('text', report, { colour: false });

test('a full report', () => {
  expect(plain(FULL)).toBe(`KHO validation  kho-abi 9.8.7, dtc 1.7.2
started 2026-01-02T03:04:05Z

Inputs
  out/fdt         root FDT  100 bytes             sha256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  /dumps/a b.elf  ELF core  68,719,476,736 bytes  no hash (larger than 1 GiB)

Subject
  ABI          kho-v4
  byte order   little
  page size    4,096 bytes
  root FDT at  0x100001000

out/fdt: 2 findings

error[KHO101 fdt-cut-off]: the header says 4096 bytes and the file has 100
  at /, offset 0x4
    0000000000000000  d0 0d fe ed 00 00 10 00  00 00 00 40 00 00 00 60  |...........@...\`|
                                  ^^^^^^^^^^^
    0000000000000010  00 00 00 28 00 00 00 11  00 00 00 10 00 00 00 00  |...(............|
  found     100
  expected  4096
  erratum   B22
  hint      debugfs of the sender cuts the file

note[KHO102 fdt-padding]: a padding byte is 0x2a
  at offset 0x60

/dumps/a b.elf: 2 findings

error[KHO201 map-no-order-bit]: the key 0x0 has no order bit
  at physical address 0x104000000
    0000000104000000  01 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
                      ^^^^^^^^^^^^^^^^^^^^^^^

warning[KHO402 client-not-preserved]: the session points to a page that is not preserved
  at luo-v5/sessions[2], physical address 0xfffffffffffff000

Rules: 4 run, 2 skipped
  Flattened device tree    2 of 2  2 findings
  Map of preserved memory  1 of 2  1,234 findings
  Preserved vmalloc areas  0 of 1  no findings
  Subtrees and clients     1 of 1  1 finding
  skipped KHO202 map-outside-ram: no RAM ranges given
  skipped KHO301 vmalloc-flags: no vmalloc area found
  KHO201 map-no-order-bit: 1 of 1,234 findings shown

Suppressed
  KHO402 at /dumps/a b.elf, /memblock, physical address 0x300000: fixed in the next image (until 2026-12-31)

Problems
  fleet.yaml:3:3: profile: the handover has luo luo-v5; profile fleet accepts only luo-v4
  known.yaml:5:3: suppression: nothing matched the suppression of KHO101 at /x

1,235 errors, 1 warning, 1 note, 1 suppressed: refused by Linux 7.2 and 7.3 (kho-v4)
`);
});

test('a clean report is a full report too', () => {
  expect(plain(CLEAN)).toBe(`KHO validation  kho-abi 9.8.7, dtc not used

Inputs
  in/fdt  root FDT  152 bytes  sha256 ${'ab'.repeat(32)}

Subject
  ABI          kho-v4
  byte order   unknown
  page size    unknown
  root FDT at  unknown

Rules: 1 run, 1 skipped
  Flattened device tree    1 of 1  no findings
  Map of preserved memory  0 of 1  no findings
  skipped KHO202 map-outside-ram: no RAM ranges given

0 errors, 0 warnings, 0 notes: accepted by Linux 7.2 and 7.3 (kho-v4)
`);
});

test('an empty report', () => {
  expect(plain(EMPTY)).toBe(`KHO validation  kho-abi 9.8.7, dtc not used

Inputs

Subject
  ABI          unknown
  byte order   unknown
  page size    unknown
  root FDT at  unknown

Rules: 0 run, 0 skipped

0 errors, 0 warnings, 0 notes: accepted by Linux 7.2 and 7.3 (kho-v4)
`);
});

test('colours are all that a file goes without', () => {
  expect(stripVTControlCharacters(renderReport('text', FULL))).toBe(plain(FULL));
});
