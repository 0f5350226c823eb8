/** The baseline: a fingerprint in a file beside the headers. Canonical, so that it changes only when the ABI does. */
import { createHash } from 'node:crypto';
import { KhoError, readWholeFile, writeFileWhole } from '../bytes/index.js';
import { baselineSchema, type Fingerprint } from './fingerprint-schema.js';

/** Where a tree keeps its baseline, relative to its root. */
export const BASELINE_PATH = 'include/linux/kho/abi/kho-abi.baseline.json';

/** Largest baseline that is read, in bytes. A real one has about 60 KiB. */
const MAX_BYTES = 16 << 20;
/** Lines of a baseline stay this short where they can. */
const LINE = 120;

/** Text of a baseline file: keys sorted, small objects on one line, and a digest that shows edits by hand. */
export function baselineText(print: Fingerprint): string {
  const components = sortKeys(print.components) as Fingerprint['components'];
  return `${layOut({ format: 1, digest: digestOf(components), components }, '')}\n`;
}

/** Writes a baseline whole or not at all. @throws KhoError `E_IO` */
export function writeBaseline(path: string, print: Fingerprint): void {
  writeFileWhole(path, baselineText(print));
}

/** Reads a baseline file. @throws KhoError `E_IO`, `E_BASELINE` */
export function readBaseline(path: string): Fingerprint {
  return parseBaseline(Buffer.from(readWholeFile(path, MAX_BYTES)).toString('utf8'), path);
}

/**
 * Reads the text of a baseline.
 *
 * @throws KhoError `E_BASELINE` when it is no baseline, of another format, or not as it was written
 */
export function parseBaseline(text: string, source: string): Fingerprint {
  const fail = (
    summary: string,
    details: { path?: string; found?: string; expected?: string } = {},
  ): KhoError =>
    new KhoError('E_BASELINE', summary, {
      source,
      ...details,
      hint: 'write it anew with kho-abi tree KERNEL_DIR --write-baseline, and review the difference',
    });
  if (/^(<{7}|={7}|>{7})/m.test(text)) throw fail('the baseline holds marks of a merge conflict');
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw fail('the baseline is no JSON');
  }
  const format = (data as { format?: unknown } | null)?.format;
  if (format !== 1)
    throw fail('the baseline has another format', {
      found: `format ${JSON.stringify(format) ?? 'missing'}`,
      expected: 'format 1',
    });
  const result = baselineSchema.safeParse(data);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw fail(`the baseline does not follow its schema: ${issue.message}`, { path: issue.path.join('/') });
  }
  const { components, digest } = result.data;
  const computed = digestOf(sortKeys(components));
  if (computed !== digest)
    throw fail('the baseline was changed by hand: its digest does not fit', {
      found: computed,
      expected: digest,
    });
  return { components };
}

function digestOf(components: unknown): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(components)).digest('hex')}`;
}

/** The same data with the keys of every object in order. Depth is bounded by the schema. */
function sortKeys(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(sortKeys);
  if (data === null || typeof data !== 'object') return data;
  return Object.fromEntries(
    Object.entries(data)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, sortKeys(value)]),
  );
}

/** JSON in which what fits a line stands on one: a member of a structure is one line of a review. */
function layOut(data: unknown, indent: string): string {
  const flat = JSON.stringify(data);
  if (data === null || typeof data !== 'object' || flat.length + indent.length <= LINE) return spaced(data);
  const inner = `${indent}  `;
  const items = Array.isArray(data)
    ? data.map((item) => `${inner}${layOut(item, inner)}`)
    : Object.entries(data).map(([key, value]) => `${inner}${JSON.stringify(key)}: ${layOut(value, inner)}`);
  const [open, close] = Array.isArray(data) ? '[]' : '{}';
  return `${open}\n${items.join(',\n')}\n${indent}${close}`;
}

/** One line with a blank after commas and colons. */
function spaced(data: unknown): string {
  if (Array.isArray(data)) return `[${data.map(spaced).join(', ')}]`;
  if (data === null || typeof data !== 'object') return JSON.stringify(data);
  const items = Object.entries(data).map(([key, value]) => `${JSON.stringify(key)}: ${spaced(value)}`);
  return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`;
}
