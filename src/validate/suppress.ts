import { z } from 'zod';
import { hex, parseU64, printable } from '../bytes/index.js';
import type { FindingFacts, ReportProblem } from './finding.js';
import { type PolicyFile, readPolicy } from './policy-yaml.js';

/** One entry of a suppression file: a finding that somebody has looked at and accepts for a time. */
export interface Suppression {
  /** Id of the rule: `KHO101`. */
  readonly rule: string;
  /** Where: a path or an address, and whether it is only the beginning of one (written with `*` at the end). */
  readonly at: { readonly kind: 'path' | 'address'; readonly text: string; readonly prefix: boolean };
  readonly reason: string;
  /** Last day on which the entry holds, `YYYY-MM-DD`. */
  readonly expires: string;
  /** Where the entry stands: `accepted.yaml:3:5`. */
  readonly place: string;
}

/** What a suppression file is read against. */
export interface SuppressionContext {
  /** Today, `YYYY-MM-DD`. */
  readonly today: string;
  /** Ids of the rules there are; without it any id is taken. */
  readonly rules?: ReadonlySet<string>;
}

const entry = z.strictObject({
  rule: z.string().regex(/^KHO[0-9]{3}$/, 'a rule is KHO and three digits'),
  path: z.string().min(1, 'a path is empty').optional(),
  address: z.string().optional(),
  reason: z.string().regex(/\S/, 'a suppression needs a reason'),
  expires: z.iso.date('expires must be a date, YYYY-MM-DD'),
});
const schema = z.array(entry);

/**
 * Parses a suppression file:
 *
 * ```yaml
 * - rule: KHO402
 *   path: /LUO/sessions*
 *   reason: producer is fixed in the next image
 *   expires: 2026-12-31
 * ```
 *
 * A place is a path, written as reports print it, or an address; `*` may stand at its end only. A finding that has
 * neither cannot be suppressed.
 *
 * @param source file name for messages
 * @throws KhoError `E_USAGE` with file, line and column, also for an entry that has expired
 */
export function parseSuppressions(text: string, source: string, context: SuppressionContext): Suppressions {
  const file = readPolicy(text, source, schema);
  const seen = new Set<string>();
  const entries = file.data.map(({ rule, path, address, reason, expires }, index): Suppression => {
    if (context.rules !== undefined && !context.rules.has(rule)) {
      throw file.error([index, 'rule'], 'there is no such rule', { found: rule });
    }
    if ((path === undefined) === (address === undefined)) {
      throw file.error([index], 'a suppression needs a path or an address, and not both');
    }
    if (expires < context.today) {
      throw file.error([index, 'expires'], 'the suppression has expired', {
        found: expires,
        expected: `${context.today} or later`,
        hint: 'look at the finding again, then renew or delete the entry',
      });
    }
    const at =
      path === undefined
        ? addressPlace(file, index, address!)
        : textPlace(file, [index, 'path'], path, 'path');
    const key = `${rule} ${at.text}${at.prefix ? '*' : ''}`;
    if (seen.has(key)) throw file.error([index], 'the same suppression stands here twice', { found: key });
    seen.add(key);
    return { rule, at, reason, expires, place: file.place([index]) };
  });
  return new Suppressions(entries);
}

function textPlace(
  file: PolicyFile<unknown>,
  path: (string | number)[],
  text: string,
  kind: 'path' | 'address',
): Suppression['at'] {
  const star = text.indexOf('*');
  if (star >= 0 && star < text.length - 1)
    throw file.error(path, '* may stand only at the end', { found: text });
  return { kind, text: star < 0 ? text : text.slice(0, -1), prefix: star >= 0 };
}

/** A whole address may be written in any way; the beginning of one is hex digits. */
function addressPlace(file: PolicyFile<unknown>, index: number, written: string): Suppression['at'] {
  const path = [index, 'address'];
  const at = textPlace(file, path, written, 'address');
  const value = parseU64(at.text);
  if (value === undefined || (at.prefix && !/^0x[1-9a-f]/i.test(at.text))) {
    throw file.error(path, 'not an address', { found: written, expected: '0x and hex digits' });
  }
  return { ...at, text: at.prefix ? at.text.toLowerCase() : hex(value) };
}

/** The entries of a suppression file, and which of them have matched a finding. */
export class Suppressions {
  readonly #byRule = new Map<string, Suppression[]>();
  readonly #unused: Set<Suppression>;

  constructor(entries: readonly Suppression[]) {
    this.#unused = new Set(entries);
    for (const one of entries) this.#byRule.set(one.rule, [...(this.#byRule.get(one.rule) ?? []), one]);
  }

  /** Whether any entry names the rule. */
  concerns(rule: string): boolean {
    return this.#byRule.has(rule);
  }

  /** The first entry that covers a finding of a rule; every entry that covers it counts as used. */
  match(rule: string, { path, address }: Pick<FindingFacts, 'path' | 'address'>): Suppression | undefined {
    let first: Suppression | undefined;
    for (const one of this.#byRule.get(rule) ?? []) {
      const { kind, text, prefix } = one.at;
      const whole =
        kind === 'path' ? path && printable(path) : address === undefined ? undefined : hex(address);
      if (whole === undefined || !(prefix ? whole.startsWith(text) : whole === text)) continue;
      this.#unused.delete(one);
      first ??= one;
    }
    return first;
  }

  /** Problems for the entries that matched nothing, in file order. An entry nobody needs hides the next defect. */
  unused(): ReportProblem[] {
    return [...this.#unused].map(({ rule, at, place }) => ({
      kind: 'suppression',
      place,
      message: `nothing matched the suppression of ${rule} at ${at.text}${at.prefix ? '*' : ''}`,
    }));
  }
}
