import { type ByteOrder, Reader } from '../bytes/index.js';
import type { DumpHints } from './physical.js';

/**
 * Looks for a VMCOREINFO note and takes what it says of page size and kernel release.
 * Damaged notes are passed over: they are only hints. Gives undefined when there is no such note.
 */
export function parseVmcoreinfo(notes: Uint8Array, order: ByteOrder): DumpHints | undefined {
  const reader = new Reader(notes, order, { code: 'E_ELF' });
  while (reader.offset + 12 <= notes.length) {
    const nameSize = reader.u32('n_namesz');
    const textSize = reader.u32('n_descsz');
    reader.u32('n_type');
    const textAt = reader.offset + align4(nameSize);
    if (textAt + textSize > notes.length) return undefined;
    const name = Buffer.from(notes.subarray(reader.offset, reader.offset + nameSize)).toString('latin1');
    const text = Buffer.from(notes.subarray(textAt, textAt + textSize)).toString('latin1');
    if (name.startsWith('VMCOREINFO')) return fromText(text);
    reader.offset = textAt + align4(textSize);
  }
  return undefined;
}

function fromText(text: string): DumpHints {
  const size = Number(/^PAGESIZE=(\d+)$/m.exec(text)?.[1]);
  const release = /^OSRELEASE=([^\n]{1,64})$/m.exec(text)?.[1];
  const shift = Math.log2(size);
  return {
    ...(Number.isInteger(shift) && shift >= 12 && shift <= 16 ? { pageShift: shift } : {}),
    ...(release === undefined ? {} : { release }),
  };
}

function align4(value: number): number {
  return Math.ceil(value / 4) * 4;
}
