/**
 * Reads the YAML files that a user writes for `validate`: profiles and suppressions. Every complaint has file, line
 * and column.
 */
import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type ErrorDetails, KhoError } from '../bytes/index.js';

/** Keys and indexes that lead from the top of a file to a value. */
type Path = readonly PropertyKey[];

/** A file that fits its schema, and where its parts stand. */
export interface PolicyFile<Data> {
  readonly data: Data;
  /** `file:line:column` of a value. */
  place(path: Path): string;
  /** An error about a value. */
  error(path: Path, summary: string, details?: ErrorDetails): KhoError;
}

/**
 * Parses a file. Every scalar is a string: an address must not lose digits, nor a date its day, on the way through
 * YAML's own numbers.
 *
 * @throws KhoError `E_USAGE` with the place of the first thing that is wrong
 */
export function readPolicy<Data>(text: string, source: string, schema: z.ZodType<Data>): PolicyFile<Data> {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  const at = (offset: number): { source: string; line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { source, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw new KhoError('E_USAGE', 'not YAML', {
      ...at(problem.pos[0]),
      hint: problem.message.split('\n')[0]!,
    });
  }
  const root = document.contents as ParsedNode | null;
  const error = (path: Path, summary: string, details: ErrorDetails = {}): KhoError =>
    new KhoError('E_USAGE', summary, { ...at(offsetOf(root, path)), ...details });
  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw error([], 'aliases are not allowed here', { cause });
  }
  const result = schema.safeParse(data);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const strange = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const path = strange === undefined ? issue.path : [...issue.path, strange];
    throw new KhoError('E_USAGE', issue.message, {
      ...at(offsetOf(root, path, strange !== undefined)),
      ...(path.length === 0 ? {} : { path: shown(path) }),
    });
  }
  return {
    data: result.data,
    error,
    place: (path) => {
      const { line, column } = at(offsetOf(root, path));
      return `${source}:${line}:${column}`;
    },
  };
}

/** Where a value begins, or its key; where it is missing, the part that should hold it. */
function offsetOf(root: ParsedNode | null, path: Path, key = false): number {
  let node: Node | null = root;
  let offset = root?.range?.[0] ?? 0;
  for (const [index, step] of path.entries()) {
    let next: Node | null = null;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (pair === undefined) return offset;
      next = pair.value as Node | null;
      // An empty value stands nowhere; its key does.
      offset = (pair.key as Node).range?.[0] ?? offset;
      if (key && index === path.length - 1) return offset;
    } else if (isSeq(node)) next = (node.items[Number(step)] as Node | undefined) ?? null;
    if (next === null) return offset;
    node = next;
    if (!isScalar(next) || next.value !== '') offset = next.range?.[0] ?? offset;
  }
  return offset;
}

function shown(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `${String(step)}`))
    .join('.')
    .replaceAll('.[', '[');
}
