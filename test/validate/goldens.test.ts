/** Sound handovers, whoever made them, have no errors; what goldens show on purpose is listed with its reason. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cellsOf, encodeCell, GOLDEN_FOLDER } from '../../src/golden/index.js';
import { targetName } from '../../src/index.js';
import { allRules, validate } from '../../src/validate/index.js';
import { cli } from '../support/cli.js';

const NAMES = new Map(allRules().map(({ id, name }) => [id, name]));

/** Rules of clients are tested apart: many scenarios register made-up addresses. */
const isClients = (rule: string): boolean => rule.startsWith('KHO4');

/** Errors that a golden has on purpose: by rule, which scenarios, and why. */
const EXPECTED: readonly { rule: string; when: (path: string, bare: boolean) => boolean; why: string }[] = [
  {
    rule: 'map-fdt-not-preserved',
    when: (_path, bare) => bare,
    why: 'init bare does not preserve the FDT page',
  },
  { rule: 'map-lost-order-bit', when: (path) => /\/..-16k\//.test(path), why: '16K trees before 7.1-rc6' },
  {
    rule: 'root-map-zero',
    when: (path) => path.startsWith('kho-v1'),
    why: 'nothing preserved, or not finalized',
  },
  {
    rule: 'subtree-address',
    when: (path) => path.includes('subtree') || path.includes('fdt'),
    why: 'made-up addresses',
  },
  {
    rule: 'map-block-range',
    when: (path) => /06-high-addresses|81-luo-memfd/.test(path),
    why: 'page numbers up to the end of the format, on pages of any size',
  },
  { rule: 'map-root', when: (path) => path.includes('-v1-'), why: 'a list that was freed' },
];

describe.each(['le-4k', 'be-4k', 'le-16k', 'le-64k'])('%s', (target) => {
  test('every golden scenario', () => {
    const surprises: string[] = [];
    for (const cell of cellsOf(GOLDEN_FOLDER, { target })) {
      const { handover } = encodeCell(cell);
      if (handover === undefined || handover.fdt.length === 0) continue;
      const input = { path: cell.path, kind: 'golden', bytes: 0, sha256: null };
      const report = validate({
        inputs: [input],
        fdt: { bytes: handover.fdt, input: 0 },
        fdtAddress: handover.fdtAddress,
        memory: { memory: handover.producer.store, input: 0 },
        told: { abi: cell.target.abi, byteOrder: cell.target.byteOrder, pageShift: cell.target.pageShift },
        tool: { name: 'kho-abi', version: 'test' },
        started: null,
      });
      for (const { rule, severity, message } of report.findings) {
        if (severity !== 'error' || isClients(rule)) continue;
        const name = NAMES.get(rule)!;
        const bare = cell.scenario.init === 'bare';
        if (EXPECTED.some((entry) => entry.rule === name && entry.when(cell.path, bare))) continue;
        surprises.push(`${cell.path} (${targetName(cell.target)}): ${name}: ${message}`);
      }
    }
    expect(surprises).toEqual([]);
  });
});

const CAPTURES = join(GOLDEN_FOLDER, 'captures');

describe.each(readdirSync(CAPTURES).filter((name) => name.startsWith('linux')))('%s', (name) => {
  test('the memory of a running kernel has no error and no warning', async () => {
    const { exitCode, stdout } = await cli([
      'validate',
      join(CAPTURES, name, 'memory.elf.gz'),
      '--fail-on',
      'warning',
    ]);
    expect(stdout).toContain('accepted by Linux 7.2 and 7.3 (kho-v4)');
    expect(exitCode).toBe(0);
  });
});
