import { encodeStruct, type Target } from '../abi/index.js';
import { hex, KhoError, Reader } from '../bytes/index.js';

/** One scratch area: memory that the next kernel boots in before it knows what is preserved. */
export interface ScratchArea {
  readonly address: bigint;
  readonly size: bigint;
}

/** The scratch areas and where their array lies. */
export interface Scratch {
  /** Physical address of the array. */
  readonly array: bigint;
  readonly areas: readonly ScratchArea[];
  /** The array itself: 16 bytes an area, in the target's byte order. */
  readonly bytes: Uint8Array;
}

/**
 * Bytes of the scratch array. The kernel copies the array into a kexec segment: aligned, and inside one of the areas.
 *
 * @throws KhoError `E_SCENARIO` when it is not
 */
export function encodeScratch(target: Target, scratch: Omit<Scratch, 'bytes'>): Scratch {
  const { array, areas } = scratch;
  const layout = target.abi.struct('kho_scratch', target.pageShift);
  const length = BigInt(areas.length * layout.size);
  const align = BigInt(target.abi.file.handoff.scratchArrayAlign);
  if (array % align !== 0n) {
    throw new KhoError('E_SCENARIO', 'the scratch array is misaligned', {
      found: hex(array),
      expected: `a multiple of ${hex(align)}`,
    });
  }
  if (!areas.some(({ address, size }) => address <= array && array + length <= address + size)) {
    throw new KhoError('E_SCENARIO', 'the scratch array lies in none of the scratch areas', {
      found: hex(array),
    });
  }
  const bytes = new Uint8Array(Number(length));
  for (const [index, { address, size }] of areas.entries()) {
    bytes.set(encodeStruct(layout, { addr: address, size }, target.byteOrder), index * layout.size);
  }
  return { array, areas, bytes };
}

/** Areas of a scratch array; a remainder shorter than an entry is dropped, as the kernel drops it. */
export function decodeScratch(target: Target, bytes: Uint8Array): ScratchArea[] {
  const { size } = target.abi.struct('kho_scratch', target.pageShift);
  const reader = new Reader(bytes, target.byteOrder, { code: 'E_HANDOVER' });
  return Array.from({ length: Math.floor(bytes.length / size) }, () => ({
    address: reader.u64('kho_scratch.addr'),
    size: reader.u64('kho_scratch.size'),
  }));
}
