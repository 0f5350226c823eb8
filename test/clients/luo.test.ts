/** All forms of LUO, both byte orders, three page sizes: bytes written by hand against what is written and what is read. */
import { describe, expect, test } from 'vitest';
import { decodeClient, getAbi, type LuoData, type MemfdData, makeTarget, toHex } from '../../src/index.js';
import { dump, native, type Order, text, u16, u32, u64 } from '../support/native.js';
import { BASE, libfdtTree, setUp } from './support.js';

const FORMS = ['luo-v1-6.19', 'luo-v1', 'luo-v2', 'luo-v3', 'luo-v4', 'luo-v5'] as const;
type Form = (typeof FORMS)[number];

/** Arena page of each structure, by the rules of golden/scenarios/README.md; array blocks are aligned to their size. */
const PAGES: Record<Form, { header?: number; sessions: number; flbs?: number; files: number }> = {
  'luo-v1-6.19': { sessions: 16, files: 32 },
  'luo-v1': { sessions: 16, flbs: 32, files: 34 },
  'luo-v2': { header: 1, sessions: 16, flbs: 32, files: 34 },
  'luo-v3': { sessions: 16, flbs: 32, files: 34 },
  'luo-v4': { flbs: 1, sessions: 2, files: 4 },
  'luo-v5': { flbs: 1, sessions: 2, files: 3 },
};

/** The same state in every form: session a with one file, session b without, FLB f. */
function byHand(form: Form, order: Order, shift: number): Record<string, Uint8Array> {
  const at = (page: number | undefined): bigint =>
    page === undefined ? 0n : BASE + (BigInt(page) << BigInt(shift));
  const { header, sessions, flbs, files } = PAGES[form];
  const place = (page: number): string => `${at(page)}`;
  const session = (name: string, address: bigint, count: number) =>
    native(order, text(name, 64), u64(address), u64(count));
  const entries = [session('a', at(files), 1), session('b', 0n, 0)];
  const file = native(order, text('some-file', 48), u64(0x1122n), u64(7));
  const block = (count: number) => native(order, u64(0), u64(count));
  const pages: Record<string, Uint8Array> = {};
  const root = (...addresses: bigint[]) => native(order, u64(1), ...addresses.map(u64));
  if (form === 'luo-v2') {
    pages[place(0)] = tree('luo-v2', order, shift, { 4294971392: at(1) });
    pages[place(header!)] = root(at(sessions), at(flbs));
  } else if (form === 'luo-v1' || form === 'luo-v1-6.19') {
    pages[place(0)] = tree(form, order, shift, { 4295032832: at(sessions), 4295098368: at(flbs) });
  } else pages[place(0)] = Buffer.concat([native(order, text(form, 8)), root(at(sessions), at(flbs))]);
  const chained = form === 'luo-v4' || form === 'luo-v5';
  pages[place(sessions)] = Buffer.concat([chained ? block(2) : native(order, u64(2)), ...entries]);
  pages[place(files)] = form === 'luo-v5' ? Buffer.concat([block(1), file]) : file;
  if (flbs !== undefined) {
    pages[place(flbs)] = native(order, u64(1), u64(1), text('f', 48), u64(0xfeedn), u64(3));
  }
  return pages;
}

/** A tree of libfdt with its addresses, which are those of 4K pages, replaced. */
function tree(name: string, order: Order, shift: number, addresses: Record<number, bigint>): Buffer {
  const bytes = Buffer.from(libfdtTree(name, order));
  if (shift === 12) return bytes;
  for (const [old, address] of Object.entries(addresses)) {
    const found = bytes.indexOf(native(order, u64(BigInt(old))));
    if (found >= 0) native(order, u64(address)).copy(bytes, found);
  }
  return bytes;
}

const CASES = FORMS.flatMap((form) =>
  (['little', 'big'] as const).flatMap((order) =>
    ([12, 14, 16] as const).map((shift) => [form, order, shift] as const),
  ),
);

describe.each(CASES)('%s, %s endian, page shift %i', (form, order, shift) => {
  const pages = byHand(form, order, shift);
  const target = makeTarget(getAbi('kho-v4'), order, shift);

  test('is written', () => {
    const { host, clients } = setUp({ ids: { luo: form }, order, pageShift: shift });
    clients.boot({ luo: { number: 1n } });
    clients.session('a');
    clients.file('some-file', 7n, 0x1122n);
    clients.session('b');
    if (PAGES[form].flbs !== undefined) clients.flb('f', 0xfeedn, 3n);
    clients.finish();
    for (const [address, bytes] of Object.entries(pages)) {
      expect(toHex(host.bytes(BigInt(address), bytes.length)), address).toBe(toHex(bytes));
      const rest = host.bytes(BigInt(address) + BigInt(bytes.length), 2 ** shift - bytes.length);
      expect(rest.every((byte) => byte === 0)).toBe(true);
    }
  });

  test('is read, every value with its address', () => {
    const size = form.startsWith('luo-v1') || form === 'luo-v2' ? undefined : 32n;
    const read = decodeClient('LUO', BASE, size, dump(shift, pages), target);
    expect(read.problems.map(({ erratum, kind }) => ({ erratum, kind }))).toEqual(
      form === 'luo-v1-6.19' ? [{ erratum: 'B8', kind: 'note' }] : [],
    );
    expect({ component: read.component, format: read.format }).toEqual({ component: 'luo', format: form });
    const data = read.data as LuoData;
    const at = (page: number, offset: number): bigint =>
      BASE + (BigInt(page) << BigInt(shift)) + BigInt(offset);
    const { sessions, flbs, files } = PAGES[form];
    const first = form === 'luo-v4' || form === 'luo-v5' ? 16 : 8;
    const fileAt = form === 'luo-v5' ? 16 : 0;
    expect(data.liveupdateNumber?.value).toBe(1n);
    expect(data.sessionsAddress?.value).toBe(at(sessions, 0));
    expect(data.sessions).toEqual([
      {
        address: at(sessions, first),
        name: { value: 'a', address: at(sessions, first) },
        filesAddress: { value: at(files, 0), address: at(sessions, first + 64) },
        count: { value: 1n, address: at(sessions, first + 72) },
        files: [
          {
            address: at(files, fileAt),
            compatible: { value: 'some-file', address: at(files, fileAt) },
            data: { value: 0x1122n, address: at(files, fileAt + 48) },
            token: { value: 7n, address: at(files, fileAt + 56) },
            memfd: undefined,
          },
        ],
      },
      {
        address: at(sessions, first + 80),
        name: { value: 'b', address: at(sessions, first + 80) },
        filesAddress: { value: 0n, address: at(sessions, first + 144) },
        count: { value: 0n, address: at(sessions, first + 152) },
        files: [],
      },
    ]);
    expect(data.flbs).toEqual(
      flbs === undefined
        ? []
        : [
            {
              address: at(flbs, 16),
              name: { value: 'f', address: at(flbs, 16) },
              data: { value: 0xfeedn, address: at(flbs, 64) },
              count: { value: 3n, address: at(flbs, 72) },
            },
          ],
    );
    expect(read.references.map(({ what, address, bytes }) => [what, address, bytes])).toEqual(
      expect.arrayContaining([
        ['sessions block', at(sessions, 0), BigInt((first === 8 ? 16 : 1) * 2 ** shift)],
        ['files block', at(files, 0), BigInt((fileAt === 0 ? 2 : 1) * 2 ** shift)],
      ]),
    );
  });
});

describe('chains', () => {
  test.each([
    ['luo-v4', 12, 51],
    ['luo-v5', 12, 51],
    ['luo-v5', 14, 204],
    ['luo-v5', 16, 819],
  ] as const)('%s with page shift %i: a block holds %i sessions', (luo, pageShift, capacity) => {
    const { host, clients, target } = setUp({ ids: { luo }, pageShift });
    clients.boot({ luo: { number: 1n } });
    for (let index = 0; index < capacity; index++) expect(clients.session(`s${index}`)).toBe(0);
    expect(host.log.slice(3)).toEqual([`folio ${(BASE / 2n ** BigInt(pageShift) + 2n).toString(16)} 0`]);
    expect(clients.session('s0')).toBe(-17);
    // A refused name has grown the chain all the same (erratum B9): the next kernel panics.
    expect(host.log).toHaveLength(5);
    clients.finish();
    const read = () => decodeClient('LUO', BASE, 32n, host.store, target);
    expect(read().problems).toMatchObject([
      { erratum: 'B9', receiver: { id: 'sessions-block', outcome: 'panic' } },
    ]);
    expect((read().data as LuoData).sessions).toHaveLength(capacity);
    // One more session fills the empty block.
    expect(clients.session('last')).toBe(0);
    expect(host.log).toHaveLength(5);
    expect(read().problems).toEqual([]);
    expect((read().data as LuoData).sessions.at(-1)?.name.value).toBe('last');
    const [first, second] = [2n, 3n].map((page) => BASE + (page << BigInt(pageShift)));
    expect(host.bytes(first!, 16)).toEqual(native('little', u64(second!), u64(capacity)));
    expect(host.bytes(second!, 16)).toEqual(native('little', u64(0), u64(1)));
  });

  test('files: 63 in a block, and the session knows the first block', () => {
    const { host, clients, target } = setUp({});
    clients.boot({ luo: { number: 1n } });
    clients.session('a');
    for (let token = 0n; token < 64n; token++) clients.file('x', token, token);
    clients.finish();
    const read = decodeClient('LUO', BASE, 32n, host.store, target);
    expect(read.problems).toEqual([]);
    const [session] = (read.data as LuoData).sessions;
    expect(session!.filesAddress.value).toBe(BASE + 0x3000n);
    expect(session!.files.map(({ token }) => token.value)).toEqual(
      Array.from({ length: 64 }, (_, index) => BigInt(index)),
    );
    expect(session!.files[63]!.address).toBe(BASE + 0x4010n);
  });

  test('full arrays, names, tokens and kinds that cannot be', () => {
    const { clients } = setUp({ ids: { luo: 'luo-v4' } });
    clients.boot({ luo: { number: 1n } });
    const refused = (work: () => unknown): string => {
      try {
        work();
        return 'nothing was thrown';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refused(() => clients.file('x', 1n, 1n))).toContain('needs a session');
    expect(refused(() => clients.session('x'.repeat(64)))).toContain('1 to 63');
    clients.session('x'.repeat(63));
    for (let token = 0n; token < 128n; token++) clients.file('x', token, 0n);
    expect(refused(() => clients.file('x', 5n, 0n))).toContain('one token');
    expect(refused(() => clients.file('x', 128n, 0n))).toContain('no room for more files');
    expect(refused(() => clients.file('x'.repeat(48), 200n, 0n))).toContain('1 to 47');
    for (let index = 0; index < 63; index++) clients.flb(`f${index}`, 0n, 1n);
    expect(refused(() => clients.flb('f0', 0n, 1n))).toContain('one name');
    expect(refused(() => clients.flb('more', 0n, 1n))).toContain('no room for more flbs');
    const old = setUp({ ids: { luo: 'luo-v1-6.19', memfd: undefined } });
    old.clients.boot({ luo: { number: 1n } });
    old.clients.session('a');
    expect(refused(() => old.clients.flb('f', 0n, 1n))).toContain('no FLBs');
    const memfd = { token: 1n, size: 0n, position: 0n, seals: 0, folios: [] };
    expect(refused(() => old.clients.memfd(memfd))).toContain('no memfd format');
  });
});

describe('memfd', () => {
  const FOLIOS = [
    { pfn: 0x12345n, count: 2, order: 0 },
    { pfn: 0x20000n, count: 2, order: 2 },
    { pfn: 0x30001n, count: 1, order: 0, index: 0x100n },
  ];
  const entry = (order: Order, pfn: bigint, index: number) =>
    native(order, u64(order === 'little' ? pfn | (3n << 52n) : (pfn << 12n) | 3n), u64(index));

  test.each(
    (['memfd-v1', 'memfd-v2'] as const).flatMap((memfd) =>
      (['little', 'big'] as const).flatMap((order) =>
        ([12, 14, 16] as const).map((shift) => [memfd, order, shift] as const),
      ),
    ),
  )('%s, %s endian, page shift %i', (memfd, order, shift) => {
    const { host, clients, target } = setUp({ ids: { memfd }, order, pageShift: shift });
    clients.boot({ luo: { number: 1n } });
    clients.session('a');
    clients.memfd({ token: 9n, size: 0x200n << BigInt(shift), position: 5n, seals: 6, folios: FOLIOS });
    clients.finish();
    const at = (page: number, offset = 0): bigint => BASE + (BigInt(page) << BigInt(shift)) + BigInt(offset);
    // Root, FLBs, session block, file block; then structure 4, array 5, chunk 6.
    const seals = memfd === 'memfd-v2' ? [u32(6), u32(0)] : [];
    const descriptor = [u64(at(6)), u32(1), u16(1), u16(0)];
    const size = u64(0x200n << BigInt(shift));
    const main = native(order, u64(5), size, ...seals, u64(5), ...descriptor);
    expect(main.length).toBe(memfd === 'memfd-v2' ? 48 : 40);
    expect(toHex(host.bytes(at(4), main.length))).toBe(toHex(main));
    const array = Buffer.concat([
      entry(order, 0x12345n, 0),
      entry(order, 0x12346n, 1),
      entry(order, 0x20000n, 2),
      entry(order, 0x20004n, 6),
      entry(order, 0x30001n, 0x100),
    ]);
    expect(toHex(host.bytes(at(5), array.length + 16))).toBe(toHex(array) + '00'.repeat(16));
    expect(toHex(host.bytes(at(6), 24))).toBe(toHex(native(order, u64(0), u64(at(5)), u64(0))));
    expect(host.log.filter((line) => line.startsWith('folio')).slice(-5)).toEqual([
      'folio 12345 0',
      'folio 12346 0',
      'folio 20000 2',
      'folio 20004 2',
      'folio 30001 0',
    ]);

    const byHand = dump(shift, {
      [`${at(0)}`]: native(order, text('luo-v5', 8), u64(1), u64(at(2)), u64(at(1))),
      [`${at(1)}`]: native(order, u64(1), u64(0)),
      [`${at(2)}`]: native(order, u64(0), u64(1), text('a', 64), u64(at(3)), u64(1)),
      [`${at(3)}`]: native(order, u64(0), u64(1), text(memfd, 48), u64(at(4)), u64(9)),
      [`${at(4)}`]: main,
      [`${at(5)}`]: array,
      [`${at(6)}`]: native(order, u64(0), u64(at(5))),
    });
    for (const memory of [host.store, byHand]) {
      const read = decodeClient('LUO', BASE, 32n, memory, target);
      expect(read.problems).toEqual([]);
      const run = (offset: number, pfn: bigint, index: bigint, count: number, stride: number) => ({
        address: at(5, offset),
        pfn,
        index,
        count,
        stride,
        flags: 3,
      });
      const off = memfd === 'memfd-v2' ? 8 : 0;
      const expected: MemfdData = {
        format: memfd,
        position: { value: 5n, address: at(4) },
        size: { value: 0x200n << BigInt(shift), address: at(4, 8) },
        seals: off === 0 ? undefined : { value: 6, address: at(4, 16) },
        flags: off === 0 ? undefined : { value: 0, address: at(4, 20) },
        folioCount: { value: 5n, address: at(4, 16 + off) },
        folios: { address: at(4, 24 + off), first: at(6), totalPages: 1, flags: 1, order: 0 },
        runs: [run(0, 0x12345n, 0n, 2, 1), run(32, 0x20000n, 2n, 2, 4), run(64, 0x30001n, 0x100n, 1, 1)],
        read: 5,
        omitted: 0,
      };
      expect((read.data as LuoData).sessions[0]!.files[0]!.memfd).toEqual(expected);
      const page = 1n << BigInt(shift);
      expect(read.references.filter(({ what }) => what === 'memfd folio')).toMatchObject([
        { address: 0x12345n * page, bytes: page, count: 2, step: page },
        { address: 0x20000n * page, bytes: page, count: 2, step: 4n * page },
        { address: 0x30001n * page, bytes: page, count: 1 },
      ]);
    }
  });

  test('an empty memfd has no array', () => {
    const { host, clients, target } = setUp({});
    clients.boot({ luo: { number: 1n } });
    clients.session('a');
    clients.memfd({ token: 9n, size: 0n, position: 0n, seals: 0, folios: [] });
    clients.finish();
    expect(host.bytes(BASE + 0x4000n, 48).every((byte) => byte === 0)).toBe(true);
    expect(host.log.at(-1)).toBe('folio 100004 0');
    const read = decodeClient('LUO', BASE, 32n, host.store, target);
    expect(read.problems).toEqual([]);
    expect((read.data as LuoData).sessions[0]!.files[0]!.memfd).toMatchObject({ runs: [], read: 0 });
  });

  test('an array of several pages', () => {
    const { host, clients, target } = setUp({});
    clients.boot({ luo: { number: 1n } });
    clients.session('a');
    clients.memfd({
      token: 9n,
      size: 600n << 12n,
      position: 0n,
      seals: 0,
      folios: [{ pfn: 0x1000n, count: 600, order: 0 }],
    });
    clients.finish();
    const read = decodeClient('LUO', BASE, 32n, host.store, target);
    expect(read.problems).toEqual([]);
    expect((read.data as LuoData).sessions[0]!.files[0]!.memfd).toMatchObject({
      folios: { totalPages: 3 },
      runs: [{ pfn: 0x1000n, index: 0n, count: 600, stride: 1 }],
    });
  });

  test.each([
    ['PFN 0', { folios: [{ pfn: 0n, count: 1, order: 0 }] }, 'cannot be here'],
    ['a misaligned folio', { folios: [{ pfn: 5n, count: 1, order: 1 }] }, 'cannot be here'],
    ['folios beyond 64 bits', { folios: [{ pfn: (1n << 52n) - 1n, count: 2, order: 0 }] }, 'cannot be here'],
    ['unknown seals', { seals: 0x40 }, 'unknown seals'],
  ])('%s is refused', (_what, change, text) => {
    const { clients } = setUp({});
    clients.boot({ luo: { number: 1n } });
    clients.session('a');
    const memfd = { token: 1n, size: 0n, position: 0n, seals: 0, folios: [], ...change };
    expect(() => clients.memfd(memfd)).toThrow(text);
  });
});
