import { z } from 'zod';
import { abiJsonSchema } from '../abi/index.js';
import { checkSchema } from './check-text.js';
import { inspectSchema } from './inspect-json.js';

/** JSON Schemas that are checked in under abi/schema/, by file name. `npm run schemas` writes them. */
export function jsonSchemas(): Record<string, object> {
  const output = (schema: z.ZodType): object => z.toJSONSchema(schema, { target: 'draft-2020-12' });
  return {
    'kho-abi.schema.json': abiJsonSchema(),
    'inspect.schema.json': output(inspectSchema),
    'check.schema.json': output(checkSchema),
  };
}

/** Text of a schema file. */
export function schemaText(schema: object): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
