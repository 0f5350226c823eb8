import { type ByteOrder, guessKind, hex, KhoError, Reader } from '../bytes/index.js';
import {
  BufferSource,
  type ByteSource,
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
} from '../memory/index.js';
import { type ElfSymbol, readSymbols } from './elf-symbols.js';

/** sh_type of a section that takes no bytes in the file. */
const SHT_NOBITS = 8;
const SHF_COMPRESSED = 0x800n;
/** e_shstrndx value that says: the true index is in sh_link of section header 0. */
const SHN_XINDEX = 0xffff;

/** A kernel has some dozens of sections, an object file with a section a function some thousands. */
const MAX_SECTIONS = 1 << 17;
/** Largest section that is read: the BTF or the symbols of a kernel take some megabytes. */
const MAX_SECTION_BYTES = 1 << 28;
const MAX_NAME = 1024;

/** One section header, and the way to its bytes. */
export interface ElfSection {
  readonly index: number;
  /** Bytes above ASCII as latin1; empty when the file has no section names. */
  readonly name: string;
  /** sh_type and sh_flags as they are in the file. */
  readonly type: number;
  readonly flags: bigint;
  readonly address: bigint;
  readonly offset: bigint;
  /** Bytes; of an SHT_NOBITS section, bytes in memory. */
  readonly size: bigint;
  /** Index of the section that belongs to this one: for symbols, their names. */
  readonly link: number;
  readonly entrySize: bigint;
  /** Contents, read when asked for. @throws KhoError `E_ELF` when they lie outside the file or are compressed */
  bytes(): Uint8Array;
}

/** An ELF file seen by its sections: an object file, or a kernel of any size. */
export interface ElfObject {
  readonly source: string;
  readonly byteOrder: ByteOrder;
  /** Whether this is ELF64. */
  readonly wide: boolean;
  /** e_machine: 62 is x86_64, 183 aarch64, 22 s390x. */
  readonly machine: number;
  readonly sections: readonly ElfSection[];
  /** First section with a name. */
  section(name: string): ElfSection | undefined;
  /** All symbols of the symbol table, read when first asked for; none when there is no table. */
  readonly symbols: readonly ElfSymbol[];
}

/** Whether bytes begin as an ELF file does. */
export function isElf(head: Uint8Array): boolean {
  return head.length >= 4 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/**
 * Reads the section headers of an ELF file, ELF64 or ELF32, either byte order. Of a large file only the headers and the
 * sections that are asked for are read; the caller keeps a source open that long.
 *
 * @throws KhoError `E_ELF` with offset for a damaged header, `E_LIMIT` for more sections than any real file has.
 */
export function openElfObject(input: Uint8Array | ByteSource, name = 'ELF file'): ElfObject {
  const file = input instanceof Uint8Array ? new BufferSource(name, input) : input;
  const head = readHead(file);
  const { byteOrder, wide, machine } = head;
  const sections = readSections(file, head);
  let symbols: readonly ElfSymbol[] | undefined;
  const object: ElfObject = {
    source: file.name,
    byteOrder,
    wide,
    machine,
    sections,
    section: (wanted) => sections.find((section) => section.name === wanted),
    get symbols() {
      symbols ??= readSymbols(object);
      return symbols;
    },
  };
  return object;
}

interface Head {
  readonly byteOrder: ByteOrder;
  readonly wide: boolean;
  readonly machine: number;
  readonly tableAt: bigint;
  readonly entrySize: number;
  readonly count: number;
  readonly namesIndex: number;
}

function readHead(file: ByteSource): Head {
  const start = file.readAt(0, Math.min(64, file.size));
  if (!isElf(start)) {
    const kind = guessKind(start);
    throw new KhoError('E_WRONG_KIND', 'not an ELF file', {
      source: file.name,
      ...(kind === undefined ? {} : { found: kind }),
    });
  }
  const [elfClass, data] = [start[4], start[5]];
  if (
    (elfClass !== ELFCLASS32 && elfClass !== ELFCLASS64) ||
    (data !== ELFDATA2LSB && data !== ELFDATA2MSB)
  ) {
    throw new KhoError('E_ELF', 'damaged ELF identification', {
      source: file.name,
      offset: 4,
      expected: 'class 1 or 2, data 1 or 2',
    });
  }
  const byteOrder: ByteOrder = data === ELFDATA2LSB ? 'little' : 'big';
  const wide = elfClass === ELFCLASS64;
  const reader = new Reader(start, byteOrder, { source: file.name, code: 'E_ELF' }, 18);
  const machine = reader.u16('e_machine');
  reader.offset = wide ? 40 : 32;
  const tableAt = wide ? reader.u64('e_shoff') : BigInt(reader.u32('e_shoff'));
  reader.offset = wide ? 58 : 46;
  const entrySize = reader.u16('e_shentsize');
  const count = reader.u16('e_shnum');
  const namesIndex = reader.u16('e_shstrndx');
  if (tableAt !== 0n && entrySize !== (wide ? 64 : 40)) {
    throw new KhoError('E_ELF', 'section headers of an unknown size', {
      source: file.name,
      path: 'e_shentsize',
      found: `${entrySize} bytes`,
      expected: `${wide ? 64 : 40} bytes`,
    });
  }
  return { byteOrder, wide, machine, tableAt, entrySize, count, namesIndex };
}

type Entry = Omit<ElfSection, 'name' | 'index' | 'bytes'> & { readonly nameAt: number };

function readSections(file: ByteSource, head: Head): ElfSection[] {
  if (head.tableAt === 0n) return [];
  let { count, namesIndex } = head;
  if (count === 0 || namesIndex === SHN_XINDEX) {
    // Too many for 16 bits: section header 0 holds the true numbers.
    const first = readEntry(
      readPart(file, head.tableAt, BigInt(head.entrySize), 'section header 0'),
      0,
      file,
      head,
    );
    if (count === 0) count = Number(first.size);
    if (namesIndex === SHN_XINDEX) namesIndex = first.link;
  }
  if (count > MAX_SECTIONS) {
    throw new KhoError('E_LIMIT', 'too many sections', {
      source: file.name,
      path: 'e_shnum',
      found: `${count}`,
      expected: `at most ${MAX_SECTIONS}`,
    });
  }
  const table = readPart(file, head.tableAt, BigInt(count * head.entrySize), 'section headers');
  const entries = Array.from({ length: count }, (_, index) => readEntry(table, index, file, head));
  const names = entries[namesIndex];
  const nameBytes =
    namesIndex === 0 || names === undefined ? undefined : contents(file, names, 'section names');
  return entries.map(({ nameAt, ...entry }, index) => {
    const name = nameBytes === undefined ? '' : textAt(nameBytes, nameAt, file.name, `section ${index}`);
    return { ...entry, index, name, bytes: () => contents(file, entry, name || `section ${index}`) };
  });
}

function readEntry(table: Uint8Array, index: number, file: ByteSource, head: Head): Entry {
  const context = { source: file.name, code: 'E_ELF' as const };
  const reader = new Reader(table, head.byteOrder, context, index * head.entrySize);
  const word = (name: string): bigint => (head.wide ? reader.u64(name) : BigInt(reader.u32(name)));
  const nameAt = reader.u32('sh_name');
  const type = reader.u32('sh_type');
  const flags = word('sh_flags');
  const address = word('sh_addr');
  const offset = word('sh_offset');
  const size = word('sh_size');
  const link = reader.u32('sh_link');
  reader.u32('sh_info');
  word('sh_addralign');
  return { nameAt, type, flags, address, offset, size, link, entrySize: word('sh_entsize') };
}

function contents(file: ByteSource, section: Omit<Entry, 'nameAt'>, path: string): Uint8Array {
  if (section.type === SHT_NOBITS) return new Uint8Array(0);
  if ((section.flags & SHF_COMPRESSED) !== 0n) {
    throw new KhoError('E_ELF', 'the section is compressed', {
      source: file.name,
      path,
      hint: 'unpack it first: objcopy --decompress-debug-sections IN OUT',
    });
  }
  return readPart(file, section.offset, section.size, path);
}

/**
 * NUL-terminated text of a string table as latin1.
 *
 * @throws KhoError `E_ELF` for an offset outside the table and for text without an end or longer than any real name.
 */
export function textAt(table: Uint8Array, offset: number, source: string, path: string): string {
  const end = offset < table.length ? table.indexOf(0, offset) : -1;
  if (end < 0 || end - offset > MAX_NAME) {
    throw new KhoError('E_ELF', 'a name lies outside its string table or has no end', {
      source,
      path,
      found: `offset ${hex(offset)} in ${table.length} bytes`,
      expected: `at most ${MAX_NAME} bytes and a NUL`,
    });
  }
  return Buffer.from(table.buffer, table.byteOffset + offset, end - offset).toString('latin1');
}

function readPart(file: ByteSource, offset: bigint, length: bigint, path: string): Uint8Array {
  if (offset + length > BigInt(file.size)) {
    throw new KhoError('E_ELF', 'the file is cut off', {
      source: file.name,
      path,
      offset: Number(offset < BigInt(file.size) ? offset : BigInt(file.size)),
      found: `file of ${file.size} bytes`,
      expected: `${length} bytes at offset ${hex(offset)}`,
    });
  }
  if (length > MAX_SECTION_BYTES) {
    throw new KhoError('E_LIMIT', 'section too large', {
      source: file.name,
      path,
      found: `${length} bytes`,
      expected: `at most ${MAX_SECTION_BYTES}`,
    });
  }
  return file.readAt(Number(offset), Number(length));
}
