/**
 * Captures against what the kernels themselves said: blocks that the second kernel reserved (memblock=debug), page frames from the
 * first one's /proc/self/pagemap, blobs of debugfs, addresses of the boot protocol, and what the retrieved files were.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  decodeClient,
  decodeHandover,
  type Handover,
  type KhoTestData,
  type LuoData,
  type LuoFile,
  openMemory,
  type PhysicalMemory,
  readFdtPage,
} from '../../src/index.js';
import { inspectReport } from '../../src/report/index.js';

const FOLDER = join(import.meta.dirname, '../../golden/captures');
const CAPTURES = readdirSync(FOLDER).filter(
  (name) => name.startsWith('linux-') && readdirSync(join(FOLDER, name)).includes('kernel.json'),
);

/** Written by scripts/kernel/lib/kernel-facts.mjs from the console alone. */
interface KernelFacts {
  release: string;
  pageSize: number;
  announced: { fdt: string; fdtSize: string; scratch: string; scratchSize: string };
  walk: string[];
  memfdPages: string[];
  verdicts: string[];
  log: string[];
}

interface Loaded {
  memory: PhysicalMemory;
  handover: Handover;
}

async function load(name: string, fdtAddress: bigint): Promise<Loaded> {
  const { memory } = await openMemory(join(FOLDER, name, 'memory.elf.gz'));
  return { memory, handover: decodeHandover(readFdtPage(memory, fdtAddress), { memory, fdtAddress }) };
}

function client<T>({ memory, handover }: Loaded, name: string): T {
  const subtree = handover.subtrees.find((one) => one.name === name)!;
  const { data, problems } = decodeClient(name, subtree.address!, subtree.size, memory, handover.target!);
  // A note is no problem: it tells how an ambiguous list was read.
  expect(problems.filter(({ kind }) => kind !== 'note')).toEqual([]);
  return data as T;
}

/** The compatible string of LUO's blob, as the first kernel showed it before it filled the rest in. */
function shownByFirst({ subtrees }: Handover, memory: PhysicalMemory): string {
  const { address } = subtrees.find(({ name }) => name === 'LUO')!;
  return Buffer.from(memory.read(address!, 8)!).toString('hex');
}

/** One page frame for each page of the file, as the reader has them. */
function frames(file: LuoFile): string[] {
  return file.memfd!.runs.flatMap(({ pfn, index, count, stride }) =>
    Array.from({ length: count }, (_, at) => {
      const step = BigInt(at) * BigInt(stride);
      return `${index + step} 0x${(pfn + step).toString(16)}`;
    }),
  );
}

test('every machine and page size is there', () => {
  const kinds = CAPTURES.map((name) => name.replace(/^linux-[\d.]+-(\w+)-(\d+k).*/, '$1 $2'));
  expect([...new Set(kinds)].sort()).toEqual(['arm64 16k', 'arm64 4k', 'arm64 64k', 'x86_64 4k']);
});

describe.each(CAPTURES)('%s', (name) => {
  const bytes = (file: string): Buffer => readFileSync(join(FOLDER, name, file));
  const facts = JSON.parse(bytes('kernel.json').toString()) as KernelFacts;
  const loaded = load(name, BigInt(facts.announced.fdt));

  test('the walk is the one of the kernel, block by block', async () => {
    const { handover } = await loaded;
    const { walk, pageSize } = inspectReport(handover, { fdt: 'x' }, { walk: true });
    expect(pageSize).toBe(facts.pageSize);
    const blocks = walk!.map((line) => {
      const [address, order] = line.split(' ');
      return `${address} ${facts.pageSize * 2 ** Number(order)}`;
    });
    expect(blocks).toEqual(facts.walk);
    expect(blocks.length).toBeGreaterThan(10);
  });

  test('root FDT and blobs lie where the reader says: debugfs shows the same bytes', async () => {
    const { memory, handover } = await loaded;
    expect(readFdtPage(memory, BigInt(facts.announced.fdt))).toEqual(
      new Uint8Array(bytes('debugfs-in-fdt.dtb')),
    );
    expect(handover.subtrees.map((subtree) => subtree.name).sort()).toEqual(
      readdirSync(join(FOLDER, name))
        .filter((file) => file.startsWith('debugfs-in-sub_fdts-'))
        .map((file) => file.slice('debugfs-in-sub_fdts-'.length))
        .sort(),
    );
    for (const { name: subtree, address, size } of handover.subtrees) {
      const shown = new Uint8Array(bytes(`debugfs-in-sub_fdts-${subtree}`));
      // The next kernel has freed LUO's blob when a program reads debugfs; the page may hold anything by then.
      if (subtree !== 'LUO') expect(memory.read(address!, Number(size))).toEqual(shown);
    }
    expect(shownByFirst(handover, memory)).toBe(bytes('debugfs-out-sub_fdts-LUO').toString('hex', 0, 8));
    const { liveupdateNumber } = client<LuoData>(await loaded, 'LUO');
    expect(facts.log).toContain(
      `luo: Retrieved live update data, liveupdate number: ${liveupdateNumber!.value}`,
    );
  });

  test('the boot protocol announces a whole page and as many scratch areas as debugfs lists', () => {
    const areas = bytes('debugfs-out-scratch_phys').toString().trim().split('\n');
    expect(Number(facts.announced.scratchSize)).toBe(16 * areas.length);
    expect(Number(facts.announced.fdtSize)).toBe(facts.pageSize);
  });

  test('sessions, files and page frames are those of the kernel', async () => {
    const { sessions } = client<LuoData>(await loaded, 'LUO');
    const read: string[] = [];
    const pages: string[] = [];
    for (const { name: session, files } of sessions) {
      read.push(`session ${session.value} ok`);
      for (const file of files) {
        const { size, position, seals } = file.memfd!;
        const token = `0x${file.token.value.toString(16)}`;
        const numbers = [size.value, position.value, seals!.value].map((value) => `0x${value.toString(16)}`);
        read.push(
          `session ${session.value} file ${token} ok size=${numbers[0]} pos=${numbers[1]} seals=${numbers[2]}`,
        );
        pages.push(...frames(file).map((frame) => `${session.value} ${token} ${frame}`));
      }
    }
    const retrieved = facts.verdicts.filter((line) => !/ (?:finish|FAIL)/.test(line));
    expect(read).toEqual(retrieved.map((line) => line.replace(/ crc=.*/, '')));
    expect(pages).toEqual(
      facts.memfdPages.flatMap((line) => {
        const [session, token, index, pfn, count] = line.split(' ');
        return Array.from(
          { length: Number(count) },
          (_, at) => `${session} ${token} ${Number(index) + at} 0x${(Number(pfn) + at).toString(16)}`,
        );
      }),
    );
  });

  test('the checksum of the self-test is the one that the kernel computed', async () => {
    const { status, checksum, computed } = client<KhoTestData>(await loaded, 'kho_test');
    // Without sessions the folios are megabytes, and were left out.
    const kept = name.endsWith('-luo') || name.endsWith('-many');
    expect(status).toBe(kept ? 'match' : 'not in dump');
    if (kept) expect(computed).toBe(checksum!.value);
  });

  test('the kernel took over everything', () => {
    expect(facts.verdicts.filter((line) => !/ ok\b/.test(line))).toEqual([]);
    expect(facts.log).toContain('KHO: found kexec handover data.');
    expect(facts.log).toContain('test_kho: KHO restore succeeded');
    expect(facts.log).toContain(`KHO: exec from: ${facts.release} (count 1)`);
    for (const area of ['n1', 'trace'])
      expect(facts.log).toContain(`Revived memory reservation '${area}' from KHO`);
  });
});
