/** Most names of a path that are printed; a hostile blob nests a hundred thousand nodes. */
const SHOWN_NAMES = 32;

/** Most characters of a name that are printed in a path; the specification has names of 31. */
const SHOWN_CHARACTERS = 128;

/** A name as it stands in a path: cut when it is very long. */
export function shownName(name: string): string {
  return name.length <= SHOWN_CHARACTERS
    ? name
    : `${name.slice(0, SHOWN_CHARACTERS)}(${name.length} characters)`;
}

/** Path of `names` from index `from` on, with the middle left out when it is very long. */
export function shownPath(names: readonly string[], from: number, last?: string): string {
  const count = names.length - from;
  const shown =
    count <= SHOWN_NAMES
      ? names.slice(from)
      : [
          ...names.slice(from, from + SHOWN_NAMES / 2),
          `(${count - SHOWN_NAMES} more)`,
          ...names.slice(-SHOWN_NAMES / 2),
        ];
  if (last !== undefined) shown.push(last);
  return `/${shown.map(shownName).join('/')}`;
}
