import { expect, test } from 'vitest';
import { renderReport } from '../../src/report/index.js';
import { elements } from '../support/xml.js';
import { CLEAN, EMPTY, FULL, HOSTILE, hostileReport } from './support.js';

test('the parser refuses what is not XML', () => {
  expect(() => elements('<a>\u0001</a>')).toThrow();
  expect(() => elements('<a>]]></a>')).toThrow();
});

test('a full report', () => {
  const properties = `    <properties>
      <property name="tool" value="kho-abi 9.8.7, dtc 1.7.2"/>
      <property name="ABI" value="kho-v4"/>
      <property name="byte order" value="little"/>
      <property name="page size" value="4,096 bytes"/>
      <property name="root FDT at" value="0x100001000"/>
      <property name="verdict" value="refused by Linux 7.2 and 7.3 (kho-v4)"/>
      <property name="input 0" value="out/fdt (root FDT)"/>
      <property name="input 0 sha256" value="0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"/>
      <property name="input 1" value="/dumps/a b.elf (ELF core)"/>
      <property name="input 1 sha256" value="none (larger than 1 GiB)"/>
    </properties>`;
  expect(renderReport('junit', FULL)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="kho-abi validate" tests="8" failures="4" errors="0" skipped="2">
  <testsuite name="Flattened device tree" tests="2" failures="1" errors="0" skipped="0" timestamp="2026-01-02T03:04:05">
${properties}
    <testcase classname="kho.fdt" name="KHO101 fdt-cut-off">
      <failure message="1 error: the input ends before totalsize" type="error">error: the header says 4096 bytes and the file has 100
at out/fdt, /, offset 0x4
found: 100
expected: 4096
erratum: B22
hint: debugfs of the sender cuts the file
0000000000000000  d0 0d fe ed 00 00 10 00  00 00 00 40 00 00 00 60  |...........@...\`|
                              ^^^^^^^^^^^
0000000000000010  00 00 00 28 00 00 00 11  00 00 00 10 00 00 00 00  |...(............|</failure>
    </testcase>
    <testcase classname="kho.fdt" name="KHO102 fdt-padding">
      <system-out>note: a padding byte is 0x2a
at out/fdt, offset 0x60</system-out>
    </testcase>
  </testsuite>
  <testsuite name="Map of preserved memory" tests="2" failures="1" errors="0" skipped="1" timestamp="2026-01-02T03:04:05">
${properties}
    <testcase classname="kho.map" name="KHO201 map-no-order-bit">
      <failure message="1,234 errors: a key has no order bit" type="error">error: the key 0x0 has no order bit
at /dumps/a b.elf, physical address 0x104000000
0000000104000000  01 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
                  ^^^^^^^^^^^^^^^^^^^^^^^

1,233 more findings</failure>
    </testcase>
    <testcase classname="kho.map" name="KHO202 map-outside-ram">
      <skipped message="no RAM ranges given"/>
    </testcase>
  </testsuite>
  <testsuite name="Preserved vmalloc areas" tests="1" failures="0" errors="0" skipped="1" timestamp="2026-01-02T03:04:05">
${properties}
    <testcase classname="kho.vmalloc" name="KHO301 vmalloc-flags">
      <skipped message="no vmalloc area found"/>
    </testcase>
  </testsuite>
  <testsuite name="Subtrees and clients" tests="1" failures="0" errors="0" skipped="0" timestamp="2026-01-02T03:04:05">
${properties}
    <testcase classname="kho.clients" name="KHO402 client-not-preserved">
      <system-out>warning: the session points to a page that is not preserved
at /dumps/a b.elf, luo-v5/sessions[2], physical address 0xfffffffffffff000</system-out>
    </testcase>
  </testsuite>
  <testsuite name="Profile and suppressions" tests="2" failures="2" errors="0" skipped="0" timestamp="2026-01-02T03:04:05">
${properties}
    <testcase classname="kho.profile" name="profile problem 1">
      <failure message="the handover has luo luo-v5; profile fleet accepts only luo-v4" type="error">fleet.yaml:3:3: the handover has luo luo-v5; profile fleet accepts only luo-v4</failure>
    </testcase>
    <testcase classname="kho.suppression" name="suppression problem 2">
      <failure message="nothing matched the suppression of KHO101 at /x" type="error">known.yaml:5:3: nothing matched the suppression of KHO101 at /x</failure>
    </testcase>
  </testsuite>
</testsuites>
`);
});

test('a clean report', () => {
  const all = elements(renderReport('junit', CLEAN));
  expect(all[0]!.attributes).toEqual({
    name: 'kho-abi validate',
    tests: '2',
    failures: '0',
    errors: '0',
    skipped: '1',
  });
  expect(all.filter(({ name }) => name === 'testcase').map(({ attributes }) => attributes.name)).toEqual([
    'KHO101 fdt-cut-off',
    'KHO202 map-outside-ram',
  ]);
  expect(all.some(({ name }) => name === 'failure')).toBe(false);
});

test('an empty report', () => {
  expect(renderReport('junit', EMPTY)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="kho-abi validate" tests="0" failures="0" errors="0" skipped="0">
</testsuites>
`);
});

test.each(Object.keys(HOSTILE))('hostile %s: well-formed, with the elements of any other report', (name) => {
  const names = elements(renderReport('junit', hostileReport(HOSTILE[name]!))).map((element) => element.name);
  const tame = elements(renderReport('junit', hostileReport('tame'))).map((element) => element.name);
  expect(names).toEqual(tame);
});

test('markup in a name is text', () => {
  const all = elements(renderReport('junit', hostileReport(HOSTILE.cdata!)));
  const failure = all.find((element) => element.name === 'failure')!;
  expect(failure.text.split('\n')[0]).toBe('error: ]]></failure><script>alert(1)</script><!--');
});
