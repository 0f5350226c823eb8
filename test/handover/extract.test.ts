import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  allAbis,
  BufferSource,
  clientAreas,
  compareHandovers,
  type DecodedClient,
  decodeHandover,
  ElfMemory,
  encodeScenario,
  extractHandover,
  findRootFdts,
  type Handover,
  makeTarget,
  openMemory,
  ownPages,
  type PageShift,
  type PhysicalMemory,
  parseScenario,
  readFdtPage,
  walkText,
} from '../../src/index.js';
import { inspectReport } from '../../src/report/index.js';
import { blob } from '../support/blob.js';
import { dump } from '../support/native.js';

const CAPTURES = join(import.meta.dirname, '../../golden/captures');

function decode(memory: PhysicalMemory): Handover {
  const fdtAddress = findRootFdts(memory)[0]!.address;
  return decodeHandover(readFdtPage(memory, fdtAddress), { memory, fdtAddress });
}

/** All that a report says, but for how it was found out, and for the checksum of folios that the small dump leaves out. */
function model(handover: Handover): unknown {
  const { evidence: _evidence, ...report } = inspectReport(handover, { fdt: 'x' }, { walk: true });
  const clients = report.clients.map((client) =>
    client.data?.kind === 'kho-test'
      ? { ...client, data: { ...client.data, status: 'not in dump', computed: null } }
      : client,
  );
  return { ...report, clients, alternatives: report.alternatives.map(({ abi, map }) => [abi, map]) };
}

function again(handover: Handover): Handover {
  const elf = extractHandover(handover).files.get('kho.elf')!;
  return decode(new ElfMemory(new BufferSource('kho.elf', elf)));
}

describe('a dump of only KHO’s own pages', () => {
  test.each(['linux-7.3.4-x86_64-4k', 'linux-7.3.4-x86_64-4k-luo'])('%s reads the same', async (name) => {
    const folder = join(CAPTURES, name);
    const { memory, close } = await openMemory(join(folder, 'memory.elf.gz'));
    const handover = decode(memory);
    const small = again(handover);
    expect(model(small)).toEqual(model(handover));
    expect(walkText(small.map!)).toBe(walkText(handover.map!));
    // What an independent reader found in the dump must be found in the small one.
    const expected = JSON.parse(
      readFileSync(join(folder, 'expected-by-independent-reader.json'), 'utf8'),
    ) as { preserved: [string, number][]; root: string };
    expect(walkText(small.map!)).toBe(expected.preserved.map((block) => `${block.join(' ')}\n`).join(''));
    expect(small.mapAddress).toBe(BigInt(expected.root));
    close();
  });

  test('the files of a capture are those of debugfs', async () => {
    const folder = join(CAPTURES, 'linux-7.3.4-x86_64-4k');
    const { memory, close } = await openMemory(join(folder, 'memory.elf.gz'));
    const { files, notes } = extractHandover(decode(memory));
    expect(notes).toEqual([]);
    expect([...files.keys()]).toEqual([
      'root.dtb',
      'sub-memblock.dtb',
      'sub-LUO.bin',
      'sub-kho_test.dtb',
      'sub-kexec-metadata.bin',
      'kho.elf',
    ]);
    const same = (file: string, other: string): void =>
      expect(Buffer.compare(files.get(file)!, readFileSync(join(folder, other))), file).toBe(0);
    same('root.dtb', 'debugfs-in-fdt.dtb');
    same('sub-memblock.dtb', 'debugfs-out-sub_fdts-memblock');
    same('sub-kho_test.dtb', 'debugfs-out-sub_fdts-kho_test');
    same('sub-kexec-metadata.bin', 'debugfs-out-sub_fdts-kexec-metadata');
    close();
  });

  const SCENES = {
    'kho-v1-6.16': 'kho-test 0 1 2\nmemblock n1 0x40000000 0x200000\npage 0x123450 2\n',
    'kho-v1-6.18': 'kho-test 0 1 2\nmemblock n1 0x40000000 0x200000\nvmalloc 0 1 0x90000:5\n',
    'kho-v1-6.19': 'init kernel\nkho-test 0 1\nluo session a\nluo memfd 1 0x20000 0x55:2\nfinalize\n',
    'kho-v2': 'client luo luo-v2\nluo session a\nluo memfd 1 0x20000 0x55:2\nluo flb f 7 2\n',
    'kho-v3-7.1-rc1': 'init kernel\nluo session a\nluo memfd 1 0x20000 0x55:2\nluo flb f 7 2\n',
    'kho-v3': 'init kernel\nclient luo luo-v3\nluo session a\nluo memfd 1 0x20000 0x55:2\n',
    'kho-v4': `init kernel\nkho-test 0 3\nmemblock n1 0x40000000 0x200000\nluo session a\n${Array.from(
      { length: 70 },
      (_, number) => `luo memfd ${number} 0x1000000 0x${(0x50000 + 0x200 * number).toString(16)}:256\n`,
    ).join('')}luo flb f 7 2\nsubtree other alloc 5000\n`,
  };

  const targets = allAbis().flatMap((abi) =>
    ([12, 14, 16] as const).flatMap((shift) =>
      (['little', 'big'] as const).map((order) => ({ abi, shift: shift as PageShift, order })),
    ),
  );

  test.each(targets)('$abi.id, $order, 2^$shift reads the same', ({ abi, shift, order }) => {
    const text = SCENES[abi.id as keyof typeof SCENES];
    const encoded = encodeScenario(parseScenario(text, abi.id), makeTarget(abi, order, shift));
    const handover = decodeHandover(encoded.fdt, {
      memory: encoded.memory,
      fdtAddress: encoded.fdtAddress,
      byteOrder: order,
      pageShift: shift,
    });
    const damage = handover.clients.flatMap(({ problems }) => problems.filter(({ kind }) => kind !== 'note'));
    expect(damage).toEqual([]);
    const small = again(handover);
    expect(model(small)).toEqual(model(handover));
    // Folios of the self-test are in the encoded memory, and they are the user's.
    for (const { data } of small.clients)
      if (data?.kind === 'kho-test') expect(data.status).toBe('not in dump');
    const all = encoded.memory.ranges().reduce((sum, { start, end }) => sum + end - start, 0n);
    const own = ownPages(handover).reduce((sum, { start, end }) => sum + end - start, 0n);
    const folios = handover.clients.some(({ data }) => data?.kind === 'kho-test');
    expect(own < all || !folios).toBe(true);
  });
});

describe('names and sizes that nobody vouches for', () => {
  const address = [...Buffer.from('0000000000100000', 'hex')].reverse();
  const size = (bytes: number): number[] => [bytes & 255, bytes >> 8, 0, 0, 0, 0, 0, 0];

  function withSubtrees(list: [name: string, address: number[], size: number[]][]) {
    const bytes = blob({
      pieces: [
        { begin: '' },
        { prop: 'compatible', value: 'kho-v4\0' },
        { prop: 'preserved-memory-map', value: [...Buffer.from('0000000000200000', 'hex')].reverse() },
        ...list.flatMap(([name, at, length]) => [
          { begin: name },
          { prop: 'preserved-data', value: at },
          { prop: 'blob-size', value: length },
          { end: true as const },
        ]),
        { end: true },
      ],
    });
    const memory = dump(12, {
      '0x100000': Buffer.from('blob'),
      '0x200000': Buffer.alloc(4096),
      '0x300000': bytes,
    });
    return decodeHandover(bytes, {
      memory,
      fdtAddress: 0x300000n,
      byteOrder: 'little',
      pageShift: 12,
    });
  }

  test('no name becomes a path, and none hides another', () => {
    const names = [
      '../../etc/passwd',
      '..',
      '.',
      'a\0b'.slice(0, 1),
      'A',
      'a~2',
      '-rf',
      'C:\\x',
      'é\n',
      'n'.repeat(300),
    ];
    const { files } = extractHandover(withSubtrees(names.map((name) => [name, address, size(4)])));
    const made = [...files.keys()].filter((name) => name.startsWith('sub-'));
    expect(made).toEqual([
      'sub-.._.._etc_passwd.bin',
      'sub-...bin',
      'sub-..bin',
      'sub-a.bin',
      'sub-A~2.bin',
      'sub-a_2.bin',
      'sub--rf.bin',
      'sub-C__x.bin',
      'sub-__.bin',
      `sub-${'n'.repeat(64)}.bin`,
    ]);
    for (const name of made) expect(Buffer.from(files.get(name)!).toString('latin1')).toBe('blob');
  });

  test('blobs that are not there are told, and the rest is extracted', () => {
    const { files, notes } = extractHandover(
      withSubtrees([
        ['huge', address, [0, 0, 0, 0, 0, 0, 0, 0x40]],
        ['cut', address, size(5000)],
        ['good', address, size(4)],
      ]),
    );
    expect(notes).toEqual([
      `subtree 'huge' would have ${0x40n << 56n} bytes; at most ${1 << 26} are extracted`,
      "subtree 'cut' at 0x100000 is not whole in the dump",
    ]);
    expect([...files.keys()]).toEqual(['root.dtb', 'sub-good.bin', 'kho.elf']);
  });

  test('of a blob of unknown size the first page is kept', () => {
    // kho-v2 has no blob-size, and nobody knows this client.
    const { fdt, fdtAddress, memory } = encodeScenario(
      parseScenario('subtree other alloc 32\n', 'unknown'),
      makeTarget(allAbis().find(({ id }) => id === 'kho-v2')!, 'little', 12),
    );
    const handover = decodeHandover(fdt, { memory, fdtAddress, byteOrder: 'little', pageShift: 12 });
    const { address } = handover.subtrees[0]!;
    expect(extractHandover(handover).notes).toEqual([
      `subtree 'other' at 0x${address!.toString(16)}: nothing tells its size`,
    ]);
    expect(again(handover).map!.memory.read(address!, 4096)).toEqual(memory.read(address!, 4096));
    expect(compareHandovers(handover, again(handover)).same).toBe(true);
  });

  test('without memory there is the root FDT', () => {
    const fdt = readFileSync(join(CAPTURES, 'linux-7.3.4-x86_64-4k/debugfs-in-fdt.dtb'));
    const { files, notes } = extractHandover(decodeHandover(fdt, {}));
    expect([...files.keys()]).toEqual(['root.dtb']);
    expect(notes).toHaveLength(1);
  });
});

test('vmalloc areas of clients', () => {
  const reference = (what: string, path: string, address: bigint) =>
    ({ what, path, address, bytes: 4096n, count: 1, step: 4096n }) as const;
  const references = [
    reference('files block', '/LUO', 1n),
    reference('vmalloc chunk', '/a', 0x1000n),
    reference('vmalloc pages', '/a', 0x2000n),
    reference('vmalloc pages', '/a', 0x3000n),
    reference('vmalloc chunk', '/b', 0x4000n),
  ];
  expect(clientAreas({ references } as unknown as DecodedClient)).toEqual([
    {
      path: '/a',
      chunks: [0x1000n],
      entries: [
        { address: 0x2000n, bytes: 4096n },
        { address: 0x3000n, bytes: 4096n },
      ],
    },
    { path: '/b', chunks: [0x4000n], entries: [] },
  ]);
});
