/** Clients of goldens have no errors; what a scenario shows on purpose is listed with its reason. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cellsOf, encodeCell, GOLDEN_FOLDER } from '../../src/golden/index.js';
import { allRules, validate } from '../../src/validate/index.js';

const CLIENT_RULES = new Map(
  allRules()
    .filter(({ area }) => area === 'clients')
    .map(({ id, name }) => [id, name]),
);

/** Errors that are there on purpose: rule, scenarios, and why. */
const EXPECTED: readonly { readonly rule: string; readonly when: RegExp; readonly why: string }[] = [
  { rule: 'luo-block-empty-last', when: /^85-luo-empty-block$/, why: 'the scenario of erratum B9' },
  { rule: 'luo-version', when: /^86-luo-v[234]/, why: 'formats that no released kernel reads' },
  {
    rule: 'memfd-folio-not-preserved',
    when: /^89-luo-stale-list$/,
    why: 'bitmaps that are made after finalize are not in the list of 6.19',
  },
];
const used = new Set<string>();

/** Subtrees that a scenario registers at made-up addresses, or with nothing in them. */
function madeUp(scenario: string): string[] {
  const text = readFileSync(join(GOLDEN_FOLDER, 'scenarios', `${scenario}.scenario`), 'latin1');
  return [...text.matchAll(/^subtree (\S+)/gm)].map(([, name]) => `/${name}`);
}

describe.each(['le-4k', 'be-4k', 'le-16k', 'be-16k', 'le-64k', 'be-64k'])('%s', (target) => {
  test('every golden scenario', () => {
    const surprises: string[] = [];
    let clients = 0;
    for (const cell of cellsOf(GOLDEN_FOLDER, { target })) {
      const { handover } = encodeCell(cell);
      if (handover === undefined || handover.fdt.length === 0) continue;
      const scenario = basename(cell.path);
      const { abi, byteOrder, pageShift } = cell.target;
      const report = validate({
        inputs: [{ path: cell.path, kind: 'golden', bytes: 0, sha256: null }],
        fdt: { bytes: handover.fdt, input: 0 },
        fdtAddress: handover.fdtAddress,
        memory: { memory: handover.producer.store, input: 0 },
        told: { abi, byteOrder, pageShift },
        tool: { name: 'kho-abi', version: 'test' },
        started: null,
      });
      clients += report.rules.filter(({ rule, run }) => run && CLIENT_RULES.has(rule.id)).length;
      const names = madeUp(scenario);
      for (const { rule, severity, message, path } of report.findings) {
        const name = CLIENT_RULES.get(rule);
        if (severity !== 'error' || name === undefined) continue;
        // Only the blob itself is made up: nothing below it can be read.
        const shown = path?.replace(/\.\.\. \(\d+ characters\)$/, '');
        if (names.some((one) => one === path || (shown !== path && one.startsWith(shown!)))) continue;
        const known = EXPECTED.find((entry) => entry.rule === name && entry.when.test(scenario));
        if (known === undefined) surprises.push(`${cell.path}: ${name}: ${path}: ${message}`);
        else used.add(known.rule);
      }
    }
    expect(surprises).toEqual([]);
    // Not for want of clients.
    expect(clients).toBeGreaterThan(1000);
  });
});

afterAll(() => {
  expect(EXPECTED.filter(({ rule }) => !used.has(rule))).toEqual([]);
});
