import { be32 } from './header.js';
import { FdtEditor } from './libfdt-edit.js';
import { writeSequential } from './libfdt-sequential.js';
import type { FdtTree } from './tree.js';
import { writeDtc } from './write-dtc.js';

/**
 * Byte layouts that a tree can be written in.
 * - `dtc`: as `dtc -O dtb`
 * - `libfdt`: as libfdt's sequential calls, which is how a root FDT begins its life in the kernel
 * - `libfdt-edited`: the same after open_into and pack, which is what any later change leaves
 */
export const FDT_LAYOUTS = ['dtc', 'libfdt', 'libfdt-edited'] as const;

/** Offset of boot_cpuid_phys, which libfdt's calls leave 0 and a caller sets afterwards. */
const BOOT_CPUID = 28;

export type FdtLayout = (typeof FDT_LAYOUTS)[number];

/** Writes a tree in one of the layouts; gives exactly totalsize bytes. */
export function writeFdt(tree: FdtTree, layout: FdtLayout): Uint8Array {
  if (layout === 'dtc') return writeDtc(tree);
  const sequential = writeSequential(tree);
  Buffer.from(sequential.buffer).writeUInt32BE(tree.bootCpuid, BOOT_CPUID);
  if (layout === 'libfdt') return sequential;
  const editor = new FdtEditor(sequential);
  editor.openInto();
  editor.pack();
  return editor.buffer.slice(0, be32(editor.buffer, 4));
}
