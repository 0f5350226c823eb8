import { fromHex, KhoError } from '../bytes/index.js';
import { readFdt } from './reader.js';
import { runTool, type ToolResult } from './tools.js';

/** dtc refused an input; `stderr` is what it said. */
export interface DtcRefusal {
  readonly refused: true;
  readonly exitCode: number;
  readonly stderr: string;
}

/** Bytes that dtc wrote and that were read back as a sound blob. */
export interface DtcBlob {
  readonly refused: false;
  readonly bytes: Uint8Array;
  readonly stderr: string;
}

/** `dtc -q -I dtb -O dtb`: the blob in dtc's own layout. */
export async function dtcRewrite(
  blob: Uint8Array,
  options: { force?: boolean } = {},
): Promise<DtcBlob | DtcRefusal> {
  const force = options.force ? ['-f'] : [];
  return asBlob(await runTool('dtc', ['-q', ...force, '-I', 'dtb', '-O', 'dtb', '-'], blob));
}

/** `dtc -q -I dtb -O dts`: source text. Its wording differs between dtc versions: compile it again, never compare it. */
export async function dtcDecompile(blob: Uint8Array, options: { force?: boolean } = {}): Promise<string> {
  const force = options.force ? ['-f'] : [];
  const result = await runTool('dtc', ['-q', ...force, '-I', 'dtb', '-O', 'dts', '-'], blob);
  const text = Buffer.from(result.stdout).toString('latin1');
  if (result.exitCode !== 0 || !text.startsWith('/dts-v1/')) throw failed('dtc', 'gave no source', result);
  return text;
}

/** `dtc -q -I dts -O dtb`, with `-@` for overlays. */
export async function dtcCompile(
  source: string,
  options: { symbols?: boolean; force?: boolean } = {},
): Promise<DtcBlob | DtcRefusal> {
  const flags = [...(options.symbols ? ['-@'] : []), ...(options.force ? ['-f'] : [])];
  return asBlob(
    await runTool('dtc', ['-q', ...flags, '-I', 'dts', '-O', 'dtb', '-'], Buffer.from(source, 'latin1')),
  );
}

/**
 * Reads properties with fdtget, all in one run.
 *
 * @param wanted pairs of node path and property name; every property must exist and hold at least one byte.
 */
export async function fdtgetBytes(
  blob: Uint8Array,
  wanted: readonly (readonly [string, string])[],
): Promise<Uint8Array[]> {
  const result = await runTool('fdtget', ['-t', 'bx', '-', ...wanted.flat()], blob);
  const lines = Buffer.from(result.stdout).toString('latin1').split('\n').slice(0, -1);
  if (result.exitCode !== 0 || lines.length !== wanted.length)
    throw failed('fdtget', 'did not find all properties', result);
  return lines.map((line) =>
    fromHex(
      line
        .split(' ')
        .map((pair) => pair.padStart(2, '0'))
        .join(''),
    ),
  );
}

/** The exit code says little: only bytes that parse count as a blob. */
function asBlob(result: ToolResult): DtcBlob | DtcRefusal {
  if (result.exitCode !== 0) return { refused: true, exitCode: result.exitCode, stderr: result.stderr };
  try {
    readFdt(result.stdout);
  } catch (error) {
    throw new KhoError('E_TOOL_FAILED', 'dtc exited with 0 but wrote no sound blob', {
      cause: error,
      hint: result.stderr.trim().slice(-300),
    });
  }
  return { refused: false, bytes: result.stdout, stderr: result.stderr };
}

function failed(tool: string, what: string, result: ToolResult): KhoError {
  return new KhoError('E_TOOL_FAILED', `${tool} ${what}`, {
    found: `exit status ${result.exitCode}`,
    hint: result.stderr.trim().slice(-300),
  });
}
