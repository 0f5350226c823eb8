/** QEMU's device tree with what a replay adds; dtc and fdtget say what is in it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineTree } from '../../src/boot/machine-tree.js';
import { runTool } from '../../src/fdt/index.js';
import { machineOf } from './support.js';

const SOURCE = (cells: number) => `/dts-v1/;
/ {
  #address-cells = <${cells}>;
  #size-cells = <${cells}>;
  psci { method = "hvc"; };
  memory@40000000 { device_type = "memory"; reg = <${cells === 2 ? '0 0x40000000 0 0x80000000' : '0x40000000 0x80000000'}>; };
  chosen {
    stdout-path = "/pl011@9000000";
    rng-seed = <1 2 3 4>;
    kaslr-seed = <5 6>;
    linux,kho-fdt = <0 0>;
  };
};
`;

const FACTS = {
  commandLine: 'console=ttyAMA0 reserve_mem=4096:4096:n1',
  ram: [
    { start: 0x4000_0000n, end: 0xc000_0000n },
    { start: 0x40_0000_0000n, end: 0x40_2000_0000n },
  ],
  initrd: { start: 0x4810_0000n, end: 0x4818_1234n },
  handoff: {
    fdtAddress: 0x1_2345_6000n,
    fdtSize: 4096n,
    scratchAddress: 0x4400_0000n,
    scratchSize: 48n,
  },
};

describe('machineTree', () => {
  let folder: string;
  let file: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kho-abi-test-'));
    file = join(folder, 'machine.dtb');
    const dtb = await compile(SOURCE(2));
    writeFileSync(file, machineTree(dtb, machineOf('arm64').target, FACTS));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function get(path: string, name: string, type = 'x'): Promise<string> {
    return (await execa('fdtget', ['-t', type, file, path, name])).stdout;
  }

  test('dtc reads it without an error, and writes the same bytes from it', async () => {
    const { exitCode, stdout } = await runTool('dtc', ['-I', 'dtb', '-O', 'dtb', '-q', file]);
    expect(exitCode).toBe(0);
    const again = await runTool('dtc', ['-I', 'dtb', '-O', 'dts', '-q', '-'], stdout);
    const first = await runTool('dtc', ['-I', 'dtb', '-O', 'dts', '-q', file]);
    expect(Buffer.from(again.stdout).toString()).toBe(Buffer.from(first.stdout).toString());
  });

  test('the handover: one pair of big-endian cells each', async () => {
    expect(await get('/chosen', 'linux,kho-fdt')).toBe('1 23456000 0 1000');
    expect(await get('/chosen', 'linux,kho-scratch')).toBe('0 44000000 0 30');
  });

  test('command line, initrd, memory', async () => {
    expect(await get('/chosen', 'bootargs', 's')).toBe(FACTS.commandLine);
    expect(await get('/chosen', 'linux,initrd-start')).toBe('0 48100000');
    expect(await get('/chosen', 'linux,initrd-end')).toBe('0 48181234');
    expect(await get('/memory@40000000', 'reg')).toBe('0 40000000 0 80000000');
    expect(await get('/memory@4000000000', 'reg')).toBe('40 0 0 20000000');
    expect(await get('/memory@4000000000', 'device_type', 's')).toBe('memory');
  });

  test('seeds go, the rest stays', async () => {
    const { stdout } = await execa('fdtget', ['-p', file, '/chosen']);
    expect(stdout.split('\n')).not.toContain('rng-seed');
    expect(stdout.split('\n')).not.toContain('kaslr-seed');
    expect(await get('/chosen', 'stdout-path', 's')).toBe('/pl011@9000000');
    expect(await get('/psci', 'method', 's')).toBe('hvc');
  });

  test('a cold boot has no handover, not even one that was there', async () => {
    const dtb = machineTree(await compile(SOURCE(2)), machineOf('arm64').target, {
      ...FACTS,
      handoff: undefined,
    });
    expect(Buffer.from(dtb).includes('linux,kho-')).toBe(false);
  });

  test('one cell each where the root says so; what does not fit is refused', async () => {
    const dtb = await compile(SOURCE(1));
    const { target } = machineOf('arm64');
    const low = { ...FACTS, ram: [FACTS.ram[0]!], handoff: { ...FACTS.handoff, fdtAddress: 0x5000_0000n } };
    writeFileSync(join(folder, 'one.dtb'), machineTree(dtb, target, low));
    const { stdout } = await execa('fdtget', [
      '-t',
      'x',
      join(folder, 'one.dtb'),
      '/chosen',
      'linux,kho-fdt',
    ]);
    expect(stdout).toBe('50000000 1000');
    expect(() => machineTree(dtb, target, FACTS)).toThrow(/one cell/);
  });
});

async function compile(source: string): Promise<Uint8Array> {
  return (await runTool('dtc', ['-I', 'dts', '-O', 'dtb', '-q', '-'], Buffer.from(source))).stdout;
}
