/** Where things go in the machine: nothing may lie on anything else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PageShift, pageSizeName } from '../../src/abi/index.js';
import { type BootArch, type Layout, planLayout } from '../../src/boot/index.js';
import { KhoError } from '../../src/bytes/index.js';
import { joinRanges, type PhysicalRange } from '../../src/memory/index.js';
import { kernelOf, machineOf } from './support.js';

const MIB = 1n << 20n;

const KINDS: readonly [BootArch, PageShift][] = [
  ['arm64', 12],
  ['arm64', 14],
  ['arm64', 16],
  ['x86_64', 12],
];

function plan(
  arch: BootArch,
  pageShift: PageShift,
  occupied: PhysicalRange[],
  initrdBytes = 700_000n,
): Layout {
  const image = kernelOf(arch, pageShift);
  return planLayout({ ...machineOf(arch, pageShift), image, imageBytes: 0x240000n, initrdBytes, occupied });
}

/** All that has a place of its own. */
function places(arch: BootArch, layout: Layout, occupied: readonly PhysicalRange[]): PhysicalRange[] {
  return [
    layout.image,
    layout.tree,
    layout.stub,
    ...(layout.initrd === undefined ? [] : [layout.initrd]),
    ...layout.scratch.map(({ address, size }) => ({ start: address, end: address + size })),
    ...occupied,
    ...machineOf(arch).machine.firmware(layout.ramBytes),
  ];
}

function overlaps(ranges: readonly PhysicalRange[]): [PhysicalRange, PhysicalRange][] {
  const sorted = [...ranges].sort((a, b) => (a.start < b.start ? -1 : 1));
  return sorted.flatMap((range, index) => {
    const next = sorted[index + 1];
    return next !== undefined && next.start < range.end
      ? [[range, next] as [PhysicalRange, PhysicalRange]]
      : [];
  });
}

describe.each(KINDS)('%s with pages of 2^%i bytes', (arch, pageShift) => {
  const page = 1n << BigInt(pageShift);
  const ram = machineOf(arch).machine.ramBase;

  test('nothing lies on anything else, wherever the handover is', () => {
    const run = fc.tuple(fc.bigInt(0n, (1n << 30n) / page), fc.bigInt(1n, 300n));
    fc.assert(
      fc.property(fc.array(run, { maxLength: 20 }), (runs) => {
        const occupied = joinRanges(
          runs.map(([at, count]) => ({
            start: ram + 512n * MIB + at * page,
            end: ram + 512n * MIB + (at + count) * page,
          })),
        );
        let layout: Layout;
        try {
          layout = plan(arch, pageShift, occupied);
        } catch (error) {
          // 512 MiB areas of 64K pages do not fit between pages that lie everywhere: that is said, not hidden.
          expect(error).toBeInstanceOf(KhoError);
          expect((error as KhoError).code).toBe('E_LIMIT');
          expect(pageShift).toBe(16);
          return;
        }
        expect(overlaps(places(arch, layout, occupied))).toEqual([]);
        const inRam = ({ start, end }: PhysicalRange) =>
          layout.ram.some((range) => range.start <= start && end <= range.end);
        expect(places(arch, layout, occupied).every(inRam)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('scratch areas are aligned to the largest buddy block, the array lies in one at 64 KiB', () => {
    const { scratch, array } = plan(arch, pageShift, []);
    const unit = { '4K': 4n, '16K': 32n, '64K': 512n }[pageSizeName(pageShift)] * MIB;
    expect(scratch).toHaveLength(3);
    for (const { address, size } of scratch) {
      expect(address % unit).toBe(0n);
      expect(size % unit).toBe(0n);
      expect(size).toBeGreaterThanOrEqual(64n * MIB);
    }
    expect(array % 65536n).toBe(0n);
    expect(scratch.some(({ address, size }) => address <= array && array + 48n <= address + size)).toBe(true);
  });
});

describe('arm64', () => {
  test('far pages get windows of memory; the kernel is not told of what lies between', () => {
    const far = { start: 0x40_0000_1000n, end: 0x40_0000_2000n };
    const { ram, ramBytes } = plan('arm64', 12, [far]);
    expect(ram).toEqual([
      { start: 0x4000_0000n, end: 0x1_4000_0000n },
      { start: 0x40_0000_0000n, end: 0x40_2000_0000n },
    ]);
    expect(ramBytes).toBe(0x40_2000_0000n - 0x4000_0000n);
  });

  test('pages below the memory are refused', () => {
    expect(() => plan('arm64', 12, [{ start: 0x1000n, end: 0x2000n }])).toThrow(/no memory/);
  });

  test('the kernel stands 2 MiB aligned above what QEMU writes', () => {
    const { image } = plan('arm64', 12, []);
    expect(image.start % (2n * MIB)).toBe(0n);
    expect(image.start).toBeGreaterThanOrEqual(0x4020_0000n);
  });
});

describe('x86_64', () => {
  test('a kernel moves to a power of two when the handover has its place', () => {
    expect(plan('x86_64', 12, []).image.start).toBe(0x100_0000n);
    expect(plan('x86_64', 12, [{ start: 0x12cf000n, end: 0x12d0000n }]).image.start).toBe(0x200_0000n);
  });

  test('pages where the boot loader puts the file are refused', () => {
    expect(() => plan('x86_64', 12, [{ start: 0x200000n, end: 0x201000n }])).toThrow(/kernel must be/);
  });

  test('memory above 4 GiB is made when the handover is there', () => {
    const high = { start: 0x1_2000_0000n, end: 0x1_2000_1000n };
    const { ram } = plan('x86_64', 12, [high]);
    expect(ram.some(({ start, end }) => start <= high.start && high.end <= end)).toBe(true);
  });
});
