#!/usr/bin/env node
/** Writes the page of all rules of `kho-abi validate` from the tables in src/validate/rules. A test fails when it is not current. */
import { writeFileSync } from 'node:fs';
import { rulesMarkdown } from '../dist/report/index.js';
import { allRules } from '../dist/validate/index.js';

writeFileSync('src/validate/RULES.md', rulesMarkdown(allRules()));
console.log('src/validate/RULES.md');
