import { type ByteOrder, hex, KhoError, Reader } from '../bytes/index.js';
import { findSetupData, type ScratchArea } from '../handover/index.js';
import { type PhysicalMemory, readPresent } from '../memory/index.js';
import type { DebugfsFolder, ValidationSubject } from '../validate/index.js';
import type { ValidateOptions } from './validate.js';

/** Largest scratch array: 4096 areas. A kernel has one for each NUMA node and two more. */
const ARRAY_LIMIT = 1 << 16;

/** What scratch areas can be taken from. */
export interface ScratchSources {
  readonly listed: DebugfsFolder['scratch'];
  /** Input of the debugfs folder, and of the dump. */
  readonly folderAt: number;
  readonly dumpAt: number;
  readonly memory: PhysicalMemory | undefined;
  readonly fdtAddress: bigint | undefined;
  load(path: string, kind: string, limit: number): { bytes: Uint8Array; input: number };
  progress(text: string): void;
}

/** Scratch areas: from a file that holds the array, from a debugfs folder, or from what the dump hands to the next kernel. */
export function scratchOf(
  { scratch: wanted, byteOrder }: ValidateOptions,
  sources: ScratchSources,
): ValidationSubject['scratch'] {
  const { listed, folderAt, memory } = sources;
  if (wanted !== undefined && wanted !== 'auto') {
    const { bytes, input } = sources.load(wanted, 'scratch array', ARRAY_LIMIT);
    const order: ByteOrder = byteOrder ?? memory?.hints.byteOrder ?? 'little';
    return { areas: areasOf(bytes, order), bytes: bytes.length, input };
  }
  if (listed !== undefined) {
    const { addresses, sizes } = listed;
    if (addresses.length !== sizes.length)
      throw new KhoError('E_WRONG_KIND', 'scratch_phys and scratch_len have different lengths', {
        found: `${addresses.length} and ${sizes.length} lines`,
      });
    return { areas: addresses.map((address, index) => ({ address, size: sizes[index]! })), input: folderAt };
  }
  return wanted === 'auto' ? fromDump(sources) : undefined;
}

function fromDump({ memory, fdtAddress, dumpAt, progress }: ScratchSources): ValidationSubject['scratch'] {
  const handoff =
    memory === undefined || fdtAddress === undefined
      ? undefined
      : findSetupData(memory, fdtAddress, (done, total) =>
          progress(`looking for the scratch areas ${(done * 100n) / (total === 0n ? 1n : total)} %`),
        );
  if (memory === undefined || handoff === undefined) {
    throw new KhoError('E_NOT_FOUND', 'no scratch areas to find', {
      hint: '--scratch auto takes them from a debugfs folder, or from the setup_data of an x86 dump',
    });
  }
  const { scratchAddress, scratchSize } = handoff;
  if (scratchSize > BigInt(ARRAY_LIMIT))
    throw new KhoError('E_LIMIT', 'the scratch array is too large', {
      address: scratchAddress,
      found: `${hex(scratchSize)} bytes`,
      expected: `at most ${ARRAY_LIMIT}`,
    });
  const bytes = readPresent(memory, scratchAddress, Number(scratchSize), 'scratch array');
  return { areas: areasOf(bytes, 'little'), bytes: bytes.length, array: scratchAddress, input: dumpAt };
}

/** Entries of a raw scratch array; a remainder is dropped, as the kernel drops it. */
function areasOf(bytes: Uint8Array, order: ByteOrder): ScratchArea[] {
  const reader = new Reader(bytes, order, { code: 'E_HANDOVER' });
  return Array.from({ length: Math.floor(bytes.length / 16) }, () => ({
    address: reader.u64('kho_scratch.addr'),
    size: reader.u64('kho_scratch.size'),
  }));
}
