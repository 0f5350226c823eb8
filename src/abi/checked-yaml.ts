import { parse } from 'yaml';
import type { z } from 'zod';
import { KhoError } from '../bytes/index.js';

/** Reads a YAML file of abi/ by its schema. @throws KhoError `E_ABI_FILE` with the path of the first thing that is wrong */
export function checkedYaml<Schema extends z.ZodType>(
  text: string,
  source: string,
  schema: Schema,
): z.infer<Schema> {
  let data: unknown;
  try {
    data = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw new KhoError('E_ABI_FILE', 'not YAML', {
      source,
      hint: (error as Error).message.split('\n')[0]!,
      cause: error,
    });
  }
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new KhoError('E_ABI_FILE', issue.message, { source, path: issue.path.join('.') });
}
