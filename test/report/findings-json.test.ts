import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { findingsReport, renderReport } from '../../src/report/index.js';
import { findingsSchema, jsonSchemas, schemaText } from '../../src/schemas.js';
import { CLEAN, EMPTY, FULL, HOSTILE, hostileReport } from './support.js';

const FILE = join(import.meta.dirname, '../../abi/schema/findings.schema.json');
const valid = new Ajv2020().compile(JSON.parse(readFileSync(FILE, 'utf8')));

test('the checked-in schema is current', () => {
  expect(readFileSync(FILE, 'utf8')).toBe(schemaText(jsonSchemas()['findings.schema.json']!));
});

test.each([
  ['full', FULL],
  ['clean', CLEAN],
  ['empty', EMPTY],
  ...Object.entries(HOSTILE).map(([name, text]) => [`hostile ${name}`, hostileReport(text)] as const),
] as const)('%s: valid by the checked-in schema and by zod, in printable ASCII', (_, report) => {
  const text = renderReport('json', report);
  expect(text).toMatch(/^[\n\x20-\x7e]*$/);
  const data = JSON.parse(text);
  expect(valid(data), JSON.stringify(valid.errors)).toBe(true);
  expect(findingsSchema.parse(data)).toEqual(findingsReport(report));
});

test('the schema refuses other members, numbers for addresses and other severities', () => {
  const data = (): ReturnType<typeof findingsReport> => findingsReport(FULL);
  expect(valid({ ...data(), more: 1 })).toBe(false);
  expect(valid({ ...data(), findings: [{ ...data().findings[0], address: 4096 }] })).toBe(false);
  expect(valid({ ...data(), findings: [{ ...data().findings[0], severity: 'fatal' }] })).toBe(false);
  expect(valid({ ...data(), findings: [{ ...data().findings[0], found: undefined }] })).toBe(false);
});

test('every member of a finding is there; addresses are exact hex', () => {
  expect(findingsReport(FULL).findings[2]).toEqual({
    rule: 'KHO402',
    severity: 'warning',
    message: 'the session points to a page that is not preserved',
    input: 1,
    path: 'luo-v5/sessions[2]',
    offset: null,
    address: '0xfffffffffffff000',
    length: null,
    window: [],
    found: null,
    expected: null,
    hint: null,
    erratum: null,
  });
});

test('rules have their counts, also those that are not listed', () => {
  expect(findingsReport(FULL).rules[2]).toEqual({
    id: 'KHO201',
    name: 'map-no-order-bit',
    area: 'map',
    title: 'a key has no order bit',
    severity: 'error',
    run: true,
    skipped: null,
    counts: { error: 1234, warning: 0, note: 0 },
    shown: 1,
    suppressed: 0,
  });
});

test('a clean report as text', () => {
  expect(renderReport('json', EMPTY)).toBe(`{
  "tool": {
    "name": "kho-abi",
    "version": "9.8.7"
  },
  "dtc": null,
  "started": null,
  "inputs": [],
  "subject": {
    "abi": null,
    "byteOrder": null,
    "pageSize": null,
    "fdtAddress": null
  },
  "rules": [],
  "findings": [],
  "suppressed": [],
  "problems": [],
  "counts": {
    "error": 0,
    "warning": 0,
    "note": 0
  },
  "verdict": "accepted",
  "receiver": "Linux 7.2 and 7.3 (kho-v4)"
}
`);
});

test('hostile bytes come back as they were', () => {
  const text = HOSTILE.separators!;
  expect(JSON.parse(renderReport('json', hostileReport(text))).findings[0].path).toBe(text);
});
