/** Builds BTF by hand, word by word and in either byte order; shares no code with src/. */
export type Order = 'little' | 'big';

export interface BlobOptions {
  order?: Order;
  /** Length of the header; bytes after the known ones are zero. */
  headerLength?: number;
  /** Layout section of 7.3: bytes once and for each member, by kind. */
  layout?: [number, number][];
  version?: number;
}

/** A type: its name, kind, flag, number of members, size or type, and the words that follow. Text stands for a name. */
export interface Row {
  name?: string;
  kind: number;
  flag?: boolean;
  vlen?: number;
  value?: number;
  more?: (number | string)[];
}

export function blob(rows: readonly Row[], options: BlobOptions = {}): Buffer {
  const { order = 'little', layout, version = 1 } = options;
  const headerLength = options.headerLength ?? (layout === undefined ? 24 : 32);
  let strings = '\0';
  const nameAt = (name: string): number => {
    if (name === '') return 0;
    const found = strings.indexOf(`\0${name}\0`);
    if (found >= 0) return found + 1;
    strings += `${name}\0`;
    return strings.length - name.length - 1;
  };
  const words = rows.flatMap(({ name = '', kind, flag = false, vlen = 0, value = 0, more = [] }) => [
    nameAt(name),
    ((flag ? 0x80000000 : 0) + kind * 2 ** 24 + vlen) >>> 0,
    value >>> 0,
    ...more.map((word) => (typeof word === 'string' ? nameAt(word) : word >>> 0)),
  ]);
  const types = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => {
    put32(types, index * 4, word, order);
  });
  const text = Buffer.from(strings, 'latin1');
  const layoutBytes = Buffer.from((layout ?? []).flatMap(([extra, each]) => [extra, each, 0, 0]));
  const header = Buffer.alloc(headerLength);
  if (order === 'little') header.writeUInt16LE(0xeb9f, 0);
  else header.writeUInt16BE(0xeb9f, 0);
  header[2] = version;
  const parts = [
    headerLength,
    0,
    types.length,
    types.length,
    text.length,
    ...(layout === undefined ? [] : [types.length + text.length, layoutBytes.length]),
  ];
  parts.forEach((word, index) => {
    put32(header, 4 + index * 4, word, order);
  });
  return Buffer.concat([header, types, text, layoutBytes]);
}

function put32(bytes: Buffer, at: number, value: number, order: Order): void {
  if (order === 'little') bytes.writeUInt32LE(value, at);
  else bytes.writeUInt32BE(value, at);
}

/** Kinds by name, as Documentation/bpf/btf.rst numbers them. */
export const KIND = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FWD: 7,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
};

/** An `unsigned long` of 8 bytes as type 1 of most blobs here. */
export const LONG: Row = { name: 'unsigned long', kind: KIND.INT, value: 8, more: [64] };

/** Every kind once, and a structure of KHO with a bit-field, a union without a tag, and arrays. */
export const EVERY_KIND: Row[] = [
  LONG, // 1
  { kind: KIND.PTR, value: 5 }, // 2
  { kind: KIND.ARRAY, more: [1, 1, 6] }, // 3: unsigned long [6]
  { kind: KIND.UNION, vlen: 2, value: 8, more: ['phys', 1, 0, 'ptr', 2, 0] }, // 4
  {
    name: 'kho_vmalloc',
    kind: KIND.STRUCT,
    flag: true,
    vlen: 4,
    value: 64,
    more: ['first', 4, 0, 'low', 1, (52 << 24) | 64, 'high', 1, (12 << 24) | 116, 'rest', 3, 128],
  }, // 5
  {
    name: 'kho_radix_consts',
    kind: KIND.ENUM,
    flag: true,
    vlen: 2,
    value: 4,
    more: ['KHO_A', 7, 'KHO_B', -2],
  }, // 6
  { name: 'outside', kind: KIND.FWD, flag: true }, // 7
  { name: 'word', kind: KIND.TYPEDEF, value: 1 }, // 8
  { kind: KIND.VOLATILE, value: 8 }, // 9
  { kind: KIND.CONST, value: 9 }, // 10
  { kind: KIND.RESTRICT, value: 2 }, // 11
  { kind: KIND.FUNC_PROTO, vlen: 2, value: 1, more: ['a', 8, '', 0] }, // 12
  { name: 'work', kind: KIND.FUNC, vlen: 1, value: 12 }, // 13
  { name: 'count', kind: KIND.VAR, value: 10, more: [1] }, // 14
  { name: '.data', kind: KIND.DATASEC, vlen: 1, value: 16, more: [14, 8, 8] }, // 15
  { name: 'double', kind: KIND.FLOAT, value: 8 }, // 16
  { name: 'tagged', kind: KIND.DECL_TAG, value: 5, more: [-1] }, // 17
  { name: 'user', kind: KIND.TYPE_TAG, value: 8 }, // 18
  {
    name: 'wide',
    kind: KIND.ENUM64,
    flag: true,
    vlen: 2,
    value: 8,
    more: ['HUGE', 0x89abcdef, 0x01234567, 'MINUS', -1, -1],
  }, // 19
];
