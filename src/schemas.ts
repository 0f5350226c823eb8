/**
 * Schemas of everything that is written as data: ABI files, and what the commands print as JSON. A door of its own
 * (`kho-abi/schemas`), because most users of the library need no schema library at run time.
 *
 * @packageDocumentation
 */
import { z } from 'zod';
import { clientAbiSchema } from './abi/client-schema.js';
import { releasesSchema } from './abi/release-schema.js';
import { abiSchema } from './abi/schema.js';
import { treeMapSchema } from './abi/tree-map-schema.js';
import { baselineSchema } from './kernel/fingerprint-schema.js';
import { bootSchema } from './report/boot-schema.js';
import { btfSchema } from './report/btf-schema.js';
import { checkSchema } from './report/check-schema.js';
import { findingsSchema } from './report/findings-schema.js';
import { handoverDiffSchema } from './report/inspect-diff-schema.js';
import { inspectSchema } from './report/inspect-schema.js';
import { receiveSchema } from './report/receive-schema.js';
import { treeSchema } from './report/tree-schema.js';

export { compileClients, parseClientAbi } from './abi/client-yaml.js';
export { structField, structLayout } from './abi/struct-schema.js';
export { compileTreeMap } from './abi/tree-map-yaml.js';
export { compileAbis, compileReleases, parseAbi } from './abi/yaml.js';
export {
  abiSchema,
  baselineSchema,
  bootSchema,
  checkSchema,
  clientAbiSchema,
  findingsSchema,
  handoverDiffSchema,
  inspectSchema,
  receiveSchema,
  treeSchema,
};

/** JSON Schemas that are checked in under abi/schema/, by file name. `npm run schemas` writes them. */
export function jsonSchemas(): Record<string, object> {
  const convert = (schema: z.ZodType): object => z.toJSONSchema(schema, { target: 'draft-2020-12' });
  return {
    'kho-abi.schema.json': convert(abiSchema),
    'kho-client.schema.json': convert(clientAbiSchema),
    'releases.schema.json': convert(releasesSchema),
    'tree-map.schema.json': convert(treeMapSchema),
    'inspect.schema.json': convert(inspectSchema),
    'diff.schema.json': convert(handoverDiffSchema),
    'check.schema.json': convert(checkSchema),
    'findings.schema.json': convert(findingsSchema),
    'tree.schema.json': convert(treeSchema),
    'baseline.schema.json': convert(baselineSchema),
    'btf.schema.json': convert(btfSchema),
    'boot.schema.json': convert(bootSchema),
    'receive.schema.json': convert(receiveSchema),
  };
}

/** Text of a schema file. */
export function schemaText(schema: object): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
