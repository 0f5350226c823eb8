/** Numbers of the flattened device tree format: devicetree specification v0.4, chapter 5. All fields are big endian. */

/** First word of every blob. */
export const FDT_MAGIC = 0xd00dfeed;

/** Version that every current producer writes, and the oldest reader version it is compatible with. */
export const FDT_VERSION = 17;
export const FDT_LAST_COMP_VERSION = 16;

/** Versions that are read. Version 1 has no boot CPU field and is refused, as libfdt refuses it. */
export const FDT_FIRST_SUPPORTED = 2;
export const FDT_LAST_SUPPORTED = 17;

/** First version with bare node names, NOP tags and properties aligned to four bytes only. */
export const FDT_BARE_NAMES_VERSION = 16;

/** Structure block tags. */
export const FDT_BEGIN_NODE = 1;
export const FDT_END_NODE = 2;
export const FDT_PROP = 3;
export const FDT_NOP = 4;
export const FDT_END = 9;

/** Header size in bytes by version: each version added a field at the end. */
export function headerSize(version: number): number {
  if (version >= 17) return 40;
  if (version >= 3) return 36;
  return version === 2 ? 32 : 28;
}

/** Size of one memory reservation entry: u64 address, u64 size. */
export const RESERVE_ENTRY_SIZE = 16;

/** Rounds up to the four bytes at which tags stand. */
export function align4(value: number): number {
  return (value + 3) & ~3;
}
