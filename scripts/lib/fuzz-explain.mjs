/** Why two programs judge a blob differently: classes from a commented list, matched by what our checker found. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { checkFdt, dtcView, FDT_DEFECTS, readFdt } from '../../dist/index.js';

export const DISAGREEMENTS = 'test/hostile/fdt-disagreements.yaml';

/** Conditions that no defect id tells. Each looks at the blob itself or at one defect. */
const FACTS = {
  'version-2': ({ version }) => version === 2,
  'version-below-17': ({ version }) => version < 17,
  'version-above-17': ({ version }) => version > 17,
  /** A property whose length has bit 31 set, where sums of 32 bits with a sign go wrong. */
  'length-of-two-gib': ({ errors }) =>
    errors.some(
      ({ id, found }) => id === 'fdt-property-bounds' && Number(/^length (\d+)$/.exec(found)?.[1]) >= 2 ** 31,
    ),
  /** Our model of dtc's own checks says that dtc refuses the tree. */
  'dtc-objects': ({ blob }) => dtcView(readFdt(blob)).objections.length > 0,
};

const listSchema = z.array(
  z
    .strictObject({
      class: z.string(),
      with: z.array(z.enum(['libfdt', 'dtc', 'fdtdump'])).min(1),
      ours: z.enum(['refuses', 'accepts']),
      ids: z.array(z.enum(Object.keys(FDT_DEFECTS))).optional(),
      facts: z.array(z.enum(Object.keys(FACTS))).optional(),
      theirs: z.array(z.string()).optional(),
      why: z.string().min(20),
    })
    .refine(
      ({ ids, facts }) => ids !== undefined || facts !== undefined,
      'a class without a condition explains all',
    ),
);

/** Reads the list; throws on unknown keys, ids and facts, so that a stale entry is seen. */
export function readDisagreements(path = DISAGREEMENTS) {
  return listSchema.parse(parse(readFileSync(path, 'utf8')));
}

/** What our checker says of a blob: errors refuse it. */
export function ourVerdict(blob) {
  const { defects, header, nodes } = checkFdt(blob);
  return {
    blob,
    accepts: !defects.some(({ severity }) => severity === 'error'),
    errors: defects.filter(({ severity }) => severity === 'error'),
    others: defects.filter(({ severity }) => severity !== 'error'),
    version: header?.version,
    nodes,
  };
}

/**
 * Classes that explain why `program` said `code` of a blob and we the contrary; undefined when nothing does. Where we refuse,
 * each of our errors must be in a class; where we accept, one class must fit.
 */
export function explain(list, program, verdict, code) {
  const fitting = list.filter(
    (entry) =>
      entry.with.includes(program) &&
      entry.ours === (verdict.accepts ? 'accepts' : 'refuses') &&
      (entry.theirs?.includes(code) ?? true) &&
      (entry.facts?.every((fact) => FACTS[fact](verdict)) ?? true),
  );
  if (verdict.accepts) {
    const ids = new Set(verdict.others.map(({ id }) => id));
    const found = fitting.find((entry) => entry.ids?.some((id) => ids.has(id)) ?? true);
    return found && [found.class];
  }
  const classes = new Set();
  for (const id of new Set(verdict.errors.map((error) => error.id))) {
    const found = fitting.find((entry) => entry.ids?.includes(id) ?? true);
    if (found === undefined) return undefined;
    classes.add(found.class);
  }
  return [...classes];
}
