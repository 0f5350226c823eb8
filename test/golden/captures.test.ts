import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  checkFdt,
  decodeHandover,
  encodeScenario,
  findRootFdts,
  getAbi,
  makeTarget,
  openMemory,
  parseScenario,
  readFdt,
  readFdtPage,
} from '../../src/index.js';
import { inspectReport } from '../../src/report/index.js';
import { thrown } from '../support/errors.js';

const FOLDER = join(import.meta.dirname, '../../golden/captures');
const CAPTURES = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** What a separately written reader found in the same memory. */
interface Expected {
  fdtPhys: string;
  pageShift: number;
  root: string;
  subtrees: Record<string, [string, number]>;
  nodes: number;
  preserved: [string, number][];
}

test('there are captures', () => {
  expect(CAPTURES.length).toBeGreaterThanOrEqual(2);
});

describe.each(CAPTURES)('%s', (name) => {
  const path = (file: string): string => join(FOLDER, name, file);
  const expected = JSON.parse(readFileSync(path('expected-by-independent-reader.json'), 'utf8')) as Expected;

  test('reads what the independent reader read, found without any hint', async () => {
    const { memory, kind, close } = await openMemory(path('memory.elf.gz'));
    expect(kind).toBe('gzip of ELF core');
    const found = findRootFdts(memory);
    expect(found).toHaveLength(1);
    const { address } = found[0]!;
    const handover = decodeHandover(readFdtPage(memory, address), { memory, fdtAddress: address });
    const report = inspectReport(handover, { fdt: 'x' }, { walk: true });
    expect({
      fdtPhys: report.fdt.address,
      pageShift: Math.log2(report.pageSize!),
      root: report.mapAddress,
      subtrees: Object.fromEntries(
        report.subtrees.map(({ name: subtree, address: at, size }) => [subtree, [at, Number(size)]]),
      ),
      nodes: report.map?.kind === 'radix' ? report.map.tables + report.map.leaves : undefined,
      preserved: report.walk!.map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]),
    }).toEqual(expected);
    expect(report.subtrees.every(({ preserved }) => preserved)).toBe(true);
    expect(report.notes).toEqual([]);
    close();
  });

  test('the FDT of debugfs `in` is the one in memory; the one of `out` is cut off and named so', async () => {
    const { memory } = await openMemory(path('memory.elf.gz'));
    const inside = readFileSync(path('debugfs-in-fdt.dtb'));
    expect(Buffer.compare(readFdtPage(memory, BigInt(expected.fdtPhys)), inside)).toBe(0);
    const cut = readFileSync(path('debugfs-out-fdt.dtb'));
    expect(checkFdt(cut).defects[0]).toMatchObject({
      id: 'fdt-cut-off',
      offset: 233,
      expected: 'totalsize 405',
    });
    expect(thrown(() => decodeHandover(cut)).message).toContain('the input ends before totalsize');
  });

  test('memory that was left out is not in the dump', async () => {
    const { memory } = await openMemory(path('memory.elf.gz'));
    // The reserve_mem area `trace` of 2 MiB.
    const [address] = expected.preserved.find(([, order]) => order === 21 - expected.pageShift)!;
    expect(memory.read(BigInt(address), 4096)).toBeUndefined();
  });
});

test('a kernel with the same clients leaves the same root FDT, up to addresses', () => {
  const real = readFileSync(join(FOLDER, 'linux-7.3.4-x86_64-4k/debugfs-in-fdt.dtb'));
  const orders = Array(15).fill('0').join(' ');
  const text = `uts 7.3.4\ninit kernel\nkho-test ${orders}\nluo\nmemblock n1 0x3f66c000 0x100000\nmemblock trace 0x3e200000 0x200000\n`;
  const made = encodeScenario(parseScenario(text, 'test'), makeTarget(getAbi('kho-v4'), 'little', 12));
  // Addresses: the map at its documented offset, and the value of each preserved-data property, which is the second of a node.
  const masked = (bytes: Uint8Array): Buffer => {
    const copy = Buffer.from(bytes);
    for (const { properties } of readFdt(bytes).root.children)
      for (const { name, valueOffset } of properties)
        if (name === 'preserved-data') copy.fill(0, valueOffset, valueOffset! + 8);
    return copy.fill(0, 0x60, 0x68);
  };
  expect(masked(made.fdt).toString('hex')).toBe(masked(real).toString('hex'));
});
