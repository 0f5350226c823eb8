import { type ByteOrder, Writer } from '../bytes/index.js';
import {
  ELF_MACHINES,
  ELF64_HEADER,
  ELF64_PROGRAM_HEADER,
  ELF64_SECTION_HEADER,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  type ElfMachine,
  ET_CORE,
  PN_XNUM,
  PT_LOAD,
  PT_NOTE,
} from './elf-format.js';
import { type PhysicalMemory, readPresent } from './physical.js';

/** What an ELF core says of its machine. */
export interface ElfCoreOptions {
  readonly byteOrder: ByteOrder;
  readonly pageShift: number;
  readonly machine: ElfMachine;
  /** Kernel release for the VMCOREINFO note; left out when absent. */
  readonly release?: string;
}

/**
 * Writes memory as an ELF64 core file: one PT_LOAD for each run of adjacent pages, p_paddr the physical address, p_vaddr 0,
 * and a VMCOREINFO note with PAGESIZE, as crash tools expect it. The same memory always gives the same bytes.
 */
export function writeElfCore(memory: PhysicalMemory, options: ElfCoreOptions): Uint8Array {
  const ranges = memory.ranges();
  const note = vmcoreinfo(options);
  const headers = ranges.length + 1;
  const extended = headers >= PN_XNUM;
  const noteAt = ELF64_HEADER + headers * ELF64_PROGRAM_HEADER + (extended ? ELF64_SECTION_HEADER : 0);
  const pageSize = 2 ** options.pageShift;
  const dataAt = Math.ceil((noteAt + note.length) / pageSize) * pageSize;

  const out = new Writer(options.byteOrder, dataAt);
  header(out, options, headers, extended);
  programHeader(out, {
    type: PT_NOTE,
    flags: 0,
    offset: noteAt,
    address: 0n,
    size: BigInt(note.length),
    align: 4,
  });
  let offset = dataAt;
  for (const { start, end } of ranges) {
    const size = end - start;
    programHeader(out, { type: PT_LOAD, flags: 7, offset, address: start, size, align: pageSize });
    offset += Number(size);
  }
  if (extended) {
    // Section header 0 carries the true number of program headers in sh_info.
    out.zeros(44).u32(headers).zeros(16);
  }
  out.bytes(note).zeros(dataAt - out.length);
  for (const { start, end } of ranges) {
    for (let at = start; at < end; at += BigInt(pageSize))
      out.bytes(readPresent(memory, at, pageSize, 'page'));
  }
  return out.finish();
}

function header(out: Writer, options: ElfCoreOptions, headers: number, extended: boolean): void {
  const data = options.byteOrder === 'little' ? ELFDATA2LSB : ELFDATA2MSB;
  out.bytes(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, ELFCLASS64, data, 1)).zeros(9);
  out.u16(ET_CORE).u16(ELF_MACHINES[options.machine]).u32(1);
  const sectionAt = extended ? ELF64_HEADER + headers * ELF64_PROGRAM_HEADER : 0;
  out.u64(0n).u64(BigInt(ELF64_HEADER)).u64(BigInt(sectionAt)).u32(0);
  out
    .u16(ELF64_HEADER)
    .u16(ELF64_PROGRAM_HEADER)
    .u16(extended ? PN_XNUM : headers);
  out
    .u16(extended ? ELF64_SECTION_HEADER : 0)
    .u16(extended ? 1 : 0)
    .u16(0);
}

interface Segment {
  type: number;
  flags: number;
  offset: number;
  address: bigint;
  size: bigint;
  align: number;
}

function programHeader(out: Writer, segment: Segment): void {
  out.u32(segment.type).u32(segment.flags).u64(BigInt(segment.offset)).u64(0n).u64(segment.address);
  out.u64(segment.size).u64(segment.size).u64(BigInt(segment.align));
}

/** One note named VMCOREINFO whose descriptor is lines of text. */
function vmcoreinfo(options: ElfCoreOptions): Uint8Array {
  const release = options.release === undefined ? '' : `OSRELEASE=${options.release}\n`;
  const text = Buffer.from(`${release}PAGESIZE=${2 ** options.pageShift}\n`, 'latin1');
  const name = Buffer.from('VMCOREINFO\0', 'latin1');
  const out = new Writer(options.byteOrder);
  out.u32(name.length).u32(text.length).u32(0).bytes(name).align(4).bytes(text).align(4);
  return out.finish();
}
