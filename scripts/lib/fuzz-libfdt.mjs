/** Verdicts of libfdt and of the tools around it on many blobs. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fdtCheckProgram } from './witness-build.mjs';

/** Names of libfdt's error codes, from its header. */
const LIBFDT_ERRORS = [
  'OK',
  'NOTFOUND',
  'EXISTS',
  'NOSPACE',
  'BADOFFSET',
  'BADPATH',
  'BADPHANDLE',
  'BADSTATE',
  'TRUNCATED',
  'BADMAGIC',
  'BADVERSION',
  'BADSTRUCTURE',
  'BADLAYOUT',
  'INTERNAL',
  'BADNCELLS',
  'BADVALUE',
  'BADOVERLAY',
  'NOPHANDLES',
  'BADFLAGS',
  'ALIGNMENT',
];
/** A stream of blobs takes at most this long, whatever is in it. */
const STREAM_TIMEOUT_MS = 600_000;
const TOOL_TIMEOUT_MS = 10_000;
const TOOL_OUTPUT = 16 * 1024 * 1024;

/**
 * What fdt_check_full says of each blob: `OK`, `BADSTRUCTURE` and so on, or `crash` or `hang`; and how many nodes a walk meets.
 * The program is started again behind a blob that ends it.
 *
 * @param {number} count
 * @param {(index: number) => Uint8Array} blobAt
 */
export async function libfdtVerdicts(count, blobAt) {
  const program = await fdtCheckProgram();
  const verdicts = [];
  while (verdicts.length < count) {
    const before = verdicts.length;
    await stream(program, verdicts, count, blobAt);
    // It died without an answer: that blob is the reason.
    if (verdicts.length < count) verdicts.push({ code: 'crash', nodes: 0 });
    if (verdicts.length === before) throw new Error('fdtcheck gives no answers');
  }
  return verdicts;
}

async function stream(program, verdicts, count, blobAt) {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'], timeout: STREAM_TIMEOUT_MS });
  child.stdin.on('error', () => {});
  const closed = new Promise((resolve) => child.stdin.once('close', resolve));
  const answers = (async () => {
    for await (const line of createInterface({ input: child.stdout })) verdicts.push(verdict(line));
  })();
  for (let index = verdicts.length; index < count && child.stdin.writable; index++) {
    const blob = blobAt(index);
    const frame = Buffer.alloc(4 + blob.length);
    frame.writeUInt32LE(blob.length);
    frame.set(blob, 4);
    if (!child.stdin.write(frame)) await Promise.race([once(child.stdin, 'drain').catch(() => {}), closed]);
  }
  child.stdin.end();
  await answers;
}

function verdict(line) {
  const [code, nodes] = line.split(' ');
  return nodes === undefined
    ? { code, nodes: 0 }
    : { code: LIBFDT_ERRORS[-code] ?? code, nodes: Number(nodes) };
}

/**
 * What a tool says of a blob on its standard input, within limits on time and output. dtc without -f, so that its error-level
 * checks count; a tool that is ended by a signal has crashed.
 */
export function toolVerdict(tool, blob) {
  const args = tool === 'dtc' ? ['-q', '-I', 'dtb', '-O', 'dtb', '-'] : ['-'];
  const run = spawnSync(process.env[tool.toUpperCase()] ?? tool, args, {
    input: blob,
    timeout: TOOL_TIMEOUT_MS,
    maxBuffer: TOOL_OUTPUT,
    env: { ...process.env, LC_ALL: 'C' },
  });
  const stderr = run.stderr?.toString('latin1') ?? '';
  if (run.error?.code === 'ETIMEDOUT') return { code: 'hang', stderr };
  if (run.error !== undefined) throw new Error(`${tool} cannot be run: ${run.error.message}`);
  if (run.signal !== null) return { code: 'crash', stderr };
  return { code: run.status === 0 ? 'OK' : 'refused', stderr };
}
