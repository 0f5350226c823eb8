import type { Target } from '../abi/index.js';
import { readU64, writeU64 } from '../bytes/index.js';
import { FDT_ERR_EXISTS, FdtEditor, SequentialWriter } from '../fdt/index.js';

/** The root FDT of the first kernel, however it is written. */
export interface RootFdtWriter {
  /** Bytes of the blob; 0 when there is none. */
  readonly totalsize: number;
  /** The blob: exactly totalsize bytes, a copy. */
  bytes(): Uint8Array;
  /**
   * Adds a subtree. Gives 0 or the negative number that the kernel's function returns.
   *
   * @param finalizing whether a client that finalize calls does it
   */
  addSubtree(name: string, address: bigint, size: bigint, finalizing?: boolean): number;
  /** Removes the first subtree with that address; no harm if there is none. */
  removeSubtree(address: bigint): void;
  /** Puts the address of the memory map in. Gives 0 or the error of writing the blob. */
  setMap(map: () => bigint): number;
  /** Forgets what clients registered in a finalize before. */
  beginFinalize(): void;
  /** Takes the blob back: what abort does. */
  drop(): void;
}

/** Eight bytes of a value that KHO keeps as memory of the CPU, not as big-endian cells. */
export function cpuU64Bytes(target: Target, value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, value, target.byteOrder);
  return bytes;
}

/** Begins a root FDT: reservations, root node, compatible, map. Gives 0 or the libfdt error. */
export function beginRoot(writer: SequentialWriter, target: Target, map: bigint): number {
  let result = writer.finishReservations() || writer.beginNode('');
  for (const { name, role } of target.abi.file.fdt.root) {
    const text = Buffer.from(`${target.abi.compatible}\0`, 'latin1');
    result ||= writer.property(name, role === 'version' ? text : cpuU64Bytes(target, map));
  }
  return result;
}

/**
 * The root FDT of the first kernel, edited in its own page with the kernel's sequence of libfdt calls, so that every byte,
 * leftovers included, is what the kernel leaves.
 * Source: kho_out_fdt_setup, kho_add_subtree, kho_remove_subtree, Linux 6.19 to 7.3.
 */
export class RootFdt implements RootFdtWriter {
  readonly #target: Target;
  readonly #editor: FdtEditor;

  /** Writes the empty FDT into `page`: compatible string and address of the map. */
  constructor(target: Target, page: Uint8Array, map: bigint) {
    this.#target = target;
    const writer = new SequentialWriter(page);
    beginRoot(writer, target, map);
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
        const value = cpuU64Bytes(this.#target, property.role === 'phys' ? address : size);
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

  setMap(map: () => bigint): number {
    const name = this.#target.abi.file.fdt.root.find(({ role }) => role === 'phys')!.name;
    this.#editor.getProperty(0, name)!.set(cpuU64Bytes(this.#target, map()));
    return 0;
  }

  beginFinalize(): void {}

  drop(): void {}
}
