/** Consoles of kernels that really ran, shortened. */
import { describe, expect, test } from 'vitest';
import { consoleIsOver, judgeBoot, NOTHING_EXPECTED, readConsole } from '../../src/boot/index.js';

const GOOD = `[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x000f0510]
[    0.000000] Linux version 7.3.4 (kho@lab) (aarch64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0) #1 SMP PREEMPT
[    0.000000] KHO: found kexec handover data.
[    0.000000] Revived memory reservation 'trace' from KHO
[    0.170394] luo: Retrieved live update data, liveupdate number: 2
[    0.767645] KHO: exec from: 7.3.4-kho-abi (count 3)
[    0.844255] test_kho: KHO restore succeeded
[    1.308987] KHOABI: boot second release=7.3.4 page-size=0x1000
[    1.382690] KHOABI: begin in/fdt 405
[    1.382700] KHOABI: | 0A3+7QAAAZUAAAA4AAABXAAAACgAAAARAAAAEAAAAAAAAAA5
[    1.453051] KHOABI: memory 0x54c00000 ok size=0x100000 crc=0x3383be0c
[    1.468798] KHOABI: session vm-alpha ok
[    1.488811] KHOABI: session vm-alpha file 0x1 ok size=0x50000 pos=0x10 seals=0xf crc=0x6dddf271
[    1.498321] KHOABI: session vm-alpha finish ok
[    1.502563] KHOABI: done ok=12 fail=0
[    1.502595] KHOABI: power-off
[    1.516237] reboot: Power down
`;

const PANIC = `[    0.000000] Linux version 7.3.4 (kho@lab)
[    0.000000] KHO: found kexec handover data.
[    0.104645] luo: LUO state is incompatible with 'luo-v5'
[    0.104700] Kernel panic - not syncing: The incoming tree failed to initialize properly [-EINVAL], disabling live update
[    0.104800] ---[ end Kernel panic - not syncing: The incoming tree failed to initialize properly [-EINVAL], disabling live update ]---
`;

const EXPECTED = {
  sessions: [
    {
      name: 'vm-alpha',
      files: [{ token: 1n, size: 0x50000n, position: 16n, seals: 15, crc: 0x6dddf271 }],
    },
  ],
  memory: [{ address: 0x54c00000n, bytes: 0x100000n, crc: 0x3383be0c }],
  regions: ['trace'],
  metadata: { release: '7.3.4-kho-abi', count: 3 },
  khoTest: true,
};

describe('a boot that took all', () => {
  const seen = readConsole(GOOD);

  test('is read', () => {
    expect(seen).toMatchObject({
      release: '7.3.4',
      found: true,
      disabled: false,
      execFrom: { release: '7.3.4-kho-abi', count: 3 },
      khoTest: 'succeeded',
      revived: ['trace'],
      luoNumber: 2,
      trouble: [],
      panic: undefined,
      guest: 'second',
      finished: true,
    });
    expect(seen.checks.map(({ what }) => what)).toEqual([
      'memory 0x54c00000',
      'session vm-alpha',
      'session vm-alpha file 0x1',
      'session vm-alpha finish',
    ]);
    expect(seen.messages.some((line) => line.includes('0A3+7Q'))).toBe(false);
  });

  test('is accepted', () => {
    const { accepted, items } = judgeBoot(EXPECTED, seen);
    expect(items.filter(({ ok }) => !ok)).toEqual([]);
    expect(accepted).toBe(true);
  });

  test.each([
    ['Revived memory', 'memblock trace'],
    ['exec from: 7.3.4-kho-abi (count 3)', 'kexec-metadata'],
    ['KHO restore succeeded', 'kho_test'],
    ['found kexec handover', 'handover'],
    ['file 0x1 ok', 'session vm-alpha file 0x1'],
    ['finish ok', 'session vm-alpha finish'],
    ['memory 0x54c00000 ok', 'memory 0x54c00000'],
    ['KHOABI: done', 'guest program'],
  ])('is not accepted without "%s"', (text, what) => {
    const cut = GOOD.split('\n')
      .filter((line) => !line.includes(text))
      .join('\n');
    const { accepted, items } = judgeBoot(EXPECTED, readConsole(cut));
    expect(accepted).toBe(false);
    expect(items.filter(({ ok }) => !ok).map((item) => item.what)).toEqual([what]);
  });

  test.each([
    'WARNING: lib/refcount.c:28 at refcount_warn_saturate+0xec/0x13c, CPU#0: init/1',
    'BUG: Bad page state in process init  pfn:54d40',
    'Unable to handle kernel NULL pointer dereference at virtual address 0000000000000046',
    'Internal error: Oops: 0000000096000006 [#1]  SMP',
  ])('is not accepted with "%s"', (line) => {
    const { accepted, items } = judgeBoot(EXPECTED, readConsole(`${GOOD}[    1.600000] ${line}\n`));
    expect(accepted).toBe(false);
    expect(items.filter(({ ok }) => !ok)).toEqual([{ what: 'kernel log', ok: false, seen: line }]);
  });
});

test('a panic is seen, once, and ends the run', () => {
  const seen = readConsole(PANIC);
  expect(seen.panic).toContain('incoming tree failed');
  expect(seen.trouble).toHaveLength(1);
  expect(seen.guest).toBeUndefined();
  expect(judgeBoot(NOTHING_EXPECTED, seen).accepted).toBe(false);
  expect(consoleIsOver(PANIC)).toBe(true);
});

test('a kernel that was given no program ends in a panic that is not its fault', () => {
  const text = GOOD.split('\n')
    .filter((line) => !line.includes('KHOABI') && !line.includes('reboot'))
    .join('\n');
  const end = '[    1.3] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n';
  const { accepted } = judgeBoot({ ...EXPECTED, sessions: [], memory: [] }, readConsole(text + end));
  expect(accepted).toBe(true);
  expect(consoleIsOver(text)).toBe(false);
  expect(consoleIsOver(text + end)).toBe(true);
});

test('a refused handover', () => {
  const seen = readConsole(
    "[    0.000000] KHO: setup: handover FDT (0x4cc01000) is incompatible with 'kho-v4': 1\n[    0.000000] KHO: disabling KHO revival\n",
  );
  expect(seen).toMatchObject({ found: false, disabled: true });
  expect(judgeBoot(NOTHING_EXPECTED, seen).items[0]).toEqual({
    what: 'handover',
    ok: false,
    seen: 'refused',
  });
});
