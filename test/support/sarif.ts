import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Ajv as AjvClass } from 'ajv';
import AjvDraft04 from 'ajv-draft-04';
import addFormats from 'ajv-formats';

const require = createRequire(import.meta.url);

/** The schema of SARIF 2.1.0 (rtm.5, as SchemaStore publishes it), carried by Microsoft's jest-sarif. */
const SCHEMA = JSON.parse(
  readFileSync(require.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'), 'utf8'),
);

// One pattern of the schema is not a regular expression in Unicode mode.
const ajv = new AjvDraft04.default({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv as unknown as AjvClass);
/** Whether data is a SARIF log; `errors` says why not. */
export const valid = ajv.compile(SCHEMA);
