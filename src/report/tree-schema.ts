import { z } from 'zod';

const text = z.string();
const place = z
  .strictObject({ file: text.describe('relative to the root of the tree'), line: z.int().min(1) })
  .nullable();
const target = z.string().regex(/^(le|be)-(4|16|64)k$/);
const changeClass = z.enum(['wire', 'names', 'source', 'docs']);
const bump = z.strictObject({ component: text, from: text, to: text }).nullable();
const marker = z.strictObject({
  component: text,
  scheme: z.enum(['fdt-compatible', 'struct-string', 'struct-u32', 'composite']),
  value: text,
  macro: text,
});
const change = z.strictObject({
  class: changeClass.describe('wire: other bytes; names; source and docs: same bytes'),
  component: text,
  targets: z.array(target).describe('that it holds for; empty: it does not depend on them'),
  item: text,
  message: text,
  affects: z.array(text),
  cause: text.nullable(),
});

/** What `kho-abi tree --format json` writes. */
export const treeSchema = z.strictObject({
  tool: z.strictObject({ name: text, version: text }),
  tree: z.strictObject({ path: text, revision: text.nullable(), release: text.nullable() }),
  against: z
    .strictObject({
      kind: z.enum(['baseline', 'revision', 'tree', 'abi']),
      name: text,
      detail: text.nullable(),
    })
    .nullable(),
  verdict: z.enum([
    'changed-without-bump',
    'changed-with-bump',
    'bumped-without-change',
    'source-only',
    'docs-only',
    'unchanged',
    'not-compared',
  ]),
  compilers: z.array(z.strictObject({ arch: text, command: text, version: text })),
  targets: z.array(target).describe('that were compiled'),
  compared: z
    .strictObject({ targets: z.array(target), onlyBefore: z.array(target), onlyAfter: z.array(target) })
    .nullable(),
  headers: z.array(
    z.strictObject({ path: text, bytes: z.int(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
  components: z.array(
    z.strictObject({
      id: text,
      title: text,
      presence: z.enum(['both', 'added', 'removed']).nullable().describe('null: not compared'),
      before: z.array(marker),
      after: z.array(marker),
      own: bump.describe('its own version changed'),
      guarded: bump.describe('a version above it changed'),
      targets: z.array(
        z.strictObject({
          target,
          verdict: z.enum([
            'unchanged',
            'changed-with-bump',
            'changed-without-bump',
            'bumped-without-change',
          ]),
          worst: changeClass.nullable(),
        }),
      ),
    }),
  ),
  changes: z.array(change),
  findings: z.array(
    z.strictObject({
      rule: z.string().regex(/^KHO6[0-9]+$/),
      name: text,
      severity: z.enum(['error', 'warning', 'note']),
      component: text.nullable(),
      item: text.nullable(),
      targets: z.array(target),
      pages: text.describe('the targets in words; may be empty'),
      place,
      message: text,
      affects: z.array(text),
      raise: z
        .array(
          z.strictObject({
            component: text,
            macro: text,
            value: text,
            next: text.nullable(),
            place,
          }),
        )
        .describe('versions of which one must be raised'),
      from: text.nullable(),
      to: text.nullable(),
      found: text.nullable(),
      expected: text.nullable(),
      hint: text.nullable(),
    }),
  ),
  registry: z.array(
    z.strictObject({
      component: text,
      parts: z.array(text),
      versions: z.array(text),
      exact: z.array(text),
      nearest: text.nullable(),
      sameVersion: z.boolean(),
      departures: z.array(change),
      readiness: text,
    }),
  ),
  notes: z.array(z.strictObject({ place, text })),
  cannotSee: z.array(text).describe('what no comparison of headers shows'),
});

/** What `tree --format json` writes, as a type. */
export type TreeJson = z.infer<typeof treeSchema>;
