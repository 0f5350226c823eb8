import { type ByteOrder, hex, KhoError } from '../bytes/index.js';
import { type ElfObject, openElfObject } from './elf-sections.js';

/** Numbers that a compiler put into an object file. */
export interface ProbeValues {
  /** By index in the list of values. */
  at(index: number): bigint;
  /** Place and width of the only bit-field that is set in an object. */
  bits(symbol: string): { readonly bitOffset: number; readonly bitSize: number };
}

/** What the object file must be. */
export interface ObjectExpectation {
  readonly command: string;
  readonly arch: string;
  readonly machine: number;
  readonly byteOrder: ByteOrder;
  readonly count: number;
}

/**
 * Reads the numbers of a probe from its object file. Nothing of it is executed.
 *
 * @throws KhoError `E_USAGE` when the compiler makes code for another machine or byte order, `E_ELF` for a damaged file.
 */
export function readProbe(bytes: Uint8Array, expected: ObjectExpectation): ProbeValues {
  const object = openElfObject(bytes, 'probe object');
  if (object.machine !== expected.machine || object.byteOrder !== expected.byteOrder) {
    throw new KhoError('E_USAGE', `${expected.command} makes code for another machine`, {
      found: `machine ${object.machine}, ${object.byteOrder} endian`,
      expected: `machine ${expected.machine} (${expected.arch}), ${expected.byteOrder} endian`,
      hint: `name a compiler for it: --cc ${expected.arch}=COMMAND`,
    });
  }
  const symbols = new Map(object.symbols.map((symbol) => [symbol.name, symbol]));
  const bytesOf = (name: string): Uint8Array => {
    const symbol = symbols.get(name);
    const section = symbol && object.sections[symbol.section];
    if (symbol === undefined || section === undefined) {
      throw new KhoError('E_ELF', 'the probe object lacks a symbol', { source: object.source, path: name });
    }
    const at = Number(symbol.value);
    return section.bytes().subarray(at, at + Number(symbol.size));
  };
  const list = bytesOf('kho_abi_values');
  if (list.length !== (expected.count + 1) * 8) {
    throw new KhoError('E_ELF', 'the probe object has a list of another length', {
      source: object.source,
      found: `${list.length} bytes`,
      expected: `${(expected.count + 1) * 8}`,
    });
  }
  const view = new DataView(list.buffer, list.byteOffset, list.length);
  const little = object.byteOrder === 'little';
  return {
    at: (index) => view.getBigUint64(index * 8, little),
    bits: (name) => setBits(bytesOf(name), little, name),
  };
}

/** Bits are counted from the least significant one of a byte in little endian, from the most significant one in big endian. */
function setBits(bytes: Uint8Array, little: boolean, name: string): { bitOffset: number; bitSize: number } {
  let [first, last, count] = [-1, -1, 0];
  for (const [index, byte] of bytes.entries()) {
    for (let bit = 0; byte !== 0 && bit < 8; bit++) {
      if (((byte >> (little ? bit : 7 - bit)) & 1) === 0) continue;
      last = index * 8 + bit;
      if (first < 0) first = last;
      count++;
    }
  }
  if (count === 0 || last - first + 1 !== count) {
    throw new KhoError('E_ELF', 'a bit-field is not one run of bits', {
      source: 'probe object',
      path: name,
      found: `${count} bits from ${first} to ${last}`,
    });
  }
  return { bitOffset: first, bitSize: count };
}

/** Values that the linker would have to fill in: addresses, which are no constants. Indexes in the list. */
export function relocatedValues(bytes: Uint8Array): number[] {
  const object: ElfObject = openElfObject(bytes, 'probe object');
  const section = object.section('.rela.kho_abi') ?? object.section('.rel.kho_abi');
  if (section === undefined) return [];
  const data = section.bytes();
  const entry = Number(section.entrySize);
  if (entry < 8 || data.length % entry !== 0) {
    throw new KhoError('E_ELF', 'relocations of an unknown size', {
      source: object.source,
      found: hex(entry),
    });
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const little = object.byteOrder === 'little';
  return Array.from({ length: data.length / entry }, (_, index) => {
    const at = object.wide
      ? view.getBigUint64(index * entry, little)
      : BigInt(view.getUint32(index * entry, little));
    return Number(at / 8n);
  });
}
