import { expect, test } from 'vitest';
import { renderReport } from '../../src/report/index.js';
import { CLEAN, EMPTY, FULL } from './support.js';

test('a full report', () => {
  expect(renderReport('markdown', FULL)).toBe(`## KHO validation

**1,235 errors, 1 warning, 1 note, 1 suppressed**: refused by Linux 7.2 and 7.3 (kho-v4)

| Severity | Rule | Place | Finding |
| --- | --- | --- | --- |
| error | KHO101 fdt-cut-off | \`out/fdt\` \`/, offset 0x4\` | the header says 4096 bytes and the file has 100; found 100; expected 4096; erratum B22; hint debugfs of the sender cuts the file |
| error | KHO201 map-no-order-bit | \`/dumps/a b.elf\` \`physical address 0x104000000\` | the key 0x0 has no order bit |
| warning | KHO402 client-not-preserved | \`/dumps/a b.elf\` \`luo-v5/sessions[2], physical address 0xfffffffffffff000\` | the session points to a page that is not preserved |
| note | KHO102 fdt-padding | \`out/fdt\` \`offset 0x60\` | a padding byte is 0x2a |

- KHO201 map-no-order-bit: 1 of 1,234 findings shown

KHO101 at \`/, offset 0x4\`:

\`\`\`text
0000000000000000  d0 0d fe ed 00 00 10 00  00 00 00 40 00 00 00 60  |...........@...\`|
                              ^^^^^^^^^^^
0000000000000010  00 00 00 28 00 00 00 11  00 00 00 10 00 00 00 00  |...(............|
\`\`\`

KHO201 at \`physical address 0x104000000\`:

\`\`\`text
0000000104000000  01 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
                  ^^^^^^^^^^^^^^^^^^^^^^^
\`\`\`

| Problem | Place | Text |
| --- | --- | --- |
| profile | \`fleet.yaml:3:3\` | the handover has luo luo-v5; profile fleet accepts only luo-v4 |
| suppression | \`known.yaml:5:3\` | nothing matched the suppression of KHO101 at /x |

| Suppressed | Place | Reason | Until |
| --- | --- | --- | --- |
| KHO402 | \`/dumps/a b.elf\` \`/memblock, physical address 0x300000\` | fixed in the next image | 2026-12-31 |

| Input | Kind | Bytes | SHA-256 |
| --- | --- | --- | --- |
| \`out/fdt\` | root FDT | 100 | \`0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\` |
| \`/dumps/a b.elf\` | ELF core | 68,719,476,736 | none (larger than 1 GiB) |

- kho-abi 9.8.7, dtc 1.7.2, started 2026-01-02T03:04:05Z
- ABI kho-v4, byte order little, page size 4,096 bytes, root FDT at 0x100001000
- 4 rules run, 2 skipped
- KHO202 skipped: no RAM ranges given
- KHO301 skipped: no vmalloc area found
`);
});

test('a clean report', () => {
  expect(renderReport('markdown', CLEAN)).toBe(`## KHO validation

**0 errors, 0 warnings, 0 notes**: accepted by Linux 7.2 and 7.3 (kho-v4)

| Input | Kind | Bytes | SHA-256 |
| --- | --- | --- | --- |
| \`in/fdt\` | root FDT | 152 | \`${'ab'.repeat(32)}\` |

- kho-abi 9.8.7, dtc not used
- ABI kho-v4, byte order unknown, page size unknown, root FDT at unknown
- 1 rule run, 1 skipped
- KHO202 skipped: no RAM ranges given
`);
});

test('an empty report', () => {
  expect(renderReport('markdown', EMPTY)).toContain('- 0 rules run, 0 skipped\n');
});

test('a comment has room for it: rows, characters and windows are bounded', () => {
  const many = Array.from({ length: 500 }, () => FULL.findings[0]!);
  const text = renderReport('markdown', { ...FULL, findings: many });
  expect(text.match(/^\| error /gm)).toHaveLength(50);
  expect(text).toContain('\n450 more findings not in this table.\n');
  expect(text.match(/^```text$/gm)).toHaveLength(5);

  const name = 'B'.repeat(1000);
  const long = Array.from({ length: 500 }, () => ({
    ...FULL.findings[0]!,
    message: name,
    found: name,
    path: name,
  }));
  const inputs = Array.from({ length: 500 }, () => ({ ...FULL.inputs[0]!, path: name }));
  expect(renderReport('markdown', { ...FULL, findings: long, inputs }).length).toBeLessThan(65_536);
});
