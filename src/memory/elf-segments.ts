import { hex, KhoError } from '../bytes/index.js';
import type { ByteSource } from './byte-source.js';
import { PT_LOAD } from './elf-format.js';
import type { FileRange } from './holes.js';
import type { PhysicalRange } from './physical.js';

/** p_paddr of segments that have no physical address (/proc/kcore marks vmalloc space so). */
const NO_ADDRESS = 0xffff_ffff_ffff_ffffn;

/** What is used of a program header. */
export interface ProgramHeader {
  readonly type: number;
  readonly offset: bigint;
  readonly address: bigint;
  readonly fileSize: bigint;
}

/** A run of physical memory and where in the file its bytes are. */
export interface Segment extends PhysicalRange {
  readonly offset: number;
}

/**
 * The segments with bytes and an address, by address, without overlap.
 *
 * @throws KhoError `E_ELF` when one lies outside the file, two share bytes of it, or there is none
 */
export function loadSegments(file: ByteSource, programs: readonly ProgramHeader[]): Segment[] {
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
  const apart = withoutOverlap(segments);
  refuseShared(apart, file.name);
  return apart;
}

/** No dump holds a byte of the file at two addresses; one that did could make a small file as large as it likes. */
function refuseShared(segments: readonly Segment[], source: string): void {
  let end = 0;
  for (const segment of [...segments].sort((a, b) => a.offset - b.offset)) {
    if (segment.offset < end) {
      throw new KhoError('E_ELF', 'two segments share bytes of the file', {
        source,
        path: 'p_offset',
        address: segment.start,
        found: `file offset ${hex(segment.offset)}`,
        expected: `at least ${hex(end)}`,
      });
    }
    end = segment.offset + Number(segment.end - segment.start);
  }
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

/** Physical addresses of parts of the file. Segments do not share bytes, so both lists are gone through once. */
export function* inSegments(
  segments: readonly Segment[],
  data: readonly FileRange[],
): Generator<PhysicalRange> {
  const byOffset = [...segments].sort((a, b) => a.offset - b.offset);
  let first = 0;
  for (const { start, end, offset } of byOffset) {
    const length = Number(end - start);
    while (first < data.length && data[first]!.end <= offset) first++;
    for (let index = first; index < data.length && data[index]!.start < offset + length; index++) {
      const from = Math.max(data[index]!.start, offset) - offset;
      const to = Math.min(data[index]!.end, offset + length) - offset;
      yield { start: start + BigInt(from), end: start + BigInt(to) };
    }
  }
}

/** Segment that holds an address; segments are sorted and do not overlap. */
export function segmentAt(segments: readonly Segment[], address: bigint): Segment | undefined {
  let low = 0;
  let high = segments.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const segment = segments[middle]!;
    if (address < segment.start) high = middle - 1;
    else if (address >= segment.end) low = middle + 1;
    else return segment;
  }
  return undefined;
}
