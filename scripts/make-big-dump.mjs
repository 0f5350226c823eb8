#!/usr/bin/env node
/**
 * Writes the dumps that `npm run bench` measures large inputs with. Both are ELF cores as QEMU writes them, one PT_LOAD each, and both
 * hold one sound handover (kho-v4, little endian, 4K pages) whose arena lies in the middle.
 *
 *   node scripts/make-big-dump.mjs sparse FILE [--pages N]   64 GiB of memory in a sparse file, N preserved pages (10 million)
 *   node scripts/make-big-dump.mjs dense FILE [--gib N]      N GiB (4) of memory without a hole, few preserved pages
 *
 * Prints one JSON line: addresses, preserved pages and blocks. The same arguments give the same bytes.
 */
import { parseArgs } from 'node:util';
import { denseDump, sparseDump } from './lib/fuzz-big-dump.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pages: { type: 'string', default: '10000000' }, gib: { type: 'string', default: '4' } },
});
const [kind, path] = positionals;
const makers = {
  sparse: () => sparseDump(path, Number(values.pages)),
  dense: () => denseDump(path, Number(values.gib)),
};
if (path === undefined || makers[kind] === undefined) {
  console.error('usage: make-big-dump.mjs sparse FILE [--pages N] | dense FILE [--gib N]');
  process.exitCode = 2;
} else console.log(JSON.stringify(makers[kind]()));
