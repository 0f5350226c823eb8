/** The next kernel, step by step. Log texts and outcomes are those of the documented tables of the receiving kernels. */
import { describe, expect, test } from 'vitest';
import {
  decodeHandover,
  type EncodedHandover,
  encodeScenario,
  findRelease,
  getAbi,
  makeTarget,
  type PageShift,
  parseScenario,
} from '../../src/index.js';
import { logText, type Reception, receiveHandover } from '../../src/receive/index.js';

function encode(text: string, abi: string, shift: PageShift = 12): EncodedHandover {
  return encodeScenario(parseScenario(text, 'test'), makeTarget(getAbi(abi), 'little', shift));
}

function receive(made: EncodedHandover, as: string, fdt: Uint8Array | undefined = made.fdt): Reception {
  const { memory, fdtAddress } = made;
  return receiveHandover(findRelease(as), {
    fdt,
    fdtAddress,
    memory,
    machine: made.target,
    sent: decodeHandover(made.fdt, {
      memory,
      fdtAddress,
      abi: made.target.abi,
      pageShift: made.target.pageShift,
    }),
  });
}

const logs = ({ steps }: Reception): (string | undefined)[] =>
  steps.map(({ log }) => log).filter((log) => log !== undefined);
const stepOf = ({ steps }: Reception, part: string) => steps.find((step) => step.part === part);

const BOOTED = 'init kernel\nluo session vm\nmemblock n1 0x8000000 0x10000\nkho-test 0 1\n';

describe('kho_populate', () => {
  test('an equal kernel boots with it and restores all', () => {
    const reception = receive(encode(BOOTED, 'kho-v4'), '7.3');
    expect(reception.result).toBe('KHO boot');
    expect(logs(reception)).toEqual([
      'KHO: found kexec handover data.',
      // The order of a running 7.3.4.
      "Revived memory reservation 'n1' from KHO",
      'exec from: oracle (count 1)',
      'KHO restore succeeded',
    ]);
  });

  test.each([
    [
      '7.1',
      "KHO: setup: handover FDT (0x100001000) is incompatible with 'kho-v3': 1",
      'KHO: disabling KHO revival',
    ],
    [
      '6.18',
      "KHO: setup: handover FDT (0x100001000) is incompatible with 'kho-v1': 1",
      'KHO: disabling KHO revival: -22',
    ],
  ])('%s boots cold: another version string', (as, first, closing) => {
    const reception = receive(encode(BOOTED, 'kho-v4'), as);
    expect(reception.result).toBe('cold boot');
    expect(logs(reception)).toEqual([first, closing]);
  });

  test('the FDT page is not there', () => {
    const made = encode(BOOTED, 'kho-v4');
    const reception = receiveHandover(findRelease('7.0'), {
      fdt: undefined,
      fdtAddress: 0x1234000n,
      memory: made.memory,
      machine: made.target,
      sent: undefined,
    });
    expect(logs(reception)).toEqual([
      'KHO: setup: failed to memremap FDT (0x1234000)',
      'KHO: disabling KHO revival: -14',
    ]);
  });

  test('a damaged header', () => {
    const made = encode(BOOTED, 'kho-v4');
    const fdt = made.fdt.slice();
    fdt[0] = 0;
    expect(logs(receive(made, '7.3', fdt))).toEqual([
      // FDT_ERR_BADMAGIC
      'KHO: setup: handover FDT (0x100001000) is invalid: -9',
      'KHO: disabling KHO revival',
    ]);
  });

  test('6.19 that was never finalized: map 0, cold boot without a word about it; 6.18 boots without protection', () => {
    const made = encode('subtree memblock 0x240000000 4096\n', 'kho-v1-6.19');
    const cold = receive(made, '7.0');
    expect(cold.result).toBe('cold boot');
    expect(logs(cold)).toEqual(['KHO: disabling KHO revival: -2']);
    expect(stepOf(receive(made, '6.18'), 'memory map')).toMatchObject({ outcome: 'wrong memory' });
  });
});

describe('the memory map', () => {
  const pages = 'page 0x12345 0\npage 0x12200 9\npage 0x9abcd 0\n';

  test('bitmaps of a page read as 512 bytes: preserved pages are lost', () => {
    const reception = receive(encode(pages, 'kho-v1-6.18'), '6.16');
    expect(reception.result).toBe('KHO boot with wrong memory');
    // 0x9abcd is bit 0x2bcd of its bitmap: past the first 4096. 0x12345 is lost as a page, but lies in the block of order 9.
    expect(stepOf(reception, 'memory map')?.why).toContain('4096 of 2105344 preserved bytes');
  });

  test('a 16K tree of 4 levels walked as 5: the kernel follows a bitmap', () => {
    const reception = receive(encode(`init kernel\n${pages}`, 'kho-v3-7.1-rc1', 14), '7.1');
    expect(reception.result).toBe('panic');
    expect(stepOf(reception, 'kexec-metadata')).toBeUndefined();
  });

  test('a 16K tree of 4 levels in its own kernel: order-0 pages become huge blocks', () => {
    const reception = receive(encode(`init kernel\n${pages}`, 'kho-v3-7.1-rc1', 14), '7.1-rc1');
    expect(stepOf(reception, 'memory map')).toMatchObject({ outcome: 'wrong memory' });
  });

  test('a block of 2 GiB: wrong in 7.1, right in 7.2', () => {
    const text = 'init kernel\npage 0x80000 19\n';
    expect(stepOf(receive(encode(text, 'kho-v3'), '7.1'), 'memory map')?.why).toContain('2 GiB');
    expect(stepOf(receive(encode(text, 'kho-v4'), '7.2'), 'memory map')).toMatchObject({ outcome: 'ok' });
  });
});

describe('clients', () => {
  test('LUO of 6.19 panics 7.0: no luo-flb node', () => {
    const reception = receive(encode('init kernel\nluo session vm\n', 'kho-v1-6.19'), '7.0');
    expect(reception.result).toBe('panic');
    expect(stepOf(reception, 'LUO')).toMatchObject({ outcome: 'panic' });
    expect(receive(encode('init kernel\nluo session vm\n', 'kho-v1-6.19'), '6.19').result).toBe('KHO boot');
  });

  test('another LUO version under the same root string panics', () => {
    const reception = receive(encode('client luo luo-v4\ninit kernel\nluo session vm\n', 'kho-v4'), '7.3');
    expect(stepOf(reception, 'LUO')).toMatchObject({
      outcome: 'panic',
      log: "LUO state is incompatible with 'luo-v5'",
    });
  });

  test('an empty trailing block of sessions panics (erratum B9)', () => {
    const sessions = Array.from({ length: 51 }, (_, index) => `luo session s${index}`);
    const reception = receive(
      encode(['init kernel', ...sessions, 'luo session s0'].join('\n'), 'kho-v4'),
      '7.3',
    );
    expect(stepOf(reception, 'LUO')).toMatchObject({ outcome: 'panic' });
    expect(reception.result).toBe('panic');
  });

  test('a self-test of 6.17 in 6.18: the restore fails', () => {
    // 6.17.9 writes the inline list under the ABI of 6.18; here the 6.16 format stands for it.
    const reception = receive(encode('kho-test 0 0 0\n', 'kho-v1-6.16'), '6.17');
    expect(stepOf(reception, 'kho_test')).toMatchObject({
      outcome: 'restored',
      log: 'KHO restore succeeded',
    });
    expect(
      receive(encode('kho-test 0 0 0\n', 'kho-v1-6.18'), '6.17.9').steps.find(
        ({ part }) => part === 'kho_test',
      ),
    ).toMatchObject({ outcome: 'error' });
  });

  test('absent clients: ignored, or allocated afresh', () => {
    const reception = receive(encode('init kernel\n', 'kho-v4'), '7.3');
    expect(stepOf(reception, 'LUO')).toMatchObject({ outcome: 'ignored' });
    expect(stepOf(reception, 'memblock')).toMatchObject({ outcome: 'fresh allocation' });
  });

  test('a subtree that nobody there knows', () => {
    const reception = receive(encode('init kernel\nsubtree iommu 0x240000000 64\n', 'kho-v4'), '7.3');
    expect(stepOf(reception, 'iommu')).toMatchObject({ outcome: 'ignored' });
  });
});

test('log texts are filled like printf', () => {
  expect(logText('a %s (0x%llx): %d', 'x', 255n, -2)).toBe('a x (0xff): -2');
  expect(logText("no '%.*s' %pe %zu < %zu", 'name', -22, 3, 32)).toBe("no 'name' -EINVAL 3 < 32");
  expect(logText('left %s as it is')).toBe('left %s as it is');
});
