/** What clients write and in which order. Orders are those of golden/scenarios/README.md, section Clients; bytes are the kernel's or libfdt's. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { clientFormats, csumPartial, foldChecksum, toHex } from '../../src/index.js';
import { thrown } from '../support/errors.js';
import { native, u16, u32, u64 } from '../support/native.js';
import { BASE, capture, LATEST, libfdtTree, setUp } from './support.js';

const KERNEL = 'linux-7.3.4-x86_64-4k';
const REGIONS = [
  { name: 'n1', start: 0x3e70_0000n, size: 0x10_0000n },
  { name: 'trace', start: 0x3e40_0000n, size: 0x20_0000n },
];

describe('order of pages and keys', () => {
  test('everything at boot, then a session with a memfd', () => {
    const { host, clients } = setUp({});
    const done = clients.boot({
      memblock: [REGIONS[0]!],
      luo: { number: 1n },
      khoTest: [0, 1],
      metadata: { release: '7.3.4', count: 1 },
    });
    expect(done).toEqual(
      ['kexec-metadata', 'kho-test', 'luo', 'memblock'].map((client) => ({ client, result: 0 })),
    );
    clients.session('a');
    const folios = [{ pfn: 0x1555n, count: 2, order: 0 }];
    clients.memfd({ token: 1n, size: 8192n, position: 0n, seals: 0, folios });
    expect(host.log).toEqual([
      'folio 100000 0',
      'subtree kexec-metadata 100000000 73',
      // get_order(16 + 4096) is 1; the list takes page 4, the folios pages 5 and 6 to 7.
      'folio 100002 1',
      'folio 100005 0',
      'folio 100006 1',
      'vmalloc 2',
      'pages 100008 1',
      'pages 100004 1',
      'subtree kho_test 100002000 240',
      'folio 100009 0',
      'folio 10000a 0',
      'subtree LUO 100009000 32',
      'pages 10000b 1',
      'pages 3e700 256',
      'subtree memblock 10000b000 206',
      'folio 10000c 0',
      'folio 10000d 0',
      // The structure, then the array's page (15), then the folios and the chunk list.
      'folio 10000e 0',
      'folio 1555 0',
      'folio 1556 0',
      'vmalloc 2',
      'pages 100010 1',
      'pages 10000f 1',
    ]);
    expect(clients.finalize()).toEqual([]);
  });

  test('at finalize: pages are taken at boot, the rest happens in the notifiers, as often as they are called', () => {
    const { host, clients } = setUp({
      ids: { registeredAt: 'finalize', khoTest: 'kho-test-v1-6.17', luo: undefined, memfd: undefined },
    });
    expect(clients.boot({ khoTest: [1, 0], memblock: [REGIONS[0]!] })).toEqual([]);
    expect(host.log).toEqual([]);
    const once = [
      'folio 100000 1',
      'folio 100002 1',
      'folio 100004 0',
      // 232 bytes of a tree without a list, and 16 for it.
      'subtree kho_test 100000000 240',
      'pages 3e700 256',
      'folio 100005 0',
      'subtree memblock 100005000 206',
    ];
    expect(clients.finalize().map(({ result }) => result)).toEqual([0, 0]);
    expect(host.log).toEqual(once);
    clients.finalize();
    expect(host.log).toEqual([...once, ...once]);
  });

  test.each([
    ['luo-v1-6.19', ['folio 100000 0', 'folio 100010 4', 'subtree LUO 100000000 236', 'folio 100020 1']],
    [
      'luo-v1',
      ['folio 100000 0', 'folio 100010 4', 'folio 100020 0', 'subtree LUO 100000000 311', 'folio 100022 1'],
    ],
    [
      'luo-v2',
      [
        'folio 100000 0',
        'folio 100001 0',
        'folio 100010 4',
        'folio 100020 0',
        'subtree LUO 100000000 146',
        'folio 100022 1',
      ],
    ],
    [
      'luo-v3',
      ['folio 100000 0', 'folio 100010 4', 'folio 100020 0', 'subtree LUO 100000000 32', 'folio 100022 1'],
    ],
    [
      'luo-v4',
      ['folio 100000 0', 'folio 100001 0', 'subtree LUO 100000000 32', 'folio 100002 0', 'folio 100004 1'],
    ],
    [
      'luo-v5',
      ['folio 100000 0', 'folio 100001 0', 'subtree LUO 100000000 32', 'folio 100002 0', 'folio 100003 0'],
    ],
  ] as const)('%s with a session and a file', (luo, log) => {
    const { host, clients } = setUp({ ids: { luo } });
    clients.boot({ luo: { number: 1n } });
    clients.session('a');
    clients.file('x', 1n, 2n);
    clients.file('x', 2n, 2n);
    clients.finish();
    expect(host.log).toEqual(log);
  });
});

describe('device trees', () => {
  test('memblock, metadata and LUO without sessions are those of a running 7.3.4', () => {
    const { host, clients } = setUp({});
    clients.boot({ luo: { number: 1n }, metadata: { release: '7.3.4', count: 1 }, memblock: REGIONS });
    const kernel = (name: string): Buffer => readFileSync(capture(KERNEL, `debugfs-out-sub_fdts-${name}`));
    expect(host.bytes(BASE + 0x3000n, 290)).toEqual(kernel('memblock'));
    expect(host.bytes(BASE, 73)).toEqual(kernel('kexec-metadata'));
    const luo = kernel('LUO');
    luo.writeBigUInt64LE(BASE + 0x2000n, 24);
    expect(host.bytes(BASE + 0x1000n, 32)).toEqual(luo);
    // Bytes after totalsize are no part of the ABI and stay zero.
    expect(host.bytes(BASE + 0x3000n + 290n, 4096 - 290).every((byte) => byte === 0)).toBe(true);
  });

  test('the self-test is that of a running 7.3.4, but for its numbers', () => {
    const { host, clients } = setUp({});
    clients.boot({ khoTest: [0, 1] });
    const kernel = readFileSync(capture(KERNEL, 'debugfs-out-sub_fdts-kho_test'));
    native('little', u32(2)).copy(kernel, 0x88);
    // Tree 0 to 1, list 2, folios 3 and 4 to 5, chunk 6: one page, VM_ALLOC, order 0.
    native('little', u64(BASE + 0x6000n), u32(1), u16(1), u16(0)).copy(kernel, 0x98);
    // Low words 0x3000 + 0x4000 + 0x5000, high words 1 + 1 + 1.
    native('little', u32(0xc003)).copy(kernel, 0xb4);
    expect(host.bytes(BASE, 240)).toEqual(kernel);
    expect(host.bytes(BASE + 0x2000n, 24)).toEqual(
      native('little', u64(BASE + 0x3000n), u64(BASE + 0x4001n), u64(0)),
    );
    expect(host.bytes(BASE + 0x5000n, 16)).toEqual(native('little', u64(BASE + 0x5000n), u64(0)));
  });

  test.each(['little', 'big'] as const)('as libfdt writes them, %s endian', (order) => {
    for (const luo of ['luo-v1-6.19', 'luo-v1', 'luo-v2']) {
      const { host, clients } = setUp({ ids: { luo }, order });
      clients.boot({ luo: { number: 1n } });
      const tree = libfdtTree(luo, order);
      expect(toHex(host.bytes(BASE, tree.length))).toBe(toHex(tree));
    }
    const { host, clients } = setUp({ order });
    clients.boot({ memblock: [{ name: 'n1', start: 0x1234_0000n, size: 0x2_0000n }] });
    expect(toHex(host.bytes(BASE, 206))).toBe(toHex(libfdtTree('memblock', order)));
  });

  test.each(['little', 'big'] as const)('the inline list of the self-test, %s endian', (order) => {
    const { host, clients } = setUp({
      order,
      ids: { registeredAt: 'finalize', khoTest: 'kho-test-v1-6.17' },
    });
    // Tree 0 to 1, folios 2 to 3, 4 and 8 to 11.
    clients.boot({ khoTest: [1, 0, 2] });
    clients.finalize();
    const tree = Buffer.from(libfdtTree('kho-test-inline', order));
    // Low words in thousands (hex): 2 + 3, then 4, then 8 + 9 + a + b; one high word of 1 for each page. x86_64 adds all of them;
    // the others fold each folio: 5002, 4001, and 2_6004 makes 6006.
    const sum = native(order, u32(order === 'little' ? 0x2f007 : 0xf009));
    sum.copy(tree, tree.indexOf(native(order, u32(0x12345678))));
    expect(toHex(host.bytes(BASE, 248))).toBe(toHex(tree));
  });

  test('totalsizes that the kernel has', () => {
    const size = (regions: number, name: string): string => {
      const { host, clients } = setUp({});
      clients.boot({
        memblock: Array.from({ length: regions }, (_, index) => ({
          name: `${name}${index}`,
          start: 0n,
          size: 4096n,
        })),
      });
      return host.log.at(-1)!.split(' ')[3]!;
    };
    expect([size(1, 'n'), size(2, 'n'), size(8, 'n')]).toEqual(['206', '286', '766']);
  });
});

describe('checksum', () => {
  const words = (...values: number[]): Buffer => native('little', ...values.map(u32));

  test.each([
    // End-around carry: ffffffff + 2 = 1_00000001, and the carry makes it 2.
    ['x86_64', [0xffffffff, 2], 0, 2],
    ['aarch64', [0xffffffff, 2], 0, 2],
    // x86_64 keeps 32 bits, the others fold each buffer: 0001 + ffff = 10000, 0000 + 1 = 1.
    ['x86_64', [0x0001ffff], 5, 0x20004],
    ['aarch64', [0x0001ffff], 5, 6],
    // Minus zero stays ffffffff, or ffff.
    ['x86_64', [0xffffffff, 0xffffffff], 0, 0xffffffff],
    ['aarch64', [0xffffffff, 0xffffffff], 0, 0xffff],
    ['x86_64', [0, 0], 0, 0],
    ['aarch64', [1, 0], 0xffffffff, 1],
  ] as const)('%s %j from %i', (machine, values, seed, expected) => {
    expect(csumPartial(words(...values), seed, 'little', machine)).toBe(expected);
  });

  test('all machines agree once folded', () => {
    const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919) & 0xff));
    const x86 = csumPartial(bytes, 0, 'little', 'x86_64');
    const arm = csumPartial(bytes, 0, 'little', 'aarch64');
    expect(x86).not.toBe(arm);
    expect(foldChecksum(x86)).toBe(foldChecksum(arm));
    // RFC 1071 by 16-bit words, a second time.
    let sum = 0;
    for (let at = 0; at < 4096; at += 2) sum += bytes.readUInt16LE(at);
    while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
    expect(foldChecksum(arm)).toBe(sum);
  });
});

describe('results and refusals', () => {
  test('a partial page is dropped, or refused where the kernel refuses it', () => {
    const odd = { name: 'odd', start: 0x1000n, size: 0x1801n };
    const dropped = setUp({});
    dropped.clients.boot({ memblock: [odd, { ...odd, name: 'tiny', size: 1n }] });
    expect(dropped.host.log.slice(0, 2)).toEqual(['pages 100000 1', 'pages 1 1']);
    const refused = setUp({ ids: { registeredAt: 'finalize', partialPage: 'refused' } });
    refused.clients.boot({ memblock: [odd] });
    expect(refused.clients.finalize()).toEqual([{ client: 'memblock', result: -22 }]);
    expect(refused.host.log).toEqual([]);
  });

  test('an error of preserving is the result of registering', () => {
    const { host, clients } = setUp({ ids: { registeredAt: 'finalize' } });
    clients.boot({ memblock: [REGIONS[0]!] });
    host.result = -12;
    expect(clients.finalize()).toEqual([{ client: 'memblock', result: -12 }]);
  });

  test.each([
    [
      'nine regions',
      { memblock: Array.from({ length: 9 }, (_, index) => ({ ...REGIONS[0]!, name: `n${index}` })) },
      'too many',
    ],
    ['two regions of one name', { memblock: [REGIONS[0]!, REGIONS[0]!] }, 'one name'],
    ['a long name', { memblock: [{ ...REGIONS[0]!, name: 'x'.repeat(16) }] }, '1 to 15'],
    ['a region inside a page', { memblock: [{ ...REGIONS[0]!, start: 8n }] }, 'begins at a page'],
    ['an empty region', { memblock: [{ ...REGIONS[0]!, size: 0n }] }, 'not empty'],
  ])('%s', (_what, plan, text) => {
    const error = thrown(() => setUp({}).clients.boot(plan));
    expect(error.code).toBe('E_SCENARIO');
    expect(error.message).toContain(text);
  });

  test('what an ABI does not have', () => {
    const none = {
      metadata: undefined,
      khoTest: undefined,
      luo: undefined,
      memfd: undefined,
      memblock: undefined,
    };
    const boot = (plan: object) => thrown(() => setUp({ ids: none }).clients.boot(plan)).code;
    expect(boot({ metadata: { release: 'x', count: 1 } })).toBe('E_SCENARIO');
    expect(boot({ khoTest: [0] })).toBe('E_SCENARIO');
    expect(boot({ luo: { number: 1n } })).toBe('E_SCENARIO');
    expect(boot({ memblock: REGIONS })).toBe('E_SCENARIO');
    expect(thrown(() => setUp({}).clients.session('a')).code).toBe('E_SCENARIO');
    expect(thrown(() => clientFormats({ ...LATEST, luo: 'memfd-v1' })).message).toContain(
      'not a format of luo',
    );
  });
});
