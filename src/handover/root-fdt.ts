import type { Target } from '../abi/index.js';
import { readU64, writeU64 } from '../bytes/index.js';
import { FDT_ERR_EXISTS, FdtEditor, SequentialWriter } from '../fdt/index.js';

/**
 * The root FDT of the first kernel, edited in its own page with the kernel's sequence of libfdt calls, so that every byte,
 * leftovers included, is what the kernel leaves.
 * Source: kho_out_fdt_setup, kho_add_subtree, kho_remove_subtree, Linux 6.19 to 7.3.
 */
export class RootFdt {
  readonly #target: Target;
  readonly #editor: FdtEditor;

  /** Writes the empty FDT into `page`: compatible string and address of the map. */
  constructor(target: Target, page: Uint8Array, map: bigint) {
    this.#target = target;
    const writer = new SequentialWriter(page);
    writer.finishReservations();
    writer.beginNode('');
    for (const { name, role } of target.abi.file.fdt.root) {
      const value =
        role === 'version' ? Buffer.from(`${target.abi.compatible}\0`, 'latin1') : this.#cpuU64(map);
      writer.property(name, value);
    }
    writer.endNode();
    writer.finish();
    this.#editor = new FdtEditor(page);
  }

  get totalsize(): number {
    return this.#editor.totalsize;
  }

  /** The blob: exactly totalsize bytes, a copy. */
  bytes(): Uint8Array {
    return this.#editor.buffer.slice(0, this.totalsize);
  }

  /** Adds a subnode with its properties. Gives 0 or the negative number that the kernel's function returns. */
  addSubtree(name: string, address: bigint, size: bigint): number {
    const { subtree, results } = this.#target.abi.file.fdt;
    const editor = this.#editor;
    editor.openInto();
    const node = editor.addSubnode(0, name);
    let result = 0;
    if (node < 0) result = node === FDT_ERR_EXISTS ? results.duplicateName : results.noRoomForNode;
    else {
      for (const property of subtree) {
        const value = this.#cpuU64(property.role === 'phys' ? address : size);
        if (editor.addProperty(node, property.name, value) === 0) continue;
        result = results.noRoomForProperty;
        if (!results.halfNodeStays) editor.deleteNode(node);
        break;
      }
    }
    editor.pack();
    return result;
  }

  /** Removes the first subnode whose address is `address`; no harm if there is none. */
  removeSubtree(address: bigint): void {
    const name = this.#target.abi.file.fdt.subtree.find(({ role }) => role === 'phys')!.name;
    const editor = this.#editor;
    editor.openInto();
    for (const node of editor.subnodes(0)) {
      const value = editor.getProperty(node, name);
      if (value?.length !== 8 || readU64(value, 0, this.#target.byteOrder) !== address) continue;
      editor.deleteNode(node);
      break;
    }
    editor.pack();
  }

  /** KHO keeps 64-bit values as memory of the CPU, not as big-endian cells. */
  #cpuU64(value: bigint): Uint8Array {
    const bytes = new Uint8Array(8);
    writeU64(bytes, 0, value, this.#target.byteOrder);
    return bytes;
  }
}
