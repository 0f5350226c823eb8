import type { Severity } from '../../fdt/index.js';
import type { Rule, RuleArea, RuleId } from '../rule.js';

/** The parts of a rule that its table does not share. */
type RuleParts = Pick<Rule, 'name' | 'title' | 'severity' | 'reference' | 'explanation'> &
  Partial<Pick<Rule, 'appliesTo'>>;

/** Makes the rules of one table: ids by number, area and what they apply to said once. */
export function makeRules<Name extends string>(
  area: RuleArea,
  appliesTo: string,
  table: Record<Name, readonly [number, Severity, string, string, string, string?]>,
): Record<Name, Rule> {
  const rules = {} as Record<Name, Rule>;
  for (const [name, [number, severity, title, reference, explanation, own]] of Object.entries(table) as [
    Name,
    readonly [number, Severity, string, string, string, string?],
  ][]) {
    const parts: RuleParts = { name, title, severity, reference, explanation };
    rules[name] = { id: `KHO${number}` as RuleId, area, appliesTo: own ?? appliesTo, ...parts } as Rule;
  }
  return rules;
}

/** Sources that many rules name. */
export const SOURCE = {
  populate: 'kho_populate, Linux 6.16 to 7.3',
  radix: '"kho: adopt radix tree for preserved memory tracking", 7.1',
  chunks: 'kho_mem_deserialize, Linux 6.16 to 7.0',
  vmalloc: 'kho_restore_vmalloc, Linux 6.18 to 7.3',
  header: 'include/linux/kho/abi/kexec_handover.h, Linux 6.19 to 7.3',
} as const;
