import { type ByteOrder, hex, KhoError, Reader } from '../bytes/index.js';
import type { ByteSource } from './byte-source.js';
import {
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  elfMachine,
  PN_XNUM,
  PT_NOTE,
} from './elf-format.js';
import { inSegments, loadSegments, type ProgramHeader, type Segment, segmentAt } from './elf-segments.js';
import { type DumpHints, joinRanges, type PhysicalMemory, type PhysicalRange } from './physical.js';
import { parseVmcoreinfo } from './vmcoreinfo.js';

/** Program headers that are read at most; a core of a big machine has some thousands. */
const MAX_PROGRAM_HEADERS = 1 << 20;

/**
 * Physical memory from an ELF core file: QEMU dump-guest-memory, kdump vmcore, /proc/kcore, or our own.
 * ELF64 and ELF32, both byte orders. Bytes past p_filesz are not in the dump, whatever p_memsz says.
 * Only headers and notes are read at once; memory is read by position.
 */
export class ElfMemory implements PhysicalMemory {
  readonly source: string;
  readonly hints: DumpHints;
  readonly machine: number;
  readonly #file: ByteSource;
  readonly #segments: Segment[];
  readonly #ranges: PhysicalRange[];

  /** @throws KhoError `E_ELF` with offset when a header is damaged or a segment lies outside the file. */
  constructor(file: ByteSource) {
    this.source = file.name;
    this.#file = file;
    const headers = readHeaders(file);
    this.machine = headers.machine;
    this.#segments = loadSegments(file, headers.programs);
    this.#ranges = joinRanges(this.#segments);
    const machine = elfMachine(headers.machine);
    this.hints = {
      byteOrder: headers.byteOrder,
      ...(machine === undefined ? {} : { machine }),
      ...readNotes(file, headers),
    };
  }

  read(address: bigint, length: number): Uint8Array | undefined {
    const segment = segmentAt(this.#segments, address);
    if (segment === undefined) return undefined;
    if (address + BigInt(length) <= segment.end) {
      return this.#file.readAt(segment.offset + Number(address - segment.start), length);
    }
    const bytes = new Uint8Array(length);
    return this.readInto(address, bytes) ? bytes : undefined;
  }

  readInto(address: bigint, target: Uint8Array): boolean {
    for (let done = 0; done < target.length; ) {
      const at = address + BigInt(done);
      const segment = segmentAt(this.#segments, at);
      if (segment === undefined) return false;
      const left = segment.end - at;
      const count = left < BigInt(target.length - done) ? Number(left) : target.length - done;
      this.#file.readInto(segment.offset + Number(at - segment.start), target.subarray(done, done + count));
      done += count;
    }
    return true;
  }

  dataRanges(): PhysicalRange[] | undefined {
    const data = this.#file.dataRanges?.();
    return data && joinRanges(inSegments(this.#segments, data));
  }

  ranges(): PhysicalRange[] {
    return this.#ranges;
  }
}

interface Headers {
  readonly byteOrder: ByteOrder;
  readonly machine: number;
  readonly programs: ProgramHeader[];
}

function readHeaders(file: ByteSource): Headers {
  const start = readPart(file, 0, Math.min(64, file.size), 'ELF header');
  const elfClass = start[4];
  const data = start[5];
  if (
    start.length < 52 ||
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
  const reader = new Reader(start, byteOrder, { source: file.name, code: 'E_ELF' }, 16);
  reader.u16('e_type');
  const machine = reader.u16('e_machine');
  reader.offset = wide ? 32 : 28;
  const programsAt = wide ? reader.u64('e_phoff') : BigInt(reader.u32('e_phoff'));
  const sectionsAt = wide ? reader.u64('e_shoff') : BigInt(reader.u32('e_shoff'));
  reader.offset = wide ? 54 : 42;
  const entrySize = reader.u16('e_phentsize');
  let count = reader.u16('e_phnum');
  if (count === PN_XNUM) {
    // sh_info of section header 0: offset 44 (ELF64) or 28 (ELF32) in it.
    const info = readPart(file, Number(sectionsAt) + (wide ? 44 : 28), 4, 'sh_info');
    count = new Reader(info, byteOrder, { source: file.name, code: 'E_ELF' }).u32('sh_info');
  }
  const expected = wide ? 56 : 32;
  if (count === 0 || entrySize !== expected || count > MAX_PROGRAM_HEADERS) {
    throw new KhoError('E_ELF', 'no usable program headers', {
      source: file.name,
      path: 'e_phnum',
      found: `${count} of ${entrySize} bytes`,
      expected: `1 to ${MAX_PROGRAM_HEADERS} of ${expected} bytes`,
      hint: 'a core file holds memory in program headers; this may be a program or an object file',
    });
  }
  const table = readPart(file, Number(programsAt), count * entrySize, 'program headers');
  const programs = Array.from({ length: count }, (_, index) => {
    return programHeader(
      new Reader(table, byteOrder, { source: file.name, code: 'E_ELF' }, index * entrySize),
      wide,
    );
  });
  return { byteOrder, machine, programs };
}

function programHeader(reader: Reader, wide: boolean): ProgramHeader {
  const type = reader.u32('p_type');
  const word = (name: string): bigint => (wide ? reader.u64(name) : BigInt(reader.u32(name)));
  if (wide) reader.u32('p_flags');
  const offset = word('p_offset');
  word('p_vaddr');
  const address = word('p_paddr');
  return { type, offset, address, fileSize: word('p_filesz') };
}

/** Notes are small; longer ones are passed over. */
const MAX_NOTES = 1 << 20;

function readNotes(file: ByteSource, headers: Headers): DumpHints {
  for (const { type, offset, fileSize } of headers.programs) {
    if (type !== PT_NOTE || fileSize > MAX_NOTES || offset + fileSize > BigInt(file.size)) continue;
    const hints = parseVmcoreinfo(file.readAt(Number(offset), Number(fileSize)), headers.byteOrder);
    if (hints !== undefined) return hints;
  }
  return {};
}

function readPart(file: ByteSource, offset: number, length: number, path: string): Uint8Array {
  if (!(offset >= 0) || offset + length > file.size) {
    throw new KhoError('E_ELF', 'the file is cut off', {
      source: file.name,
      path,
      offset: Math.min(offset, file.size),
      found: `file of ${file.size} bytes`,
      expected: `${length} bytes at offset ${hex(offset)}`,
    });
  }
  return file.readAt(offset, length);
}
