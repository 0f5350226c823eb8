import { PAGE_SHIFTS, type PageShift } from '../abi/index.js';
import { KhoError } from '../bytes/index.js';
import type { BootArch } from './machine.js';

/** What a kernel image says of itself. */
export interface KernelImage {
  readonly arch: BootArch;
  /** Bytes from the load address on that the kernel uses, its bss included. */
  readonly memoryBytes: bigint;
  /** arm64: distance of the image from a 2 MiB boundary. x86: address at which the kernel unpacks itself. */
  readonly load: bigint;
  /** log2 of the kernel's page size; undefined when the image does not say. */
  readonly pageShift: PageShift | undefined;
  /** x86: whether the kernel can run at another address than its own. */
  readonly movable?: boolean;
}

const ARM64_MAGIC = 0x644d5241;
const X86_MAGIC = 0x53726448;

/** Offsets of the x86 setup header. Source: Documentation/arch/x86/boot.rst. */
const X86 = {
  magic: 0x202,
  version: 0x206,
  loadFlags: 0x211,
  alignment: 0x230,
  relocatable: 0x234,
  setupData: 0x250,
  pref: 0x258,
  initSize: 0x260,
};

/** Protocol 2.10 added the preferred address and the memory that the kernel needs. */
const X86_VERSION = 0x20a;

/**
 * Reads the header of an arm64 Image or an x86 bzImage.
 *
 * @throws KhoError `E_WRONG_KIND` for anything else, with a word on what to give instead
 * Source: Documentation/arch/arm64/booting.rst and Documentation/arch/x86/boot.rst, Linux 7.3.
 */
export function readKernelImage(bytes: Uint8Array, source: string): KernelImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length >= 64 && view.getUint32(56, true) === ARM64_MAGIC) {
    const flags = view.getBigUint64(24, true);
    if ((flags & 1n) !== 0n)
      throw new KhoError('E_WRONG_KIND', 'a big-endian arm64 kernel: only little-endian ones are booted', {
        source,
      });
    const size = view.getBigUint64(16, true);
    return {
      arch: 'arm64',
      load: view.getBigUint64(8, true),
      memoryBytes: size === 0n ? BigInt(bytes.length) * 2n : size,
      pageShift: PAGE_SHIFTS[Number((flags >> 1n) & 3n) - 1],
    };
  }
  if (bytes.length > X86.initSize + 4 && view.getUint32(X86.magic, true) === X86_MAGIC) {
    if (view.getUint16(X86.version, true) < X86_VERSION || (bytes[X86.loadFlags]! & 1) === 0)
      throw new KhoError('E_WRONG_KIND', 'not a bzImage of the last fifteen years', { source });
    return {
      arch: 'x86_64',
      load: view.getBigUint64(X86.pref, true),
      memoryBytes: BigInt(view.getUint32(X86.initSize, true)),
      pageShift: 12,
      movable: bytes[X86.relocatable] !== 0,
    };
  }
  throw new KhoError('E_WRONG_KIND', 'not a kernel image', {
    source,
    found: kindOf(bytes),
    expected: 'an arm64 Image (arch/arm64/boot/Image) or an x86 bzImage (arch/x86/boot/bzImage)',
  });
}

function kindOf(bytes: Uint8Array): string {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip: unpack it first';
  if (Buffer.from(bytes.subarray(0, 4)).equals(Buffer.from('\x7fELF', 'latin1')))
    return 'an ELF file, perhaps vmlinux';
  return `a file of ${bytes.length} bytes that begins ${Buffer.from(bytes.subarray(0, 8)).toString('hex')}`;
}

/**
 * A copy of a bzImage whose header points to a setup_data node, and, when the kernel is to run elsewhere than at its own address,
 * asks for that alignment. QEMU's loader hands both on as they stand.
 *
 * @param place where the kernel is to run: its own address or a power of two
 */
export function withSetupData(
  bytes: Uint8Array,
  image: KernelImage,
  address: bigint,
  place: bigint,
): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  view.setBigUint64(X86.setupData, address, true);
  if (place !== image.load) view.setUint32(X86.alignment, Number(place), true);
  return copy;
}
