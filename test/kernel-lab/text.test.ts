/** Parts of scripts/kernel that only work on text and bytes. Nothing here runs make or QEMU. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  cacheKey,
  configText,
  kernelOptions,
  lostOptions,
  mergeFragments,
  parseFragment,
} from '../../scripts/kernel/lib/config.mjs';
import { writeCpio } from '../../scripts/kernel/lib/cpio.mjs';
import { announced } from '../../scripts/kernel/lib/kernel-facts.mjs';
import { messageKind, QmpLines } from '../../scripts/kernel/lib/qmp.mjs';
import {
  consoleLines,
  guestFiles,
  guestLines,
  guestPages,
  guestVerdicts,
  kernelTrouble,
  kernelWalk,
  splitBoots,
} from '../../scripts/kernel/lib/serial.mjs';

describe('kernel options', () => {
  test('later fragments win, and off is written as a comment', () => {
    const merged = mergeFragments(parseFragment('# why\nA=y\nB=n\n'), parseFragment('A=n\nC=18\n'));
    expect(configText(merged)).toBe('# CONFIG_A is not set\n# CONFIG_B is not set\nCONFIG_C=18\n');
  });

  test.each(['CONFIG_A', 'a=y', 'A=maybe', 'A=y B=y'])('%s is no option', (line) => {
    expect(() => parseFragment(`${line}\n`, 'x')).toThrow(`x:1: not an option: ${line}`);
  });

  test('an option that vanished or changed is found; one that was to be off may be missing', () => {
    const asked = parseFragment('KEPT=y\nGONE=y\nOFF=n\nCHANGED=18\n');
    const came = 'CONFIG_KEPT=y\n# CONFIG_GONE is not set\nCONFIG_CHANGED=17\n';
    expect(lostOptions(asked, came)).toEqual(['GONE=y became n', 'CHANGED=18 became 17']);
    expect(lostOptions(parseFragment('OFF=n\n'), 'CONFIG_OFF=y\n')).toEqual(['OFF=n became y']);
  });

  test('page sizes differ in their own fragment, and --set comes last', () => {
    expect(kernelOptions('arm64', '16K').get('ARM64_16K_PAGES')).toBe('y');
    expect(kernelOptions('arm64', '64K').has('ARM64_16K_PAGES')).toBe(false);
    expect(kernelOptions('x86_64', '4K', ['NUMA=n']).get('NUMA')).toBe('n');
    for (const arch of ['x86_64', 'arm64'])
      expect(kernelOptions(arch, '4K').get('KEXEC_HANDOVER_DEBUGFS')).toBe('y');
  });

  test('the cache key follows source, options and compiler, not the order of options', () => {
    const base = { version: '7.3.4', arch: 'arm64', pageSize: '4K', compiler: 'gcc 12' };
    const key = cacheKey({ ...base, options: parseFragment('A=y\nB=y') });
    expect(cacheKey({ ...base, options: parseFragment('B=y\nA=y') })).toBe(key);
    expect(key).toMatch(/^arm64-4K-[0-9a-f]{16}$/);
    const others = [
      cacheKey({ ...base, options: parseFragment('A=y') }),
      cacheKey({ ...base, options: parseFragment('A=y\nB=y'), version: '7.3.5' }),
      cacheKey({ ...base, options: parseFragment('A=y\nB=y'), compiler: 'gcc 13' }),
    ];
    expect(new Set([key, ...others]).size).toBe(4);
  });
});

describe('cpio', () => {
  test('a member by hand: head, name, data, each padded to four', () => {
    const bytes = writeCpio([{ name: 'ab', content: 'xyz' }]);
    const fields = ['1', '81a4', '0', '0', '1', '0', '3', '0', '0', '0', '0', '3', '0'];
    const head = `070701${fields.map((field) => field.padStart(8, '0')).join('')}`;
    expect(head).toHaveLength(110);
    expect(bytes.toString('latin1', 0, 120)).toBe(`${head}ab\0\0\0\0xyz\0`);
    expect(bytes.toString('latin1', 120, 126)).toBe('070701');
    expect(bytes.includes('TRAILER!!!')).toBe(true);
    expect(bytes.length % 512).toBe(0);
  });

  test('cpio, where there is one, reads what was written', (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'cpio-'));
    try {
      const entries = [
        { name: 'd', folder: true },
        { name: 'd/f', content: 'content', mode: 0o755 },
        { name: 'empty' },
      ];
      writeFileSync(join(folder, 'a.cpio'), writeCpio(entries));
      try {
        execFileSync('cpio', ['--extract', '--quiet', '--file', 'a.cpio'], { cwd: folder, stdio: 'pipe' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') context.skip('cpio is missing');
        throw error;
      }
      expect(readdirSync(folder).sort()).toEqual(['a.cpio', 'd', 'empty']);
      expect(readFileSync(join(folder, 'd/f'), 'utf8')).toBe('content');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each(['', '/absolute'])('%j is no name', (name) => {
    expect(() => writeCpio([{ name }])).toThrow('not a name for cpio');
  });
});

describe('QMP', () => {
  test('lines come in pieces', () => {
    const lines = new QmpLines();
    expect(lines.push('{"QMP": {}}\r\n{"ret')).toEqual([{ QMP: {} }]);
    expect(lines.push('urn": {}}\n{"event": "STOP"}\n')).toEqual([{ return: {} }, { event: 'STOP' }]);
  });

  test.each([
    [{ QMP: {} }, 'greeting'],
    [{ event: 'STOP' }, 'event'],
    [{ return: {} }, 'answer'],
    [{ error: { class: 'GenericError', desc: 'no' } }, 'error'],
  ])('%j is a %s', (message, kind) => {
    expect(messageKind(message)).toBe(kind);
  });

  test('anything else is refused', () => {
    expect(() => messageKind({ hello: 1 })).toThrow('not a QMP message');
  });
});

const BLOB = Buffer.from([0, 1, 2, 250, 251, 252, 253]);
const CRC = `crc=0x${crc32(BLOB).toString(16).padStart(8, '0')}`;
const CONSOLE = [
  'firmware',
  '[    0.000000] Booting Linux on physical CPU 0x0',
  '[    0.000000] Linux version 7.3.4 (a@b)',
  '[    1.500000] KHOABI: session vm ok',
  '[    1.500001] KHOABI: pages vm 0x1 index=0 pfn=0x40571 count=5',
  '[    1.600000][    T1] KHOABI: begin out/fdt 7',
  `[    1.600000] KHOABI: | ${BLOB.toString('base64')}`,
  '[    1.600000] random: a message of the kernel',
  `[    1.600000] KHOABI: end out/fdt ${CRC}`,
  '[    0.000000] Linux version 7.3.4 (a@b)',
  '[    0.000000] __memblock_reserve: [0x0000000140000000-0x00000001401fffff] nid=-1 flags=0 kho_preserved_memory_reserve+0x98/0xec',
  '[    0.000000] __memblock_reserve: [0x0000000000001000-0x0000000000001fff] nid=-1 flags=0 setup_arch+0x1/0x2',
  '[    2.000000] KHOABI: session vm file 0x1 FAIL size=0x10 want size=0x20',
  '[    2.000000] WARNING: mm/page_alloc.c:1 at something',
].join('\r\n');

describe('console', () => {
  const boots = splitBoots(consoleLines(CONSOLE));

  test('two kernels, whether they name their processor first or not', () => {
    expect(boots.map((lines) => lines.length)).toEqual([8, 5]);
    expect(boots[0]![2]).toEqual({ time: 1.5, text: 'KHOABI: session vm ok' });
  });

  test('files, verdicts and page frames of the guest', () => {
    const first = guestLines(boots[0]!);
    expect(guestFiles(first)).toEqual(new Map([['out/fdt', BLOB]]));
    expect(guestVerdicts(first)).toEqual([{ what: 'session vm', ok: true, numbers: '' }]);
    expect(guestPages(first)).toEqual([{ session: 'vm', token: '0x1', index: 0, pfn: '0x40571', count: 5 }]);
    expect(guestVerdicts(guestLines(boots[1]!))).toEqual([
      { what: 'session vm file 0x1', ok: false, numbers: 'size=0x10 want size=0x20' },
    ]);
  });

  test('a file that lost a line, or has no end, is refused', () => {
    const first = guestLines(boots[0]!);
    expect(() => guestFiles(first.filter((line) => !line.startsWith('|')))).toThrow('0 of 7 bytes');
    expect(() => guestFiles(first.filter((line) => !line.startsWith('end')))).toThrow('out/fdt has no end');
  });

  test('only what KHO reserved is the walk; a warning is trouble', () => {
    expect(kernelWalk(boots[1]!)).toEqual([['0x140000000', 0x200000]]);
    expect(kernelTrouble(boots[0]!)).toEqual([]);
    expect(kernelTrouble(boots[1]!)).toEqual(['WARNING: mm/page_alloc.c:1 at something']);
  });
});

describe('what the boot protocol announced', () => {
  const values = [0x40a2e000n, 0x1000n, 0x7e7f0000n, 0x30n];
  const expected = { fdt: '0x40a2e000', fdtSize: '0x1000', scratch: '0x7e7f0000', scratchSize: '0x30' };

  test('arm64: big-endian cells below /chosen', () => {
    const cells = Buffer.alloc(32);
    for (const [index, value] of values.entries()) cells.writeBigUInt64BE(value, index * 8);
    const files = new Map([
      ['chosen/linux,kho-fdt', cells.subarray(0, 16)],
      ['chosen/linux,kho-scratch', cells.subarray(16)],
    ]);
    expect(announced(files)).toEqual(expected);
  });

  test('x86: the setup_data node of type 10, little endian, among others', () => {
    const data = Buffer.alloc(32);
    for (const [index, value] of values.entries()) data.writeBigUInt64LE(value, index * 8);
    const files = new Map([
      ['setup_data/0/type', Buffer.from('0x9\n')],
      ['setup_data/0/data', Buffer.alloc(32)],
      ['setup_data/1/type', Buffer.from('0xa\n')],
      ['setup_data/1/data', data],
    ]);
    expect(announced(files)).toEqual(expected);
    expect(() => announced(new Map())).toThrow('told the second kernel of no handover');
  });
});
