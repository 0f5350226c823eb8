import { Command } from 'commander';
import { KhoError } from '../bytes/index.js';
import { rulesMarkdown, rulesText, ruleText } from '../report/index.js';
import { options, print, printJson } from './options.js';

/** `kho-abi rules`: every rule of `validate` and `tree`. */
export function rulesCommand(): Command {
  return new Command('rules')
    .description('all rules of validate and tree, or one with its explanation')
    .argument('[id]', 'KHO105, or the name: fdt-cut-off')
    .addOption(options.json())
    .addOption(options.markdown())
    .addHelpText('after', '\nExample:\n  kho-abi rules KHO225')
    .action(async (id: string | undefined, given: { json?: boolean; markdown?: boolean }) => {
      const { allRules } = await import('../validate/index.js');
      const { treeRules } = await import('../kernel/index.js');
      const rules = [...allRules(), ...treeRules()].filter(
        (rule) => id === undefined || rule.id === id || rule.name === id,
      );
      if (rules.length === 0)
        throw new KhoError('E_USAGE', 'no such rule', { found: id!, hint: 'kho-abi rules lists all' });
      if (given.json) printJson(rules);
      else if (given.markdown) print(rulesMarkdown(rules));
      else print(id === undefined ? rulesText(rules) : ruleText(rules[0]!));
    });
}
