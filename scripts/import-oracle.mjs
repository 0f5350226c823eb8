#!/usr/bin/env node
/**
 * Packs an oracle folder (bytes that the kernel's own C code produced, one folder a variant and scenario) into
 * golden/kernel-code/<abi>/<target>.jsonl.gz: one JSON object a line and scenario, binary files as base64. Nothing is
 * interpreted or left out that a comparison needs.
 *
 *   node scripts/import-oracle.mjs ORACLE_FOLDER [VARIANT_PREFIX=ABI ...]
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Names of the oracle's variants. */
const VARIANTS = [
  'v1-6.16=kho-v1-6.16',
  'v1-6.18=kho-v1-6.18',
  'v1-6.19=kho-v1-6.19',
  'v2-merged=kho-v2',
  'v3-pre=kho-v3-7.1-rc1',
  'v3-post=kho-v3',
  'v4=kho-v4',
];

const [folder, ...mapping] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: import-oracle.mjs ORACLE_FOLDER [VARIANT_PREFIX=ABI ...]');
  process.exit(2);
}
const abis = Object.fromEntries((mapping.length > 0 ? mapping : VARIANTS).map((pair) => pair.split('=')));
const targets = { 12: 'le-4k', 14: 'le-16k', 16: 'le-64k', '12-be': 'be-4k' };

for (const variant of readdirSync(join(folder, 'out')).sort()) {
  const [, prefix, suffix] = /^(.*?)-(12-be|12|14|16)$/.exec(variant) ?? [];
  const abi = abis[prefix];
  if (abi === undefined) continue;
  const lines = readdirSync(join(folder, 'out', variant))
    .sort()
    .map((scenario) => JSON.stringify(record(join(folder, 'out', variant, scenario), scenario)));
  const out = join('golden/kernel-code', abi, `${targets[suffix]}.jsonl.gz`);
  mkdirSync(join('golden/kernel-code', abi), { recursive: true });
  writeFileSync(out, gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
  console.log(`${out}: ${lines.length} scenarios of ${variant}`);
}

function record(path, scenario) {
  const text = (name) => (existsSync(join(path, name)) ? readFileSync(join(path, name), 'utf8') : undefined);
  if (existsSync(join(path, 'FAILED'))) return { scenario, terminated: false };
  const fdt = existsSync(join(path, 'fdt.bin'))
    ? readFileSync(join(path, 'fdt.bin')).toString('base64')
    : undefined;
  return {
    scenario,
    terminated: true,
    fdt,
    // The gzip stream is unpacked by readers; packing it again inside would cost space.
    pagesGzip: readFileSync(join(path, 'pages.bin.gz')).toString('base64'),
    index: text('pages.idx'),
    walk: text('walk.txt') ?? '',
    log: text('log.txt'),
    vmalloc: text('vmalloc.txt'),
  };
}
