import type { RuleTable } from '../context.js';
import type { Rule } from '../rule.js';
import { clientRules } from './clients.js';
import { environmentRules } from './environment.js';
import { fdtRules } from './fdt.js';
import { mapRules } from './map.js';
import { rootRules } from './root.js';
import { vmallocRules } from './vmalloc.js';

/** All tables of rules, in the order in which they run. */
export const RULE_TABLES: readonly RuleTable[] = [
  fdtRules,
  rootRules,
  mapRules,
  vmallocRules,
  clientRules,
  environmentRules,
];

/** Every rule, by id. */
export function allRules(): Rule[] {
  return RULE_TABLES.flatMap(({ rules }) => [...rules]).sort((a, b) => (a.id < b.id ? -1 : 1));
}
