import { type ByteOrder, hex, KhoError, Reader } from '../bytes/index.js';
import type { ByteSource } from './byte-source.js';
import { ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, PN_XNUM, PT_LOAD, PT_NOTE } from './elf-format.js';
import { type DumpHints, joinRanges, type PhysicalMemory, type PhysicalRange } from './physical.js';
import { parseVmcoreinfo } from './vmcoreinfo.js';

/** Program headers that are read at most; a core of a big machine has some thousands. */
const MAX_PROGRAM_HEADERS = 1 << 20;

/** p_paddr of segments that have no physical address (/proc/kcore marks vmalloc space so). */
const NO_ADDRESS = 0xffff_ffff_ffff_ffffn;

interface ProgramHeader {
  readonly type: number;
  readonly offset: bigint;
  readonly address: bigint;
  readonly fileSize: bigint;
}

/** A run of physical memory and where in the file its bytes are. */
interface Segment extends PhysicalRange {
  readonly offset: number;
}

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
    this.hints = { byteOrder: headers.byteOrder, ...readNotes(file, headers) };
  }

  read(address: bigint, length: number): Uint8Array | undefined {
    let segment = this.#find(address);
    if (segment === undefined) return undefined;
    if (address + BigInt(length) <= segment.end) {
      return this.#file.readAt(segment.offset + Number(address - segment.start), length);
    }
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      segment = this.#find(at);
      if (segment === undefined) return undefined;
      const left = segment.end - at;
      const count = left < BigInt(length - done) ? Number(left) : length - done;
      bytes.set(this.#file.readAt(segment.offset + Number(at - segment.start), count), done);
      done += count;
    }
    return bytes;
  }

  ranges(): PhysicalRange[] {
    return this.#ranges;
  }

  /** Segment that holds an address; segments are sorted and do not overlap. */
  #find(address: bigint): Segment | undefined {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const segment = this.#segments[middle]!;
      if (address < segment.start) high = middle - 1;
      else if (address >= segment.end) low = middle + 1;
      else return segment;
    }
    return undefined;
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

function loadSegments(file: ByteSource, programs: readonly ProgramHeader[]): Segment[] {
  const segments: Segment[] = [];
  for (const [index, { type, offset, address, fileSize }] of programs.entries()) {
    if (type !== PT_LOAD || fileSize === 0n || address === NO_ADDRESS) continue;
    if (offset + fileSize > BigInt(file.size) || address + fileSize > NO_ADDRESS) {
      throw new KhoError('E_ELF', 'a segment lies outside the file', {
        source: file.name,
        path: `program header ${index}`,
        found: `${hex(fileSize)} bytes at file offset ${hex(offset)}, physical address ${hex(address)}`,
        expected: `an end within ${hex(file.size)}`,
        hint: 'the file is cut off',
      });
    }
    segments.push({ start: address, end: address + fileSize, offset: Number(offset) });
  }
  if (segments.length === 0) {
    throw new KhoError('E_ELF', 'no PT_LOAD segment with bytes', { source: file.name });
  }
  return withoutOverlap(segments);
}

/** Sorts by address; where segments overlap the first in the file's table keeps the bytes. */
function withoutOverlap(segments: Segment[]): Segment[] {
  const order = segments.map((segment, index) => ({ segment, index }));
  order.sort((a, b) =>
    a.segment.start < b.segment.start ? -1 : a.segment.start > b.segment.start ? 1 : a.index - b.index,
  );
  const out: Segment[] = [];
  for (const { segment } of order) {
    const last = out[out.length - 1];
    if (last === undefined || segment.start >= last.end) out.push(segment);
    else if (segment.end > last.end) {
      const skip = last.end - segment.start;
      out.push({ start: last.end, end: segment.end, offset: segment.offset + Number(skip) });
    }
  }
  return out;
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
