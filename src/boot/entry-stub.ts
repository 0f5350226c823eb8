import { Writer } from '../bytes/index.js';

/** Instructions of the stub. ldr takes its value from the literals behind the code. */
const CODE = [
  0x580000c0, // ldr x0, dtb
  0xaa1f03e1, // mov x1, xzr
  0xaa1f03e2, // mov x2, xzr
  0xaa1f03e3, // mov x3, xzr
  0x58000084, // ldr x4, entry
  0xd61f0080, // br  x4
];

/**
 * The first code that the arm64 machine runs: it enters the kernel as its boot protocol wants it, with the device tree in x0.
 * QEMU's own loader would do the same but rewrites the memory nodes of the tree.
 *
 * Source: Documentation/arch/arm64/booting.rst.
 */
export function arm64EntryStub(dtb: bigint, entry: bigint): Uint8Array {
  const out = new Writer('little', 64);
  for (const word of CODE) out.u32(word);
  return out.u64(dtb).u64(entry).finish();
}
