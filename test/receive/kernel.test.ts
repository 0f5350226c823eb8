/** What a running 7.3.4 did with handovers that were damaged on purpose (golden/captures/predictions.md), said by the model. */
import { describe, expect, test } from 'vitest';
import { findRelease, getAbi, makeTarget } from '../../src/abi/index.js';
import { writeU64 } from '../../src/bytes/index.js';
import { type EncodedHandover, encodeScenario, parseScenario } from '../../src/handover/index.js';
import { type NextMachine, type Reception, receiveHandover } from '../../src/receive/index.js';

const LUO = `base 0x80000000
init kernel
kho-test 0 1
memblock trace 0x90000000 0x4000
luo session vm
luo memfd 1 0x3000 0x98000:3
`;

function encode(text: string): EncodedHandover {
  return encodeScenario(parseScenario(text, 'test'), makeTarget(getAbi('kho-v4'), 'little', 12, 'aarch64'));
}

function receive(made: EncodedHandover, next: NextMachine = {}, fdt = made.fdt): Reception {
  const { memory, fdtAddress, target } = made;
  return receiveHandover(findRelease('7.3'), {
    fdt,
    fdtAddress,
    memory,
    machine: target,
    sent: undefined,
    next,
  });
}

function stepsOf(reception: Reception, part: string): { outcome: string; log?: string; what: string }[] {
  return reception.steps.filter((step) => step.part === part);
}

const RAM = [{ start: 0x4000_0000n, end: 0xc000_0000n }];
const AREA = { address: 0x5000_0000n, size: 0x400_0000n };

describe('the order of a boot', () => {
  test('memblock, LUO, kexec-metadata, self-test', () => {
    const parts = receive(encode(LUO)).steps.map(({ part }) => part);
    expect(parts.slice(-4)).toEqual(['memblock', 'LUO', 'kexec-metadata', 'kho_test']);
  });

  test("a panic of LUO's early init comes before kexec-metadata and the self-test", () => {
    const made = encode('init kernel\nclient luo luo-v4\nkho-test 0\nluo session vm\n');
    const reception = receive(made);
    expect(reception.result).toBe('panic');
    expect(stepsOf(reception, 'kexec-metadata')).toEqual([]);
    expect(stepsOf(reception, 'kho_test')).toEqual([]);
  });
});

describe('scratch', () => {
  const good = { ram: RAM, scratchAddress: AREA.address };

  test('an array of 0 bytes: cold boot', () => {
    const reception = receive(encode(LUO), { ...good, scratch: { bytes: 0n, areas: [] } });
    expect(reception.result).toBe('cold boot');
    expect(reception.steps.map(({ log }) => log)).toContain(
      'KHO: setup: failed to memremap scratch (phys=0x50000000, len=0)',
    );
  });

  test.each([
    ['less than an entry', { bytes: 8n, areas: [AREA] }],
    ['an area without memory', { bytes: 32n, areas: [AREA, { address: 0x7_0000_0000n, size: 0x10_0000n }] }],
    ['an area inside a page', { bytes: 32n, areas: [AREA, { address: 0x6000_0800n, size: 0x10_0000n }] }],
    ['areas of 64 KiB', { bytes: 16n, areas: [{ ...AREA, size: 0x1_0000n }] }],
  ])('%s: the kernel dies early', (_, scratch) => {
    expect(receive(encode(LUO), { ...good, scratch }).result).toBe('panic');
  });

  test.each([
    ['a remainder', { bytes: 24n, areas: [AREA] }],
    ['an empty area', { bytes: 32n, areas: [AREA, { address: 0x6000_0000n, size: 0n }] }],
    ['an area twice', { bytes: 32n, areas: [AREA, AREA] }],
  ])('%s is taken', (_, scratch) => {
    expect(receive(encode(LUO), { ...good, scratch }).result).toBe('KHO boot');
  });
});

describe('memory', () => {
  test('a preserved block that is no memory', () => {
    const made = encode('base 0x80000000\ninit kernel\npage 0x700000 0\n');
    expect(receive(made).result).toBe('KHO boot');
    expect(receive(made, { ram: RAM }).result).toBe('panic');
  });

  test('an FDT of 0 bytes, or where no memory is', () => {
    const made = encode(LUO);
    expect(receive(made, { fdtSize: 0n }).result).toBe('cold boot');
    const at = (holes: 'abort' | 'ones'): Reception =>
      receiveHandover(findRelease('7.3'), {
        fdt: undefined,
        fdtAddress: 0x7_0000_0000n,
        memory: made.memory,
        machine: made.target,
        sent: undefined,
        next: { ram: RAM, holes },
      });
    expect(at('abort').result).toBe('panic');
    expect(at('ones').steps[0]?.log).toBe('KHO: setup: handover FDT (0x700000000) is invalid: -9');
  });

  test('an FDT whose page is not preserved', () => {
    expect(receive(encode('page 0x90000 0\n')).result).toBe('KHO boot with wrong memory');
  });

  test('folios that are not preserved cannot be restored', () => {
    const made = encode(LUO);
    made.producer.unpreserveFolio(0x98001, 0);
    expect(stepsOf(receive(made), 'LUO')).toMatchObject([{ outcome: 'error' }]);
  });
});

describe('LUO and memfd', () => {
  function memfdOf(made: EncodedHandover): { file: bigint; memfd: bigint } {
    const { memory } = made;
    for (const { start, end } of memory.ranges())
      for (let at = start; at < end; at += 64n) {
        const text = Buffer.from(memory.read(at + 16n, 8) ?? []).toString('latin1');
        if (text === 'memfd-v2')
          return { file: at + 16n, memfd: Buffer.from(memory.read(at + 64n, 8)!).readBigUInt64LE() };
      }
    throw new Error('no memfd');
  }

  test('a file of a handler that 7.3 does not have: the device cannot be opened', () => {
    const made = encode(`${LUO}luo file vfio-pci-v1 2 0x98000000\n`);
    expect(stepsOf(receive(made), 'LUO')).toMatchObject([{ outcome: 'open fails' }]);
  });

  test('the area of the folios in pieces that do not fit', () => {
    const made = encode(LUO);
    const { memfd } = memfdOf(made);
    made.producer.store.write(memfd + 46n, Uint8Array.of(4, 0));
    expect(stepsOf(receive(made), 'LUO')).toMatchObject([{ what: 'open /dev/liveupdate', outcome: 'error' }]);
  });

  test('data at address 0, where the machine has no memory', () => {
    const made = encode(LUO);
    const bytes = new Uint8Array(8);
    writeU64(bytes, 0, 0n, 'little');
    made.producer.store.write(memfdOf(made).file + 48n, bytes);
    expect(stepsOf(receive(made), 'LUO')).toMatchObject([{ outcome: 'error' }]);
    expect(stepsOf(receive(made, { ram: RAM }), 'LUO')).toMatchObject([{ outcome: 'panic' }]);
  });
});

describe('memblock', () => {
  const wanted = { name: 'trace', size: 0x4000n, align: 4096n };

  test.each([
    [wanted, 'restored', "Revived memory reservation 'trace' from KHO"],
    [{ ...wanted, name: 'other' }, 'fresh allocation', "FDT 'memblock' has no child 'other': -1"],
    [{ ...wanted, size: 0x8000n }, 'fresh allocation', "KHO reserve-mem 'trace' has wrong size (…)"],
    [
      { ...wanted, align: 0x2000_0000n },
      'fresh allocation',
      "KHO reserve-mem 'trace' has wrong alignment (…)",
    ],
  ])('the command line asks for %o', (region, outcome, log) => {
    expect(stepsOf(receive(encode(LUO), { regions: [region] }), 'memblock')).toMatchObject([
      { outcome, log },
    ]);
  });
});
