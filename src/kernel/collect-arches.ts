import type { ArchDisagreement, CLayouts, CStruct, TreeTarget } from './model.js';

interface ArchLayouts {
  readonly compiler: { readonly arch: string };
  readonly layouts: CLayouts;
}

/** Where the compilers of one target do not agree; each is compared with the first. */
export function compareArches(target: TreeTarget, all: readonly ArchLayouts[]): ArchDisagreement[] {
  const { pageShift, byteOrder } = target;
  const [first, ...others] = all;
  if (first === undefined) return [];
  return others.flatMap((other) => {
    const arches = [first.compiler.arch, other.compiler.arch] as const;
    const found: ArchDisagreement[] = [];
    const add = (item: string, a: string, b: string): void => {
      if (a !== b) found.push({ pageShift, byteOrder, arches, item, first: a, second: b });
    };
    for (const name of union(first.layouts.structs, other.layouts.structs)) {
      const [a, b] = [first.layouts.structs.get(name), other.layouts.structs.get(name)];
      add(`${(a ?? b)!.kind} ${name}`, ...differing(a, b));
    }
    for (const name of union(first.layouts.constants, other.layouts.constants)) {
      const [a, b] = [first.layouts.constants.get(name), other.layouts.constants.get(name)];
      add(name, `${a ?? 'absent'}`, `${b ?? 'absent'}`);
    }
    return found;
  });
}

function union<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): Set<string> {
  return new Set([...a.keys(), ...b.keys()]);
}

/** The first part in which two structures differ, in words. */
function differing(a: CStruct | undefined, b: CStruct | undefined): [string, string] {
  if (a === undefined || b === undefined) return [a ? 'present' : 'absent', b ? 'present' : 'absent'];
  const whole = ({ size, align }: CStruct): string => `${size} bytes, aligned to ${align}`;
  if (whole(a) !== whole(b)) return [whole(a), whole(b)];
  const [left, right] = [a, b].map(({ fields }) => fields.map((field) => JSON.stringify(field)));
  const at = left!.findIndex((text, index) => text !== right![index]);
  return at < 0 ? [whole(a), whole(b)] : [left![at]!, right![at] ?? 'absent'];
}
