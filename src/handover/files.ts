import { walkText } from '../map/index.js';
import { writeHexdump } from '../memory/index.js';
import { type EncodedHandover, encodedVmallocText, logText } from './encode.js';

/** The files that describe a handover, as golden folders have them. */
export function handoverFiles(handover: EncodedHandover): Map<string, Uint8Array> {
  const { abi, byteOrder, pageShift } = handover.target;
  const files = new Map<string, Uint8Array>([
    ...(handover.fdt.length === 0 ? [] : [['handover.dtb', handover.fdt] as const]),
    ['memory.hexdump', Buffer.from(writeHexdump(handover.memory, { abi: abi.id, byteOrder, pageShift }))],
    ['walk.txt', Buffer.from(walkText(handover.map))],
    ['log.txt', Buffer.from(logText(handover))],
  ]);
  if (handover.vmalloc.length > 0) files.set('vmalloc.txt', Buffer.from(encodedVmallocText(handover)));
  return files;
}
