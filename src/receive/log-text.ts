/**
 * Fills a kernel log text: the format directives of C that the texts of abi/ use. `%s` and `%.*s` take text, `%d %u %llu %lld %zu`
 * a number in decimal, `%llx` in hex, `%pe` an errno name, `%pa` and `%0x…` an address. Arguments are taken in order; one that is
 * missing leaves the directive as it is.
 */
export function logText(format: string, ...values: readonly (string | number | bigint)[]): string {
  let next = 0;
  return format.replace(/%(?:\.\*s|llu|lld|llx|zu|pe|pa|s|d|u|x)/g, (directive) => {
    const value = values[next];
    if (value === undefined) return directive;
    next++;
    if (directive === '%llx' || directive === '%x') return BigInt(value).toString(16);
    if (directive === '%pa') return `0x${BigInt(value).toString(16)}`;
    if (directive === '%pe' && typeof value === 'number') return ERRNO[-value] ?? `${value}`;
    return `${value}`;
  });
}

/** Names that `%pe` prints. */
const ERRNO: Record<number, string> = {
  2: '-ENOENT',
  5: '-EIO',
  12: '-ENOMEM',
  14: '-EFAULT',
  17: '-EEXIST',
  22: '-EINVAL',
  28: '-ENOSPC',
  95: '-EOPNOTSUPP',
};
