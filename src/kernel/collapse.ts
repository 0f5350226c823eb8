/** Changes that only follow from another one are told with it and not for themselves. */
import type { AbiChange } from './comparison.js';
import { type TreeRuleName, treeRule } from './tree-rules.js';

/** A change, the rule that it comes under, and what has other bytes because of it. */
export interface RatedChange {
  readonly change: AbiChange;
  readonly rule: TreeRuleName;
}

const RANK = { error: 2, warning: 1, note: 0 } as const;

/**
 * Leaves out every change that follows from one in the list that is at least as bad, and names its item among what that one
 * affects. A change that follows from a harmless one, such as one that another version covers, stays.
 */
export function collapse(rated: readonly RatedChange[]): (RatedChange & { affects: string[] })[] {
  const causes = new Map<RatedChange, RatedChange>();
  for (const one of rated) {
    const root = rootOf(one, rated);
    if (root !== undefined && RANK[treeRule(root.rule).severity] >= RANK[treeRule(one.rule).severity])
      causes.set(one, root);
  }
  return rated
    .filter((one) => !causes.has(one))
    .map((one) => {
      const followers = [...causes].filter(([, root]) => root.change.item === one.change.item);
      const items = followers.map(([{ change }]) => change.item).filter((item) => item !== one.change.item);
      return { ...one, affects: [...new Set([...one.change.affects, ...items])] };
    });
}

/** The change at the end of the chain of causes that holds for the same targets; undefined for one that follows from nothing. */
function rootOf(one: RatedChange, rated: readonly RatedChange[]): RatedChange | undefined {
  const seen = new Set([one.change.item]);
  let root: RatedChange | undefined;
  for (let cause = one.change.cause; cause !== undefined && !seen.has(cause); ) {
    seen.add(cause);
    const of = rated.filter(
      ({ change }) =>
        change.item === cause &&
        change.class === one.change.class &&
        one.change.targets.every((target) => change.targets.includes(target)),
    );
    // One that has no cause itself is where it began.
    const next = of.find(({ change }) => change.cause === undefined) ?? of[0];
    if (next === undefined) break;
    root = next;
    cause = next.change.cause;
  }
  return root;
}
