/**
 * What the kernel's own code left (an oracle scenario folder) against what the C witness wrote: FDT, walk, vmalloc chains, results
 * and every arena page. Both sides are read as files; no code of the library runs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The text of a file, empty if there is none. */
export const textOf = (folder, name) => bytesOf(folder, name).toString();

function bytesOf(folder, name) {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

/** Number of pages compared, and a line for each difference. `left`: numbers of scenario lines that neither side ran. */
export function compareScenario(witness, oracle, left) {
  const differences = [];
  const same = (what, a, b) => {
    if (Buffer.compare(Buffer.from(a), Buffer.from(b)) !== 0) differences.push(`${what}: not the same`);
  };
  const fdt = bytesOf(oracle, 'fdt.bin');
  same('FDT', bytesOf(witness, 'handover.dtb'), fdt);
  same('walk', textOf(witness, 'walk.txt'), textOf(oracle, 'walk.txt'));
  // The oracle names refused areas too, ours are in the log only.
  same(
    'vmalloc',
    textOf(witness, 'vmalloc.txt'),
    textOf(oracle, 'vmalloc.txt').replace(/^.* failed_or.*\n/gm, ''),
  );
  same('results', results(textOf(witness, 'log.txt'), left), results(textOf(oracle, 'log.txt'), left));
  const pages = comparePages(readHexdump(textOf(witness, 'memory.hexdump')), oracle, fdt.length, differences);
  return { pages, differences };
}

function comparePages(ours, oracle, totalsize, differences) {
  const raw = gunzipSync(readFileSync(join(oracle, 'pages.bin.gz')));
  const index = [...textOf(oracle, 'pages.idx').matchAll(/^(\d+) (0x[0-9a-f]+) (\S+) (.*)$/gm)];
  const size = raw.length / index.length;
  let compared = 0;
  for (const [, number, phys, state, role] of index) {
    const mine = ours.get(Number(phys));
    ours.delete(Number(phys));
    if ((state === 'alloc') !== (mine !== undefined))
      differences.push(`page ${number}: ${state} (${role}), but ${mine ? '' : 'not '}in the witness's dump`);
    if (state !== 'alloc' || mine === undefined) continue;
    compared++;
    // What follows the FDT in its page are leftovers of edits.
    const end = role === 'fdt' ? totalsize : size;
    const theirs = raw.subarray(Number(number) * size, Number(number) * size + end);
    if (mine.length !== size || Buffer.compare(mine.subarray(0, end), theirs) !== 0)
      differences.push(`page ${number}: the bytes differ (${role})`);
  }
  for (const phys of ours.keys()) differences.push(`page 0x${phys.toString(16)}: only in the witness's dump`);
  return compared;
}

/**
 * One line for each operation: its line number, its result, and `!` for a warning. The oracle prints a warning on the line before,
 * and finalize without its number.
 */
function results(log, left) {
  const out = [];
  let warned = '';
  for (const line of log.split('\n')) {
    const [, name, result, own] =
      /^(init|\d+ finalize|finalize|\d+)(?: .*)? -> (-?\d+)( \(warning.*)?$/.exec(line) ?? [];
    if (line.startsWith('WARN_ON')) warned = '!';
    if (name === undefined || left.has(Number(name))) continue;
    out.push(`${name.replace(/^\d+ /, '')} ${result}${warned || (own ? '!' : '')}`);
    warned = '';
  }
  return out.join('\n');
}

/** memory.hexdump as a map from address to page. The addresses of an oracle's arena are exact as numbers (below 2^53). */
function readHexdump(dump) {
  const pages = new Map();
  const size = Number(/^# page-size: (\d+)$/m.exec(dump)?.[1]);
  for (const [, first, last] of dump.matchAll(/^# pages: (0x[0-9a-f]+)-(0x[0-9a-f]+)$/gm))
    for (let at = Number(first); at < Number(last); at += size) pages.set(at, Buffer.alloc(size));
  for (const [, at, hex] of dump.matchAll(/^([0-9a-f]{16}) {2}([0-9a-f ]{48}) {2}\|/gm)) {
    const phys = Number(`0x${at}`);
    Buffer.from(hex.replaceAll(' ', ''), 'hex').copy(pages.get(phys - (phys % size)), phys % size);
  }
  return pages;
}
