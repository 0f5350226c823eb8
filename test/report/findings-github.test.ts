import { expect, test } from 'vitest';
import { renderReport } from '../../src/report/index.js';
import { CLEAN, EMPTY, FULL } from './support.js';

test('a full report: one command a line, in report order', () => {
  expect(renderReport('github', FULL)).toBe(
    [
      '::error file=out/fdt,title=KHO101 fdt-cut-off::the header says 4096 bytes and the file has 100' +
        '%0Aat /, offset 0x4%0Afound: 100%0Aexpected: 4096%0Aerratum: B22%0Ahint: debugfs of the sender cuts the file' +
        '%0A0000000000000000  d0 0d fe ed 00 00 10 00  00 00 00 40 00 00 00 60  |...........@...`|' +
        '%0A                              ^^^^^^^^^^^' +
        '%0A0000000000000010  00 00 00 28 00 00 00 11  00 00 00 10 00 00 00 00  |...(............|',
      '::error file=/dumps/a b.elf,title=KHO201 map-no-order-bit::the key 0x0 has no order bit' +
        '%0Aat physical address 0x104000000' +
        '%0A0000000104000000  01 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|' +
        '%0A                  ^^^^^^^^^^^^^^^^^^^^^^^',
      '::warning file=/dumps/a b.elf,title=KHO402 client-not-preserved::the session points to a page that is not preserved' +
        '%0Aat luo-v5/sessions[2], physical address 0xfffffffffffff000',
      '::notice file=out/fdt,title=KHO102 fdt-padding::a padding byte is 0x2a%0Aat offset 0x60',
      '::error title=kho-abi profile::fleet.yaml:3:3: the handover has luo luo-v5; profile fleet accepts only luo-v4',
      '::error title=kho-abi suppression::known.yaml:5:3: nothing matched the suppression of KHO101 at /x',
      '::error title=kho-abi validate::1,235 errors, 1 warning, 1 note, 1 suppressed: refused by Linux 7.2 and 7.3 (kho-v4)' +
        '%0AKHO201 map-no-order-bit: 1 of 1,234 findings shown%0Akho-abi 9.8.7, dtc 1.7.2',
      '',
    ].join('\n'),
  );
});

test('clean and empty reports have the verdict', () => {
  const line =
    '::notice title=kho-abi validate::0 errors, 0 warnings, 0 notes: accepted by Linux 7.2 and 7.3 (kho-v4)%0Akho-abi 9.8.7, dtc not used\n';
  expect(renderReport('github', CLEAN)).toBe(line);
  expect(renderReport('github', EMPTY)).toBe(line);
});

test('properties and data are escaped as the toolkit of GitHub does', () => {
  const report = { ...CLEAN, inputs: [{ ...CLEAN.inputs[0]!, path: 'a,b:c%d' }] };
  const finding = { rule: 'KHO101', severity: 'error', message: '100% of a, b: c', input: 0 } as const;
  expect(renderReport('github', { ...report, findings: [finding] }).split('\n')[0]).toBe(
    '::error file=a%2Cb%3Ac%25d,title=KHO101 fdt-cut-off::100%25 of a, b: c',
  );
});
