/**
 * Builds device tree blobs word by word from the specification, for any version, with whatever oddity a test asks for.
 * It shares no code with src/: two independent encodings of one tree must agree.
 */

/** Structure block pieces. */
export type Piece =
  | { begin: string }
  | { prop: string; value: string | number[]; nameOffset?: number; length?: number }
  | { end: true }
  | { nop: true }
  | { word: number };

export interface BlobParts {
  version?: number;
  lastComp?: number;
  bootCpuid?: number;
  reserve?: [bigint, bigint][];
  /** Leave out the all-zero entry. */
  unterminatedReserve?: boolean;
  pieces: Piece[];
  /** Leave out FDT_END. */
  noEnd?: boolean;
  /** Zero bytes between the blocks. */
  gap?: number;
  /** Bytes after the strings, counted in totalsize. */
  tail?: number;
  strings?: string;
}

const HEADER_SIZES: Record<number, number> = { 1: 28, 2: 32, 3: 36, 16: 36, 17: 40 };

export function blob(parts: BlobParts): Buffer {
  const version = parts.version ?? 17;
  const old = version < 16;
  const strings: string[] = parts.strings === undefined ? [] : parts.strings.split('\0').slice(0, -1);
  const offsetOf = (name: string): number => {
    if (!strings.includes(name)) strings.push(name);
    return strings.slice(0, strings.indexOf(name)).reduce((sum, text) => sum + text.length + 1, 0);
  };
  const struct: number[] = [];
  const word = (value: number): void => {
    struct.push((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
  };
  const pad = (to: number): void => {
    while (struct.length % to !== 0) struct.push(0);
  };
  const path: string[] = [];
  for (const piece of parts.pieces) {
    if ('begin' in piece) {
      path.push(piece.begin);
      const name = old ? (path.length === 1 ? '/' : path.join('/')) : piece.begin;
      word(1);
      struct.push(...Buffer.from(name, 'latin1'), 0);
      pad(4);
    } else if ('prop' in piece) {
      const value = typeof piece.value === 'string' ? [...Buffer.from(piece.value, 'latin1')] : piece.value;
      word(3);
      word(piece.length ?? value.length);
      word(piece.nameOffset ?? offsetOf(piece.prop));
      if (old && value.length >= 8) pad(8);
      struct.push(...value);
      pad(4);
    } else if ('end' in piece) {
      path.pop();
      word(2);
    } else if ('nop' in piece) word(4);
    else word(piece.word);
  }
  if (!parts.noEnd) word(9);

  const gap = parts.gap ?? 0;
  const reserve = Buffer.alloc(((parts.reserve?.length ?? 0) + (parts.unterminatedReserve ? 0 : 1)) * 16);
  for (const [index, [address, size]] of (parts.reserve ?? []).entries()) {
    reserve.writeBigUInt64BE(address, index * 16);
    reserve.writeBigUInt64BE(size, index * 16 + 8);
  }
  const header = HEADER_SIZES[version] ?? 40;
  const offReserve = Math.ceil(header / 8) * 8 + gap * 8;
  const offStruct = offReserve + reserve.length + gap * 4;
  const stringBytes = Buffer.from(strings.map((text) => `${text}\0`).join(''), 'latin1');
  const offStrings = offStruct + struct.length + gap;
  const total = offStrings + stringBytes.length + (parts.tail ?? 0);
  const out = Buffer.alloc(total);
  reserve.copy(out, offReserve);
  Buffer.from(struct).copy(out, offStruct);
  stringBytes.copy(out, offStrings);
  const words = [
    0xd00dfeed,
    total,
    offStruct,
    offStrings,
    offReserve,
    version,
    parts.lastComp ?? (version >= 16 ? 16 : 1),
    parts.bootCpuid ?? 0,
    stringBytes.length,
    struct.length,
  ];
  for (const [index, value] of words.slice(0, header / 4).entries())
    out.writeUInt32BE(value >>> 0, index * 4);
  return out;
}

/** A small sound tree that most tests start from. */
export const SMALL: Piece[] = [
  { begin: '' },
  { prop: 'compatible', value: 'test,board\0test\0' },
  { prop: '#size-cells', value: [0, 0, 0, 2] },
  { begin: 'cpus' },
  { begin: 'cpu@0' },
  { prop: 'reg', value: [0, 0, 0, 0] },
  { prop: 'empty', value: '' },
  { end: true },
  { end: true },
  { begin: 'chosen' },
  { prop: 'bootargs', value: 'quiet\0' },
  { end: true },
  { end: true },
];
