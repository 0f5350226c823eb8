/** JSON of `boot` and `receive` against the schemas that are checked in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { bootReport } from '../../src/report/index.js';
import { cli } from '../support/cli.js';

const ROOT = join(import.meta.dirname, '../..');

function validator(name: string) {
  return new Ajv2020().compile(JSON.parse(readFileSync(join(ROOT, 'abi/schema', name), 'utf8')));
}

test.each(['7.3', '7.1'])('receive --json as %s', async (release) => {
  const dump = join(ROOT, 'golden/captures/linux-7.3.4-x86_64-4k-luo/memory.elf.gz');
  const { stdout } = await cli(['receive', '--memory', dump, '--as', release, '--json']);
  const report = JSON.parse(stdout) as { steps: unknown[] };
  expect(report.steps.length).toBeGreaterThan(3);
  const validate = validator('receive.schema.json');
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ ...report, steps: [{}] })).toBe(false);
});

test('boot --json', () => {
  const report = bootReport({
    source: 'a.scenario',
    kernel: 'Image',
    arch: 'arm64',
    pageSize: '16K',
    qemu: '7.2.22',
    seconds: 3.2,
    end: 'off',
    verdict: { accepted: false, items: [{ what: 'handover', ok: false, seen: 'refused' }] },
    seen: {
      release: undefined,
      found: false,
      disabled: true,
      execFrom: undefined,
      khoTest: undefined,
      revived: [],
      luoNumber: undefined,
      trouble: ['BUG: x'],
      panic: undefined,
      guest: undefined,
      checks: [],
      finished: false,
      messages: [],
    },
  });
  expect(report).toMatchObject({ accepted: false, release: null, trouble: ['BUG: x'] });
  const validate = validator('boot.schema.json');
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
});
