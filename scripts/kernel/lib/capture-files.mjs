/** The files of a capture: what is kept of a dump, what the kernels said, and whether a second reader agrees. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  decodeClient,
  decodeHandover,
  findRootFdts,
  joinRanges,
  openMemory,
  ownPages,
  partOfMemory,
  readFdtPage,
  writeElfCore,
} from '../../../dist/index.js';
import { kernelFacts } from './kernel-facts.mjs';
import { PAGE_BYTES } from './plan.mjs';
import { CoreFile, readHandover } from './second-reader.mjs';

/** Folios of the self-test are kept when they are at most this many bytes: then its checksum can be computed. */
const MAX_FOLIOS = 65536n;

/** @returns name of the folder, lines that tell what was found, and what contradicts */
export async function keepCapture({ arch, pageSize, what, nodes, memory, output, force, name, kernel, run }) {
  const { facts, out, files, trouble } = kernelFacts(run.boots);
  const folder = name ?? captureName({ release: facts.release, arch, pageSize, nodes, what });
  const path = join(output, folder);
  if (existsSync(path) && !force) throw new Error(`${folder} is there already; --force overwrites it`);
  const pageShift = Math.log2(PAGE_BYTES[pageSize]);
  const core = new CoreFile(run.dump);
  const expected = readHandover(core, Number(facts.announced.fdt), pageShift);
  core.close();
  const { elf, notes, folios } = await reduce(run.dump);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  const write = (file, content) => writeFileSync(join(path, file), content);
  write('memory.elf.gz', gzipSync(elf, { level: 9 }));
  write('debugfs-in-fdt.dtb', files.get('in/fdt'));
  for (const [key, content] of out)
    if (key.startsWith('out/'))
      write(`debugfs-${key.replaceAll('/', '-')}${key === 'out/fdt' ? '.dtb' : ''}`, content);
  for (const [key, content] of files)
    if (key.startsWith('in/sub_fdts/')) write(`debugfs-${key.replaceAll('/', '-')}`, content);
  write('expected-by-independent-reader.json', json(expected));
  write('kernel.json', json(facts));
  write('console.txt.gz', gzipSync(shortConsole(run.console), { level: 9 }));
  write('expect.txt', run.expect);
  write('provenance.json', json(provenance({ arch, pageSize, what, nodes, memory, kernel, run })));
  const contradictions = [...trouble, ...disagreements(expected, facts)];
  return {
    name: folder,
    contradictions,
    lines: [
      `${expected.nodes} tables and leaves, ${expected.preserved.length} blocks; the kernel itself reserved ${facts.walk.length}`,
      `${facts.verdicts.filter((line) => / ok\b/.test(line)).length} of ${facts.verdicts.length} verdicts of the guest are ok`,
      `${folios} bytes of the self-test's folios kept; ${run.linesAtDump} lines of the second kernel at the dump`,
      ...facts.log,
      ...notes,
    ],
  };
}

/** linux-7.3.4-arm64-16k-luo; nodes are named when there are several. */
export function captureName({ release, arch, pageSize, nodes, what }) {
  const parts = ['linux', release, arch, pageSize.toLowerCase()];
  if (nodes > 1) parts.push(`${nodes}nodes`);
  if (what !== 'plain') parts.push(what);
  return parts.join('-');
}

/** KHO's own pages as an ELF core, with the self-test's folios when they are few. */
async function reduce(dump) {
  const { memory, close } = await openMemory(dump);
  try {
    const found = findRootFdts(memory);
    if (found.length === 0) throw new Error('there is no root FDT in the dump');
    // Of several, the one that is no leftover is the one that its own map preserves.
    const { address } = found[0];
    const handover = decodeHandover(readFdtPage(memory, address), { memory, fdtAddress: address });
    const { target } = handover;
    const test = handover.subtrees.find(({ name }) => name === 'kho_test');
    const data = test && decodeClient(test.name, test.address, test.size, memory, target);
    const pages = (data?.data?.folios ?? []).map(({ address: start, order }) => ({
      start,
      end: start + (1n << BigInt(order + target.pageShift)),
    }));
    const bytes = pages.reduce((sum, { start, end }) => sum + end - start, 0n);
    const kept = bytes <= MAX_FOLIOS ? pages : [];
    const ranges = joinRanges([...ownPages(handover), ...kept]);
    const elf = writeElfCore(partOfMemory(memory, ranges), {
      byteOrder: target.byteOrder,
      pageShift: target.pageShift,
      machine: target.machine,
    });
    const notes = found.length === 1 ? [] : [`${found.length} root FDTs lie in the whole dump`];
    return { elf, notes, folios: kept.length > 0 ? bytes : 0n };
  } finally {
    close();
  }
}

/** Where the second reader and the kernel do not say the same. */
export function disagreements(expected, facts) {
  const said = [];
  const blocks = expected.preserved.map(
    ([address, order]) => `${address} ${2 ** (expected.pageShift + order)}`,
  );
  const { walk } = facts;
  const at = blocks.findIndex((block, index) => block !== walk[index]);
  if (at >= 0 || walk.length !== blocks.length)
    said.push(
      `block ${at < 0 ? blocks.length : at}: the reader has ${blocks[at]}, the kernel ${walk[at < 0 ? blocks.length : at]}`,
    );
  if (facts.pageSize !== 2 ** expected.pageShift)
    said.push(`the kernel's pages have ${facts.pageSize} bytes`);
  return said;
}

function provenance({ arch, pageSize, what, nodes, memory, kernel, run }) {
  return {
    kernel: {
      version: kernel.version,
      source: kernel.origin,
      options: `sha256:${kernel.options}`,
      compiler: kernel.compiler,
    },
    machine: {
      emulator: run.emulator,
      words: [basename(`qemu-system-${arch === 'arm64' ? 'aarch64' : arch}`), ...run.words].join(' '),
      commandLine: run.commandLines.first,
    },
    command: `npm run kernel:capture -- --arch ${arch} --page-size ${pageSize} --what ${what} --nodes ${nodes} --memory ${memory}`,
  };
}

/** What both kernels printed, without the hundreds of lines that memblock=debug adds and that are not about the handover. */
export function shortConsole(text) {
  return text
    .replaceAll('\r', '')
    .split('\n')
    .filter((line) => !/ (?:__)?memblock_\w+: /.test(line) || line.includes(' kho_'))
    .join('\n');
}

function json(value) {
  return `${JSON.stringify(value, undefined, 1)}\n`;
}
