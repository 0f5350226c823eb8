import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkFdt, dtcRewrite, dtcView, readFdt, writeDtc } from '../../src/index.js';
import { blob, type Piece } from '../support/blob.js';

/** Names that dtc treats in some way of its own, and names that share tails. */
const name = fc.oneof(
  { weight: 3, arbitrary: fc.stringMatching(/^[a-z][a-z0-9,-]{0,6}(@[0-9a-f]{1,3})?$/) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'name',
      'phandle',
      'linux,phandle',
      'x@1',
      'size',
      'blob-size',
      'e',
      'a b',
      '\xff',
    ),
  },
);
const value = fc.oneof(
  fc.constantFrom('', 'a\0', 'x\0', '\0', 'abc'),
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 12 }),
  fc.constantFrom<number[]>([0, 0, 0, 1], [0, 0, 0, 2]),
);

const { node } = fc.letrec<{ node: Piece[]; inner: Piece[] }>((tie) => ({
  node: fc
    .tuple(name, fc.array(tie('inner'), { maxLength: 6 }))
    .map(([begin, inner]): Piece[] => [{ begin }, ...inner.flat(), { end: true }]),
  inner: fc.oneof(
    { depthSize: 'small' },
    fc.tuple(name, value).map(([prop, bytes]): Piece[] => [{ prop: prop.replace('@', '#'), value: bytes }]),
    fc.constant<Piece[]>([{ nop: true }]),
    tie('node'),
  ),
}));
const reserve = fc.array(
  fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 3n })),
  { maxLength: 4 },
);

test('random trees: what dtc takes we take and write alike, what it refuses we refuse', async () => {
  const taken = { yes: 0, no: 0 };
  const tree = fc.record({
    nodes: fc.array(node, { maxLength: 4 }),
    version: fc.constantFrom(2, 3, 16, 17),
    reserve,
    gap: fc.constantFrom(0, 4, 8),
    tail: fc.nat(9),
    bootCpuid: fc.nat(9),
  });
  await fc.assert(
    fc.asyncProperty(tree, async ({ nodes, ...parts }) => {
      const bytes = blob({ pieces: [{ begin: '' }, ...nodes.flat(), { end: true }], ...parts });
      expect(checkFdt(bytes).defects.filter(({ severity }) => severity === 'error')).toEqual([]);
      const view = dtcView(readFdt(bytes));
      const theirs = await dtcRewrite(bytes);
      taken[theirs.refused ? 'no' : 'yes']++;
      expect(view.objections.length > 0, theirs.refused ? theirs.stderr : 'taken by dtc').toBe(
        theirs.refused,
      );
      const wanted = theirs.refused ? await dtcRewrite(bytes, { force: true }) : theirs;
      if (wanted.refused) throw new Error(wanted.stderr);
      expect(Buffer.from(writeDtc(view.tree)).toString('hex')).toBe(
        Buffer.from(wanted.bytes).toString('hex'),
      );
    }),
    { numRuns: Number(process.env.RUNS ?? 150) },
  );
  // Both ways were really taken.
  expect(taken.yes).toBeGreaterThan(10);
  expect(taken.no).toBeGreaterThan(10);
}, 300_000);
