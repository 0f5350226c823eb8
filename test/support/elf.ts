/** Builds ELF core files by hand, by byte order, class and segments; shares no code with src/. */
export interface ElfParts {
  order: 'little' | 'big';
  wide: boolean;
  segments: { address: bigint; bytes: number[]; memorySize?: bigint }[];
}

export function elf({ order, wide, segments }: ElfParts): Buffer {
  const little = order === 'little';
  const headerSize = wide ? 64 : 52;
  const entrySize = wide ? 56 : 32;
  const extended = segments.length >= 0xffff;
  const sectionAt = headerSize + entrySize * segments.length;
  const dataAt = sectionAt + (extended ? (wide ? 64 : 40) : 0);
  const data = Buffer.concat(segments.map(({ bytes }) => Buffer.from(bytes)));
  const out = Buffer.alloc(dataAt + data.length);
  const u16 = (value: number, at: number): number =>
    little ? out.writeUInt16LE(value, at) : out.writeUInt16BE(value, at);
  const u32 = (value: number, at: number): number =>
    little ? out.writeUInt32LE(value, at) : out.writeUInt32BE(value, at);
  const word = (value: bigint, at: number): void => {
    if (wide) {
      if (little) out.writeBigUInt64LE(value, at);
      else out.writeBigUInt64BE(value, at);
    } else u32(Number(value), at);
  };
  out.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1]);
  u16(4, 16);
  u16(wide ? 183 : 40, 18);
  u32(1, 20);
  word(BigInt(headerSize), wide ? 32 : 28);
  word(extended ? BigInt(sectionAt) : 0n, wide ? 40 : 32);
  u16(headerSize, wide ? 52 : 40);
  u16(entrySize, wide ? 54 : 42);
  u16(extended ? 0xffff : segments.length, wide ? 56 : 44);
  if (extended) u32(segments.length, sectionAt + (wide ? 44 : 28));
  let offset = dataAt;
  for (const [index, { address, bytes, memorySize }] of segments.entries()) {
    const at = headerSize + entrySize * index;
    u32(1, at);
    // ELF64: flags, offset, vaddr, paddr, filesz, memsz; ELF32: offset, vaddr, paddr, filesz, memsz, flags.
    const fields = [BigInt(offset), 0n, address, BigInt(bytes.length), memorySize ?? BigInt(bytes.length)];
    for (const [place, value] of fields.entries()) word(value, at + (wide ? 8 + 8 * place : 4 + 4 * place));
    offset += bytes.length;
  }
  data.copy(out, dataAt);
  return out;
}
