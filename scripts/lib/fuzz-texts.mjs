/** Texts and packed files that are almost right: hexdumps, scenarios, gzip. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fuzzCore } from './fuzz-dumps.mjs';

const SCENARIOS = readdirSync('golden/scenarios')
  .filter((name) => name.endsWith('.scenario'))
  .sort()
  .map((name) => readFileSync(join('golden/scenarios', name)));
const HEXDUMPS = readdirSync('golden/kho-v4/le-4k')
  .sort()
  .map((name) => join('golden/kho-v4/le-4k', name, 'memory.hexdump'))
  .filter((path) => existsSync(path))
  .map((path) => readFileSync(path))
  .filter((bytes) => bytes.length < 200_000);
const WORDS = [
  '0',
  '1',
  '-1',
  '0x',
  '0xffffffffffffffff',
  '0x10000000000000000',
  '18446744073709551615',
  'page',
  'pages',
  'range',
  'vmalloc',
  'luo',
  'session',
  'memfd',
  'subtree',
  'alloc',
  'base',
  'init',
  'kernel',
  'numa',
  'scratch',
  '# pages: 0x0000000000000000-0xffffffffffffffff',
  ':',
  '\n',
  ' ',
  '\0',
  '\u00ff',
];

/** Text with pieces put in, taken out, doubled or changed. */
function fuzzText(bytes, random) {
  let text = bytes.toString('latin1');
  for (let step = 1 + random.below(5); step > 0; step--) {
    const at = random.below(text.length + 1);
    const end = Math.min(text.length, at + random.below(40));
    const kind = random.below(5);
    if (kind === 0) text = text.slice(0, at) + text.slice(end);
    else if (kind === 1) text = text.slice(0, end) + text.slice(at);
    else if (kind === 2) text = text.slice(0, at) + random.pick(WORDS) + text.slice(at);
    else if (kind === 3)
      text = text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    else {
      const lines = text.split('\n');
      const line = random.below(lines.length);
      const words = lines[line].split(' ');
      words[random.below(words.length)] = random.pick(WORDS);
      lines[line] = words.join(' ');
      text = lines.join('\n');
    }
  }
  return Buffer.from(text, 'latin1');
}

export const fuzzScenario = (random) => fuzzText(random.pick(SCENARIOS), random);
export const fuzzHexdump = (random) => fuzzText(random.pick(HEXDUMPS), random);

/** Gzip of a changed core, the stream itself changed now and then; or of much of nothing. */
export function fuzzGzip(random) {
  if (random.oneIn(40)) return gzipSync(Buffer.alloc(1 << (20 + random.below(8))), { level: 9 });
  const bytes = Buffer.from(gzipSync(fuzzCore(random), { level: 1 }));
  for (let step = random.below(4); step > 0; step--)
    bytes[random.below(bytes.length)] ^= 1 << random.below(8);
  return random.oneIn(8) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}
