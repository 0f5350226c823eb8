import { describe, expect, test } from 'vitest';
import {
  chosenOverlay,
  decodeScratch,
  decodeSetupData,
  dtcCompile,
  encodeScratch,
  encodeSetupData,
  getAbi,
  makeTarget,
  nodeAt,
  Producer,
  property,
  readFdt,
  toHex,
} from '../../src/index.js';
import { thrown } from '../support/errors.js';

const V2 = makeTarget(getAbi('kho-v2'), 'little', 12);
const V4 = makeTarget(getAbi('kho-v4'), 'little', 12);

describe('root FDT sizes, as documented', () => {
  test.each([
    [V2, [], 152],
    [V2, [['LUO', 3]], 191],
    [V4, [], 152],
    [V4, [['kexec-metadata', 73]], 233],
    [
      V4,
      [
        ['kexec-metadata', 73],
        ['LUO', 32],
      ],
      285,
    ],
    [
      V4,
      [
        ['kexec-metadata', 73],
        ['LUO', 32],
        ['memblock', 290],
      ],
      345,
    ],
  ] as const)('%#', (target, subtrees, size) => {
    const made = new Producer(target);
    for (const [name, bytes] of subtrees) expect(made.addSubtree(name, 0x104a40000n, BigInt(bytes))).toBe(0);
    expect(made.fdt.totalsize).toBe(size);
  });

  test.each([
    [V2, 98, [-12]],
    [V4, 65, [-12]],
  ] as const)(
    'a 4K page holds as many names of 8 characters as the errata say (%#)',
    (target, fits, results) => {
      const made = new Producer(target);
      for (let index = 0; index < fits; index++)
        expect(made.addSubtree(`node-${String(index).padStart(3, '0')}`, BigInt(index), 1n)).toBe(0);
      expect(results).toContain(made.addSubtree('node-999', 1n, 1n));
      expect(readFdt(made.fdt.bytes()).root.children).toHaveLength(fits);
    },
  );

  // Totals from the documented formula: capacity for names of 4, 8, 15 and 31 characters (v3 and v4).
  test.each([
    [4, 70],
    [8, 65],
    [15, 61],
    [31, 49],
  ])('capacity for names of %i characters is %i', (length, fits) => {
    const made = new Producer(V4);
    let count = 0;
    while (made.addSubtree(String(count).padStart(length, 'x'), 1n, 1n) === 0) count++;
    expect(count).toBe(fits);
  });

  test('removing leaves names behind: 152, 221, 169', () => {
    const made = new Producer(V4);
    const sizes = [made.fdt.totalsize];
    made.addSubtree('abc', 0x1000n, 1n);
    sizes.push(made.fdt.totalsize);
    made.removeSubtree(0x1000n);
    sizes.push(made.fdt.totalsize);
    expect(sizes).toEqual([152, 221, 169]);
  });
});

describe('results', () => {
  test('names that are taken, and those that answer for others', () => {
    const made = new Producer(V2);
    expect(made.addSubtree('LUO@1', 1n, 1n)).toBe(0);
    expect(made.addSubtree('LUO@1', 1n, 1n)).toBe(-17);
    expect(made.addSubtree('LUO', 1n, 1n)).toBe(-17);
    expect(made.addSubtree('', 1n, 1n)).toBe(0);
  });

  test.each([
    [0n, -22],
    [1n, 0],
    [4n << 20n, 0],
    [(4n << 20n) + 1n, -7],
  ])('allocating %i bytes gives %i', (size, result) => {
    const made = new Producer(V2, { base: 0x4000_0000n });
    const address = made.allocPreserve(size);
    if (result !== 0) expect(address).toBe(result);
    else expect(typeof address).toBe('bigint');
  });

  test('a raw libfdt error leaves half a node, in ABIs that do that', () => {
    for (const [target, result, nodes] of [
      [V2, -3, 98],
      [V4, -12, 65],
    ] as const) {
      const made = new Producer(target);
      const fill = nodes === 98 ? 97 : 65;
      for (let index = 0; index < fill; index++)
        made.addSubtree(`node-${String(index).padStart(3, '0')}`, 1n, 1n);
      const name = target === V2 ? 'x'.repeat(28) : 'x'.repeat(3);
      expect(made.addSubtree(name, 1n, 1n)).toBe(result);
      const { children } = readFdt(made.fdt.bytes()).root;
      expect(children).toHaveLength(nodes);
      if (target === V2) expect(children[0]).toMatchObject({ name, properties: [] });
    }
  });
});

test('init kernel registers what the kernel registers', () => {
  const made = new Producer(V4, { init: 'kernel', release: '7.3.4' });
  const node = nodeAt(readFdt(made.fdt.bytes()), '/kexec-metadata')!;
  expect(node.properties.map(({ name }) => name)).toEqual(['blob-size', 'preserved-data']);
  expect(toHex(property(node, 'blob-size')!.value)).toBe('4900000000000000');
  const blob = made.store.read(made.store.address(7), 73)!;
  // version 1, 65 bytes of release, kexec_count 1, unaligned.
  expect(toHex(blob)).toBe(`01000000${Buffer.from('7.3.4').toString('hex').padEnd(130, '0')}01000000`);
  expect(new Producer(V2, { init: 'kernel' }).fdt.totalsize).toBe(152);
});

describe('scratch and hand-off', () => {
  const areas = [
    { address: 0x100_0000n, size: 0x100_0000n },
    { address: 0x2_0000_0000n, size: 0x400_0000n },
  ];
  const handoff = {
    fdtAddress: 0x1_0000_1000n,
    fdtSize: 4096n,
    scratchAddress: 0x1ff_0000n,
    scratchSize: 32n,
  };

  test.each([
    ['little', '0000000100000000' + '0000000100000000' + '0000000002000000' + '0000000400000000'],
    ['big', '0000000001000000' + '0000000001000000' + '0000000200000000' + '0000000004000000'],
  ] as const)('the array is 16 bytes an area, %s endian', (order, text) => {
    const target = makeTarget(getAbi('kho-v2'), order, 12);
    const { bytes } = encodeScratch(target, { array: 0x1ff_0000n, areas });
    expect(toHex(bytes)).toBe(text);
    expect(decodeScratch(target, bytes)).toEqual(areas);
    expect(decodeScratch(target, bytes.subarray(0, 31))).toHaveLength(1);
  });

  test('setup_data is 48 bytes, little endian whatever the target', () => {
    for (const target of [V2, makeTarget(getAbi('kho-v2'), 'big', 12)]) {
      const bytes = encodeSetupData(target, handoff, 0x9000n);
      expect(toHex(bytes)).toBe(
        [
          '0090000000000000',
          '0a000000',
          '20000000',
          '0010000001000000',
          '0010000000000000',
          '0000ff0100000000',
          '2000000000000000',
        ].join(''),
      );
      expect(decodeSetupData(target, bytes)).toEqual({ ...handoff, next: 0x9000n });
    }
    const bad = encodeSetupData(V2, handoff);
    bad[8] = 9;
    expect(thrown(() => decodeSetupData(V2, bad)).message).toContain('type 9');
  });

  test('the /chosen overlay compiles and carries big-endian cells', async () => {
    const compiled = await dtcCompile(chosenOverlay(V2, handoff), { symbols: true });
    if (compiled.refused) throw new Error(compiled.stderr);
    const tree = readFdt(compiled.bytes);
    expect(Buffer.from(property(nodeAt(tree, '/fragment@0')!, 'target-path')!.value).toString()).toBe(
      '/chosen\0',
    );
    const overlay = nodeAt(tree, '/fragment@0/__overlay__')!;
    expect(toHex(property(overlay, 'linux,kho-fdt')!.value)).toBe('00000001000010000000000000001000');
    expect(toHex(property(overlay, 'linux,kho-scratch')!.value)).toBe('0000000001ff00000000000000000020');
  });
});
