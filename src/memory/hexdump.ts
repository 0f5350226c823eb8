import { type ByteOrder, fromHex, hex64, hexdumpLine, KhoError } from '../bytes/index.js';
import { joinRanges, type PhysicalMemory, type PhysicalRange, readPresent } from './physical.js';
import { SparseMemory } from './sparse.js';

const FIRST_LINE = '# kho-abi memory 1';
const LINE =
  /^([0-9a-f]{16}) {2}((?:[0-9a-f]{2} ){7}[0-9a-f]{2}) {2}((?:[0-9a-f]{2} ){7}[0-9a-f]{2}) {2}\|.{16}\|$/;

/** What the header of a hexdump names. */
export interface HexdumpHeader {
  readonly abi?: string;
  readonly byteOrder: ByteOrder;
  readonly pageShift: number;
}

/** Writes memory as the canonical hexdump that golden files use; format: golden/README.md. */
export function writeHexdump(memory: PhysicalMemory, header: HexdumpHeader): string {
  const pageSize = 2 ** header.pageShift;
  const lines = [FIRST_LINE];
  if (header.abi !== undefined) lines.push(`# abi: ${header.abi}`);
  lines.push(`# byte-order: ${header.byteOrder}`, `# page-size: ${pageSize}`);
  const ranges = memory.ranges();
  for (const { start, end } of ranges) lines.push(`# pages: 0x${hex64(start)}-0x${hex64(end - 1n)}`);
  for (const { start, end } of ranges) {
    for (let at = start; at < end; at += BigInt(pageSize))
      pageLines(readPresent(memory, at, pageSize, 'page'), at, lines);
  }
  return `${lines.join('\n')}\n`;
}

function pageLines(page: Uint8Array, address: bigint, lines: string[]): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  for (let at = 0; at < page.length; at += 16) {
    if (
      (view.getUint32(at) | view.getUint32(at + 4) | view.getUint32(at + 8) | view.getUint32(at + 12)) !==
      0
    ) {
      lines.push(hexdumpLine(address + BigInt(at), page.subarray(at, at + 16)));
    }
  }
}

/** Whether a text begins like one of our hexdumps. */
export function isHexdump(bytes: Uint8Array): boolean {
  return (
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, FIRST_LINE.length)).toString(
      'latin1',
    ) === FIRST_LINE
  );
}

/**
 * Reads a canonical hexdump.
 *
 * @throws KhoError `E_HEXDUMP` with file and line for anything that the writer would not have written:
 *   unknown header lines, lines out of order or outside the pages, a text column that does not fit is not looked at.
 */
export function readHexdump(text: string, source: string): SparseMemory {
  const lines = text.split('\n');
  const fail = (line: number, summary: string, expected?: string): KhoError =>
    new KhoError('E_HEXDUMP', summary, { source, line, ...(expected === undefined ? {} : { expected }) });
  if (lines[0] !== FIRST_LINE) throw fail(1, 'not a kho-abi memory hexdump', FIRST_LINE);
  if (lines.pop() !== '') throw fail(lines.length + 1, 'the last line has no line end');

  const ranges: PhysicalRange[] = [];
  let abi: string | undefined;
  let byteOrder: ByteOrder | undefined;
  let pageShift: number | undefined;
  let at = 1;
  for (; at < lines.length && lines[at]!.startsWith('# '); at++) {
    const [, key, value] = /^# ([a-z-]+): (.*)$/.exec(lines[at]!) ?? [];
    if (key === 'abi') abi = value!;
    else if (key === 'byte-order' && (value === 'little' || value === 'big')) byteOrder = value;
    else if (key === 'page-size' && ['4096', '16384', '65536'].includes(value!))
      pageShift = Math.log2(Number(value));
    else if (key === 'pages' && pageShift !== undefined)
      ranges.push(pageRange(value!, pageShift, () => fail(at + 1, 'damaged page range')));
    else throw fail(at + 1, 'unknown header line', 'abi, byte-order, page-size, then pages');
  }
  if (byteOrder === undefined || pageShift === undefined)
    throw fail(at + 1, 'byte-order or page-size is missing');

  const memory = new SparseMemory({
    source,
    pageShift,
    ranges: joinRanges(ranges),
    hints: { byteOrder, pageShift, ...(abi === undefined ? {} : { abi }) },
  });
  let last = -1n;
  for (; at < lines.length; at++) {
    const match = LINE.exec(lines[at]!);
    if (match === null) throw fail(at + 1, 'damaged line', 'address, 16 bytes, text');
    const address = BigInt(`0x${match[1]}`);
    if (address <= last || address % 16n !== 0n) throw fail(at + 1, 'address out of order or misaligned');
    if (!memory.fill(address, fromHex(match[2]! + match[3]!)))
      throw fail(at + 1, 'address outside the pages of the header');
    last = address;
  }
  return memory;
}

function pageRange(text: string, pageShift: number, error: () => KhoError): PhysicalRange {
  const match = /^0x([0-9a-f]{16})-0x([0-9a-f]{16})$/.exec(text);
  if (match === null) throw error();
  const range = { start: BigInt(`0x${match[1]}`), end: BigInt(`0x${match[2]}`) + 1n };
  const mask = (1n << BigInt(pageShift)) - 1n;
  if (range.start >= range.end || (range.start & mask) !== 0n || (range.end & mask) !== 0n) throw error();
  return range;
}
