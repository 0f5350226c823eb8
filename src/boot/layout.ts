import { pageSizeName, type Target } from '../abi/index.js';
import { hex, KhoError } from '../bytes/index.js';
import type { ScratchArea } from '../handover/index.js';
import { joinRanges, type PhysicalRange, rangesMinus } from '../memory/index.js';
import { FreeSpace } from './free-space.js';
import type { KernelImage } from './kernel-image.js';
import type { BootMachine } from './machine.js';

const MIB = 1n << 20n;
const TWO_MIB = 2n * MIB;

/** What must find a place in the machine's memory. */
export interface LayoutRequest {
  readonly machine: BootMachine;
  readonly target: Target;
  readonly image: KernelImage;
  /** Bytes of the image file. */
  readonly imageBytes: bigint;
  readonly initrdBytes: bigint;
  /** Pages of the handover, and memory that it preserves: nobody else may have them. Sorted and joined. */
  readonly occupied: readonly PhysicalRange[];
  /** Scratch areas that are given; else some are chosen. */
  readonly scratch?: readonly ScratchArea[];
  /** RAM to give the machine at least. */
  readonly ramBytes?: bigint;
}

/** Who is where. All ranges are disjoint, but that the array lies in a scratch area. */
export interface Layout {
  /** RAM that QEMU makes, and RAM that the kernel is told of. */
  readonly ramBytes: bigint;
  readonly ram: readonly PhysicalRange[];
  /** Where the kernel runs, with its bss. */
  readonly image: PhysicalRange;
  readonly initrd: PhysicalRange | undefined;
  /** arm64: device tree and first code. x86: the setup_data node. */
  readonly tree: PhysicalRange;
  readonly stub: PhysicalRange;
  readonly scratch: readonly ScratchArea[];
  /** Address of the scratch array. */
  readonly array: bigint;
  /** What is still free, ascending. */
  readonly free: readonly PhysicalRange[];
}

/** Areas for low memory, for everything, and for the one node. The kernel needs some tens of MiB for its first allocations. */
const AREAS = 3;
const AREA_BYTES = 64n * MIB;

/** RAM is offered to the kernel in whole sections of its memory model, which are at most this large. */
const SECTION = 512n * MIB;

/** arm64 kernels stand at a multiple of 2 MiB, device trees take at most 2 MiB. */
const TREE_BYTES = TWO_MIB;

/**
 * Alignment of scratch areas, and the least size: the buddy allocator looks at the neighbours of a page up to its largest block.
 * 4, 32 and 512 MiB for the three page sizes.
 *
 * Source: kernel/liveupdate/kexec_handover.c, Linux 7.2 and 7.3.
 */
export function scratchUnit({ abi, pageShift }: Target): bigint {
  return 1n << BigInt(pageShift + abi.file.ranges.maxFolioOrder[pageSizeName(pageShift)]);
}

/**
 * Finds a place for kernel, initrd, device tree, first code, scratch areas and scratch array around the pages of a handover.
 *
 * @throws KhoError `E_LIMIT` when there is no room, `E_HANDOVER` when the handover lies where the machine has no RAM or where
 *   the kernel must be
 */
export function planLayout(request: LayoutRequest): Layout {
  const { machine, target, image, occupied } = request;
  const ramBytes = ramFor(request);
  const allRam = machine.ram(ramBytes);
  checkInside(occupied, allRam);
  const firmware = machine.firmware(ramBytes);
  refuseOverlap(occupied, firmware, 'firmware');
  const space = new FreeSpace(allRam, [...firmware, ...occupied]);
  if (request.scratch !== undefined) checkGiven(request.scratch, occupied, allRam);
  // The image, the device tree and the initrd may lie in scratch, as after a real kexec; here they have places of their own.
  for (const { address, size } of request.scratch ?? []) space.take({ start: address, end: address + size });

  const place = placeImage(request, space);
  const stub = space.allocate('the first code', 4096n, 4096n);
  const tree = space.allocate('the device tree', TREE_BYTES, TWO_MIB);
  const initrd =
    request.initrdBytes === 0n || machine.arch === 'x86_64'
      ? undefined
      : space.allocate('the initrd', request.initrdBytes, 1n << 16n);
  const scratch = request.scratch ?? chooseScratch(target, space);
  const align = BigInt(target.abi.file.handoff.scratchArrayAlign);
  const array = ((scratch[0]!.address + align - 1n) / align) * align;
  return {
    ramBytes,
    ram: machine.arch === 'arm64' ? windows(allRam, occupied, ramBytes) : allRam,
    image: place,
    initrd,
    tree,
    stub,
    scratch,
    array,
    free: space.free(),
  };

  function placeImage({ imageBytes }: LayoutRequest, from: FreeSpace): PhysicalRange {
    const bytes = image.memoryBytes > imageBytes ? image.memoryBytes : imageBytes;
    if (image.arch === 'arm64') {
      const { start, end } = from.allocate('the kernel', bytes + image.load, TWO_MIB, {
        from: machine.ramBase + TWO_MIB,
      });
      return { start: start + image.load, end };
    }
    // The boot loader puts the file at 1 MiB; the kernel moves itself from there to where it runs.
    const loaded = { start: MIB, end: MIB + imageBytes };
    const place = runningPlace(bytes, occupied, image);
    refuseOverlap(occupied, [loaded, place], 'kernel');
    from.take(loaded);
    from.take(place);
    return place;
  }
}

/**
 * Where an x86 kernel runs: at its own address, or, when the handover has pages there and the kernel can be moved, at the first
 * power of two that is free. The kernel moves itself to a multiple of the alignment that its header says, which loaders may change.
 */
function runningPlace(bytes: bigint, occupied: readonly PhysicalRange[], image: KernelImage): PhysicalRange {
  const own = { start: image.load, end: image.load + bytes };
  if (!image.movable) return own;
  for (let start = image.load; start <= 1n << 29n; start *= 2n) {
    const end = start + bytes;
    if (!occupied.some((range) => range.start < end && range.end > start)) return { start, end };
  }
  return own;
}

function chooseScratch(target: Target, space: FreeSpace): ScratchArea[] {
  const unit = scratchUnit(target);
  const size = AREA_BYTES > unit ? AREA_BYTES : unit;
  return Array.from({ length: AREAS }, (_, index) => {
    const { start } = space.allocate(`scratch area ${index}`, size, unit);
    return { address: start, size };
  });
}

/** RAM that the handover and a running kernel need. */
function ramFor({ machine, target, occupied, scratch = [], ramBytes }: LayoutRequest): bigint {
  // Three areas of 64K pages alone take 1536 MiB.
  const usual = scratchUnit(target) > AREA_BYTES ? 4096n * MIB : 2048n * MIB;
  const ends = [
    machine.ramBase + (ramBytes ?? usual),
    ...occupied.map(({ end }) => end),
    ...scratch.map(({ address, size }) => address + size),
  ];
  const top = ends.reduce((most, end) => (end > most ? end : most), 0n);
  const needed = ((top - machine.ramBase + SECTION - 1n) / SECTION) * SECTION;
  // A PC has a hole below 4 GiB: what lies above it takes the place of RAM that was moved up.
  const low = machine.ram(needed)[0]!;
  const hole = top > low.end && machine.arch === 'x86_64' ? (1n << 32n) - low.end : 0n;
  return needed - hole;
}

/** arm64 kernels are told only of the RAM that is used: the rest would cost them time and memory. */
function windows(
  ram: readonly PhysicalRange[],
  occupied: readonly PhysicalRange[],
  ramBytes: bigint,
): PhysicalRange[] {
  const base = ram[0]!.start;
  const main = base + (ramBytes < 4096n * MIB ? ramBytes : 4096n * MIB);
  const far = occupied.map(({ start, end }) => ({
    start: (start / SECTION) * SECTION,
    end: ((end + SECTION - 1n) / SECTION) * SECTION,
  }));
  return joinRanges([{ start: base, end: main }, ...far]);
}

function checkInside(occupied: readonly PhysicalRange[], ram: readonly PhysicalRange[]): void {
  const outside = rangesMinus(joinRanges(occupied), joinRanges(ram))[0];
  if (outside !== undefined)
    throw new KhoError('E_HANDOVER', 'the handover has pages where the machine has no memory', {
      address: outside.start,
      expected: ram.map(({ start, end }) => `${hex(start)}-${hex(end - 1n)}`).join(', '),
    });
}

function refuseOverlap(
  occupied: readonly PhysicalRange[],
  others: readonly PhysicalRange[],
  what: string,
): void {
  for (const { start, end } of others) {
    const hit = occupied.find((range) => range.start < end && range.end > start);
    if (hit !== undefined)
      throw new KhoError('E_HANDOVER', `the handover has pages where the ${what} must be`, {
        address: hit.start > start ? hit.start : start,
        hint: `${hex(start)}-${hex(end - 1n)} is the ${what}'s`,
      });
  }
}

function checkGiven(
  scratch: readonly ScratchArea[],
  occupied: readonly PhysicalRange[],
  ram: readonly PhysicalRange[],
): void {
  const areas = scratch.map(({ address, size }) => ({ start: address, end: address + size }));
  checkInside(areas, ram);
  refuseOverlap(occupied, areas, 'scratch area');
}
