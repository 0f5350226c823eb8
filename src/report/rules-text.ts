import { RULE_AREAS, type Rule, type RuleArea } from '../validate/index.js';
import { columns, style } from './style.js';

const AREAS = Object.keys(RULE_AREAS) as RuleArea[];

/** All rules, a line each, by area. */
export function rulesText(rules: readonly Rule[]): string {
  const lines = AREAS.flatMap((area) => {
    const part = rules.filter((rule) => rule.area === area);
    if (part.length === 0) return [];
    const rows = part.map(({ id, severity, name, title }) => [id, severity, name, title]);
    return [style.title(RULE_AREAS[area].title), ...columns(rows, '  '), ''];
  });
  return `${lines.join('\n')}${rules.length} rules\n`;
}

/** One rule with its explanation. */
export function ruleText({
  id,
  name,
  area,
  title,
  severity,
  reference,
  explanation,
  appliesTo,
}: Rule): string {
  return [
    style.title(`${id} ${name}: ${title}`),
    ...columns(
      [
        ['area', RULE_AREAS[area].title],
        ['severity', severity],
        ['applies to', appliesTo],
        ['reference', reference],
      ],
      '  ',
    ),
    '',
    explanation,
    '',
  ].join('\n');
}

/** All rules as a page. */
export function rulesMarkdown(rules: readonly Rule[]): string {
  const lines = [
    '# Rules of `kho-abi validate` and `kho-abi tree`',
    '',
    `${rules.length} rules. \`kho-abi rules ID\` prints one.`,
  ];
  for (const area of AREAS) {
    const part = rules.filter((rule) => rule.area === area);
    if (part.length === 0) continue;
    lines.push('', `## ${RULE_AREAS[area].title}`);
    for (const { id, name, title, severity, reference, explanation, appliesTo } of part) {
      lines.push(
        '',
        `### ${id} ${name}`,
        '',
        `${title[0]!.toUpperCase()}${title.slice(1)}. (${severity})`,
        '',
        explanation,
        '',
      );
      lines.push(`- applies to: ${appliesTo}`, `- reference: ${reference}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
