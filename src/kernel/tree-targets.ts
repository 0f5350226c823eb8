/** Targets (`le-16k`) in the words of a maintainer. */

/** `16K` of `le-16k`. */
export function targetPageSize(target: string): string {
  return target.slice(3).toUpperCase();
}

/**
 * For which of the compared targets something holds: `with 16K pages only`, `with every page size`, `in big endian only`.
 * Empty when it does not depend on the target, or nothing was compared.
 *
 * @param targets those that it holds for; empty: it does not depend on them
 * @param all those that were compared
 */
export function targetsText(targets: readonly string[], all: readonly string[]): string {
  const here = all.filter((target) => targets.includes(target));
  if (targets.length === 0 || here.length === 0) return '';
  const sizes = [...new Set(all.map(targetPageSize))].sort(bySize);
  const orders = [...new Set(all.map(order))];
  const ofSizes = sizes.filter((size) =>
    all.every((target) => targetPageSize(target) !== size || here.includes(target)),
  );
  const reached = [...new Set(here.map(targetPageSize))];
  if (here.length === all.length)
    return sizes.length === 1 ? `with ${sizes[0]} pages` : 'with every page size';
  if (ofSizes.length === reached.length) return `with ${list(ofSizes)} pages only`;
  const wholeOrder = orders.find((name) =>
    all.every((target) => (order(target) === name) === here.includes(target)),
  );
  if (wholeOrder !== undefined) return `in ${wholeOrder === 'be' ? 'big' : 'little'} endian only`;
  return `for ${list(here)} only`;
}

/** `4K, 16K and 64K`. */
function list(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

function order(target: string): string {
  return target.slice(0, 2);
}

function bySize(a: string, b: string): number {
  return Number.parseInt(a, 10) - Number.parseInt(b, 10);
}
