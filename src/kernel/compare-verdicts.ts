/** Which versions changed, and what that makes of the changes. */
import {
  type AbiChange,
  type AbiVerdict,
  type Bump,
  CHANGE_CLASSES,
  type ChangeClass,
  type ComponentComparison,
} from './comparison.js';
import type { Fingerprint, MarkerPrint } from './fingerprint-schema.js';

/** Own bumps, by component. A version more beside those that stayed says nothing of what stood there before. */
export function bumpsOf(before: Fingerprint, after: Fingerprint, ids: readonly string[]): Map<string, Bump> {
  const out = new Map<string, Bump>();
  for (const component of ids) {
    const from = values(before.components[component]?.markers);
    const to = values(after.components[component]?.markers);
    const bumped = from.length === 0 ? to.length > 0 : from.some((value) => !to.includes(value));
    if (bumped)
      out.set(component, { component, from: from.join(' + ') || 'none', to: to.join(' + ') || 'none' });
  }
  return out;
}

/** Versions of a component. One that has become a part of a composite string is another one on the wire. */
function values(markers: readonly MarkerPrint[] = []): string[] {
  return [
    ...new Set(markers.map(({ value, scheme }) => (scheme === 'composite' ? `${value};` : value))),
  ].sort();
}

/** The verdict on each component and target. */
export function verdicts(
  before: Fingerprint,
  after: Fingerprint,
  ids: readonly string[],
  targets: readonly string[],
  changes: readonly AbiChange[],
  bumps: ReadonlyMap<string, Bump>,
): ComponentComparison[] {
  const guardOf = (id: string): readonly string[] =>
    (after.components[id] ?? before.components[id])?.guard ?? [];
  const onWire = (id: string): boolean =>
    changes.some((change) => change.component === id && breaks(change.class));
  return ids.map((id) => {
    const [from, to] = [before.components[id], after.components[id]];
    const own = bumps.get(id);
    const guarded =
      own === undefined
        ? guardOf(id)
            .map((guard) => bumps.get(guard))
            .find((bump) => bump !== undefined)
        : undefined;
    // A version that guards others may have changed for their sake.
    const forOthers = ids.some((other) => guardOf(other).includes(id) && onWire(other));
    return {
      id,
      title: (to ?? from)?.title ?? id,
      presence: from === undefined ? 'added' : to === undefined ? 'removed' : 'both',
      before: from?.markers ?? [],
      after: to?.markers ?? [],
      ...(own === undefined ? {} : { own }),
      ...(guarded === undefined ? {} : { guarded }),
      targets: targets.map((target) => {
        const here = changes.filter(
          (change) =>
            change.component === id && (change.targets.length === 0 || change.targets.includes(target)),
        );
        const worst = CHANGE_CLASSES.find((kind) => here.some((change) => change.class === kind)) ?? null;
        const idle = own !== undefined && !forOthers && !onWire(id);
        return { target, verdict: verdictOf(worst, own !== undefined || guarded !== undefined, idle), worst };
      }),
    };
  });
}

function verdictOf(worst: ChangeClass | null, bumped: boolean, idle: boolean): AbiVerdict {
  if (breaks(worst)) return bumped ? 'changed-with-bump' : 'changed-without-bump';
  return idle ? 'bumped-without-change' : 'unchanged';
}

/** Whether a change needs a bump. */
export function breaks(kind: ChangeClass | null): boolean {
  return kind === 'wire' || kind === 'names';
}
