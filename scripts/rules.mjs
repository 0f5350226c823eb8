#!/usr/bin/env node
/** Writes the page of all rules from the tables in src/validate/rules and src/kernel/tree-rules.ts. A test fails when it is not current. */
import { writeFileSync } from 'node:fs';
import { treeRules } from '../dist/kernel/index.js';
import { rulesMarkdown } from '../dist/report/index.js';
import { allRules } from '../dist/validate/index.js';

writeFileSync('src/validate/RULES.md', rulesMarkdown([...allRules(), ...treeRules()]));
console.log('src/validate/RULES.md');
