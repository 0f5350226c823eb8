import { type ByteOrder, guessKind, hex, KhoError, Reader } from '../bytes/index.js';
import { BTF_HEADER, BTF_HEADER_WITH_LAYOUT, BTF_MAGIC } from './btf-format.js';

/** The parts of a BTF blob, as views on it. */
export interface BtfParts {
  readonly source: string;
  readonly byteOrder: ByteOrder;
  readonly types: Uint8Array;
  /** Offset of the types in the blob, for messages. */
  readonly typesAt: number;
  readonly strings: Uint8Array;
  /** Sizes by kind for kinds that are newer than this reader: bytes once, bytes for each member. Empty when the writer gave none. */
  readonly layouts: readonly { readonly extra: number; readonly each: number }[];
}

/** Byte order by the magic number; undefined when the bytes are no BTF. */
export function btfByteOrder(bytes: Uint8Array): ByteOrder | undefined {
  if (bytes.length < 2) return undefined;
  if (bytes[0] === (BTF_MAGIC & 0xff) && bytes[1] === BTF_MAGIC >> 8) return 'little';
  if (bytes[1] === (BTF_MAGIC & 0xff) && bytes[0] === BTF_MAGIC >> 8) return 'big';
  return undefined;
}

/**
 * Finds the parts of a BTF blob.
 *
 * @throws KhoError `E_WRONG_KIND` without the magic number; `E_BTF` for a damaged header, and for split BTF, which cannot be
 * read without its base
 */
export function readBtfHeader(bytes: Uint8Array, source: string): BtfParts {
  const byteOrder = btfByteOrder(bytes);
  if (byteOrder === undefined) {
    const kind = guessKind(bytes.subarray(0, 512));
    throw new KhoError('E_WRONG_KIND', 'not BTF', {
      source,
      ...(kind === undefined ? {} : { found: kind }),
      expected: 'a vmlinux with BTF, /sys/kernel/btf/vmlinux, or a file of raw BTF',
    });
  }
  const reader = new Reader(bytes, byteOrder, { source, code: 'E_BTF' }, 2);
  const version = reader.u8('version');
  if (version !== 1) {
    throw new KhoError('E_BTF', 'unknown version', { source, offset: 2, found: `${version}`, expected: '1' });
  }
  reader.u8('flags');
  const length = reader.u32('hdr_len');
  if (length < BTF_HEADER || length > bytes.length) {
    throw new KhoError('E_BTF', 'the header has no possible length', {
      source,
      path: 'hdr_len',
      offset: 4,
      found: `${length}`,
      expected: `${BTF_HEADER} to ${bytes.length}`,
    });
  }
  const part = (name: string): { at: number; bytes: Uint8Array } => {
    const [at, size] = [reader.u32(`${name}_off`), reader.u32(`${name}_len`)];
    if (length + at + size > bytes.length) {
      throw new KhoError('E_BTF', 'a section lies outside the file', {
        source,
        path: `${name}_len`,
        offset: reader.offset - 8,
        found: `${size} bytes at offset ${hex(length + at)}`,
        expected: `at most ${bytes.length} bytes in all`,
        hint: 'the file is cut off, or its header is damaged',
      });
    }
    return { at: length + at, bytes: bytes.subarray(length + at, length + at + size) };
  };
  const types = part('type');
  const strings = part('str').bytes;
  const layout = length >= BTF_HEADER_WITH_LAYOUT ? part('layout').bytes : new Uint8Array(0);
  checkStrings(strings, source);
  return { source, byteOrder, types: types.bytes, typesAt: types.at, strings, layouts: readLayouts(layout) };
}

/** Every table of strings begins with the empty one and ends with a NUL. The table of split BTF continues another. */
function checkStrings(strings: Uint8Array, source: string): void {
  if (strings[0] !== 0) throw splitBtf(source);
  if (strings.at(-1) !== 0)
    throw new KhoError('E_BTF', 'the last string has no end', { source, path: 'str_len' });
}

/** The refusal of BTF that continues another file's types and strings. */
export function splitBtf(source: string): KhoError {
  return new KhoError('E_BTF', 'split BTF: its types and strings continue those of another file', {
    source,
    expected: 'BTF that stands alone',
    hint: 'BTF of a module holds only what vmlinux lacks; the structures of KHO are in vmlinux itself: /sys/kernel/btf/vmlinux',
  });
}

function readLayouts(bytes: Uint8Array): BtfParts['layouts'] {
  return Array.from({ length: bytes.length >> 2 }, (_, kind) => ({
    extra: bytes[kind * 4]!,
    each: bytes[kind * 4 + 1]!,
  }));
}
