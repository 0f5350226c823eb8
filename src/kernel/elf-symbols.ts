import { KhoError, Reader } from '../bytes/index.js';
import { type ElfObject, textAt } from './elf-sections.js';

const SHT_SYMTAB = 2;

/** One entry of the symbol table. */
export interface ElfSymbol {
  /** Bytes above ASCII as latin1; may be empty. */
  readonly name: string;
  /** In an object file: offset in the section. In a kernel: address. */
  readonly value: bigint;
  /** Bytes. */
  readonly size: bigint;
  /** Index of the section it lies in; 0 is undefined, 0xfff1 a plain number, 0xffff an index above 16 bits. */
  readonly section: number;
}

/**
 * The symbols of the first symbol table. @throws KhoError `E_ELF` for a table of an odd size or a name outside its table.
 */
export function readSymbols(object: ElfObject): ElfSymbol[] {
  const table = object.sections.find(({ type }) => type === SHT_SYMTAB);
  if (table === undefined) return [];
  const { source, wide } = object;
  const names = object.sections[table.link]?.bytes();
  const entry = wide ? 24 : 16;
  const bytes = table.bytes();
  if (names === undefined || bytes.length % entry !== 0) {
    throw new KhoError('E_ELF', 'damaged symbol table', {
      source,
      path: table.name,
      found: `${bytes.length} bytes, names in section ${table.link}`,
      expected: `a multiple of ${entry} bytes and a string table`,
    });
  }
  const reader = new Reader(bytes, object.byteOrder, { source, code: 'E_ELF' });
  return Array.from({ length: bytes.length / entry }, (_, index) => {
    const name = textAt(names, reader.u32('st_name'), source, `symbol ${index}`);
    // ELF32 has the numbers before the kind and the section, ELF64 after them.
    const narrow = wide ? undefined : { value: reader.u32('st_value'), size: reader.u32('st_size') };
    reader.u16('st_info');
    const section = reader.u16('st_shndx');
    if (narrow !== undefined)
      return { name, section, value: BigInt(narrow.value), size: BigInt(narrow.size) };
    return { name, section, value: reader.u64('st_value'), size: reader.u64('st_size') };
  });
}
