/**
 * Reads what a guest wrote to its console: kernel messages, and between them the lines of init (guest/README.md).
 */
import { crc32 } from 'node:zlib';

/** A console record: time in seconds where the kernel prints it, and its text. */
const RECORD = /^\[\s*(\d+\.\d+)\](?:\[[^\]]*\])? ?(.*)$/;

/** @returns {{time: number | undefined, text: string}[]} lines without their times; carriage returns are dropped */
export function consoleLines(serial) {
  return serial
    .replaceAll('\r', '')
    .split('\n')
    .map((line) => {
      const match = RECORD.exec(line);
      return match === null ? { time: undefined, text: line } : { time: Number(match[1]), text: match[2] };
    });
}

/** Splits at each kernel's first line; what firmware says before it is left out. arm64 names its processor before its version. */
export function splitBoots(lines) {
  const first = /^(?:Linux version |Booting Linux on physical CPU )/;
  const starts = lines.flatMap(({ text }, index) => {
    const second = text.startsWith('Linux version ') && lines[index - 1]?.text.startsWith('Booting Linux');
    return first.test(text) && !second ? [index] : [];
  });
  return starts.map((start, index) => lines.slice(start, starts[index + 1]));
}

/** Texts behind `KHOABI: `. */
export function guestLines(lines) {
  return lines.flatMap(({ text }) => (text.startsWith('KHOABI: ') ? [text.slice(8)] : []));
}

/**
 * @param {string[]} guest lines of one boot
 * @returns {Map<string, Buffer>} files that init printed, by path below kho/. Throws when one is incomplete or was garbled.
 */
export function guestFiles(guest) {
  const files = new Map();
  let open;
  for (const line of guest) {
    const [word, name, number] = line.split(' ');
    if (word === 'begin') open = { name, size: Number(number), pieces: [] };
    else if (word === '|') open?.pieces.push(name);
    else if (word === 'end' && open !== undefined) {
      const bytes = Buffer.from(open.pieces.join(''), 'base64');
      const crc = `crc=0x${crc32(bytes).toString(16).padStart(8, '0')}`;
      if (name !== open.name || bytes.length !== open.size || crc !== number)
        throw new Error(`${open.name} came garbled: ${bytes.length} of ${open.size} bytes, ${crc}, ${line}`);
      files.set(name, bytes);
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${open.name} has no end`);
  return files;
}

/** Verdict lines of init: what was checked, whether it held, and the numbers. */
export function guestVerdicts(guest) {
  return guest.flatMap((line) => {
    const match = /^((?:session|memory|debugfs|next|expect)\b.*?) (ok|FAIL)(?: (.*))?$/.exec(line);
    return match === null ? [] : [{ what: match[1], ok: match[2] === 'ok', numbers: match[3] ?? '' }];
  });
}

/** Page frames of memfds as the first boot's /proc/self/pagemap had them. */
export function guestPages(guest) {
  return guest.flatMap((line) => {
    const match = /^pages (\S+) (0x[0-9a-f]+) index=(\d+) pfn=(0x[0-9a-f]+) count=(\d+)$/.exec(line);
    if (match === null) return [];
    const [, session, token, index, pfn, count] = match;
    return [{ session, token, index: Number(index), pfn, count: Number(count) }];
  });
}

/**
 * Preserved blocks as the receiving kernel itself met them: with memblock=debug it prints each reservation and who asked for it.
 *
 * @returns {[string, number][]} physical address and size in bytes, in the kernel's order
 */
export function kernelWalk(lines) {
  return lines.flatMap(({ text }) => {
    const match =
      /^__memblock_reserve: \[0x([0-9a-f]+)-0x([0-9a-f]+)\].* kho_preserved_memory_reserve\+/.exec(text);
    if (match === null) return [];
    const first = BigInt(`0x${match[1]}`);
    return [[`0x${first.toString(16)}`, Number(BigInt(`0x${match[2]}`) - first) + 1]];
  });
}

/** Lines that no healthy kernel prints. */
export function kernelTrouble(lines) {
  return lines
    .map(({ text }) => text)
    .filter((text) => /\b(?:WARNING|BUG|Oops|Kernel panic|Call trace|Call Trace)\b/.test(text));
}
