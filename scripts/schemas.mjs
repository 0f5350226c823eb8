#!/usr/bin/env node
/** Writes the JSON Schemas under abi/schema/ from the zod schemas. A test fails when they are not current. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { jsonSchemas, schemaText } from '../dist/schemas.js';

mkdirSync('abi/schema', { recursive: true });
for (const [name, schema] of Object.entries(jsonSchemas())) {
  writeFileSync(`abi/schema/${name}`, schemaText(schema));
  console.log(`abi/schema/${name}`);
}
