import { afterEach, expect, test } from 'vitest';
import { dtcCompile, dtcDecompile, dtcRewrite, fdtgetBytes, runTool, toolVersion } from '../../src/index.js';
import { blob, SMALL } from '../support/blob.js';
import { rejected } from '../support/errors.js';

afterEach(() => {
  delete process.env.DTC;
});

test.each(['dtc', 'fdtget', 'fdtput', 'fdtdump'] as const)('%s tells its version', async (tool) => {
  expect(await toolVersion(tool)).toMatch(/^\d+\.\d+/);
});

test('a missing tool is its own error, with what to install and exit status 3', async () => {
  process.env.DTC = '/nonexistent/dtc';
  const error = await rejected(dtcRewrite(blob({ pieces: SMALL })));
  expect(error.code).toBe('E_TOOL_MISSING');
  expect(error.exitStatus).toBe(3);
  for (const system of ['Debian', 'Fedora', 'Arch', 'Alpine', 'macOS'])
    expect(error.message).toContain(system);
});

test('a tool that exits with 0 but writes no blob is not believed', async () => {
  process.env.DTC = 'true';
  expect((await rejected(dtcRewrite(blob({ pieces: SMALL })))).code).toBe('E_TOOL_FAILED');
  expect((await rejected(toolVersion('dtc'))).code).toBe('E_TOOL_FAILED');
});

test('a tool that writes without end is stopped', async () => {
  process.env.DTC = 'yes';
  expect((await rejected(runTool('dtc', []))).code).toBe('E_TOOL_FAILED');
});

test('a refusal keeps what dtc said', async () => {
  const result = await dtcRewrite(Buffer.from('no blob'));
  expect(result.refused).toBe(true);
  if (result.refused) expect(result.stderr).toContain('magic');
});

test('source and back', async () => {
  const bytes = blob({ pieces: SMALL });
  const compiled = await dtcCompile(await dtcDecompile(bytes));
  const rewritten = await dtcRewrite(bytes);
  if (compiled.refused || rewritten.refused) throw new Error('dtc refused');
  expect(Buffer.compare(compiled.bytes, rewritten.bytes)).toBe(0);
});

test('fdtget reads several properties in one run, and a missing one is an error', async () => {
  const bytes = blob({ pieces: SMALL });
  const values = await fdtgetBytes(bytes, [
    ['/', '#size-cells'],
    ['/chosen', 'bootargs'],
  ]);
  expect(values.map((value) => Buffer.from(value).toString('latin1'))).toEqual(['\0\0\0\x02', 'quiet\0']);
  expect((await rejected(fdtgetBytes(bytes, [['/', 'none']]))).code).toBe('E_TOOL_FAILED');
});
