import { describe, expect, test } from 'vitest';
import {
  checkFdt,
  FDT_ERR_EXISTS,
  FDT_ERR_NOSPACE,
  FDT_ERR_NOTFOUND,
  FdtEditor,
  fdtNode,
  fdtTree,
  readFdt,
  SequentialWriter,
  writeFdt,
} from '../../src/index.js';
import { blob, SMALL } from '../support/blob.js';
import { be32ForTest } from '../support/words.js';

/** An empty root in a page, as the kernel makes it. */
function page(size = 4096): FdtEditor {
  const buffer = new Uint8Array(size);
  const writer = new SequentialWriter(buffer);
  writer.finishReservations();
  writer.beginNode('');
  writer.property('compatible', Buffer.from('x\0'));
  writer.endNode();
  expect(writer.finish()).toBe(0);
  return new FdtEditor(buffer);
}

function names(editor: FdtEditor): string[] {
  return [...editor.subnodes(0)].map((node) => editor.nodeName(node));
}

describe('SequentialWriter', () => {
  test('puts reservations at 48 and the newest string first', () => {
    const bytes = writeFdt(readFdt(blob({ pieces: SMALL })), 'libfdt');
    expect([be32ForTest(bytes, 16), be32ForTest(bytes, 8)]).toEqual([48, 64]);
    const strings = Buffer.from(bytes.subarray(be32ForTest(bytes, 12))).toString();
    // First use: compatible, #size-cells, reg, empty, bootargs; each new one goes before the others.
    expect(strings).toBe('bootargs\0empty\0reg\0#size-cells\0compatible\0');
    expect(checkFdt(bytes).defects).toEqual([]);
  });

  test('takes the first place, in address order, at which a name stands', () => {
    const props = ['size', 'blob-size', 'size'].map((name) => ({ name, value: new Uint8Array(0) }));
    const bytes = writeFdt(fdtTree(fdtNode('', props)), 'libfdt');
    // Strings are "blob-size\0size\0": the second `size` is found as the tail of the newer string.
    const offsets = [0, 1, 2].map((index) => be32ForTest(bytes, 64 + 8 + 12 * index + 8));
    expect(offsets).toEqual([10, 0, 5]);
  });

  test('says NOSPACE when the buffer is full', () => {
    const writer = new SequentialWriter(new Uint8Array(100));
    writer.finishReservations();
    expect(writer.beginNode('')).toBe(0);
    expect(writer.property('p', new Uint8Array(100))).toBe(FDT_ERR_NOSPACE);
    expect(writer.property('q'.repeat(60), new Uint8Array(0))).toBe(FDT_ERR_NOSPACE);
    expect(writer.beginNode('n'.repeat(60))).toBe(FDT_ERR_NOSPACE);
  });

  test('keeps the boot CPU and the reservations', () => {
    const tree = readFdt(blob({ pieces: SMALL, bootCpuid: 9, reserve: [[0x10n, 0x20n]] }));
    for (const layout of ['libfdt', 'libfdt-edited', 'dtc'] as const) {
      const again = readFdt(writeFdt(tree, layout));
      expect(again.bootCpuid).toBe(9);
      expect(again.reservations).toEqual(tree.reservations);
    }
  });
});

describe('FdtEditor', () => {
  test('adds the newest subnode and property first, strings last', () => {
    const editor = page();
    editor.openInto();
    for (const name of ['one', 'two']) {
      const node = editor.addSubnode(0, name);
      expect(editor.addProperty(node, 'first', Uint8Array.of(1))).toBe(0);
      expect(editor.addProperty(node, 'second', Uint8Array.of(2, 3))).toBe(0);
    }
    editor.pack();
    expect(names(editor)).toEqual(['two', 'one']);
    const tree = readFdt(editor.buffer.subarray(0, editor.totalsize));
    expect(tree.root.children[0]!.properties.map(({ name }) => name)).toEqual(['second', 'first']);
    expect([be32ForTest(editor.buffer, 16), be32ForTest(editor.buffer, 8)]).toEqual([40, 56]);
    expect(checkFdt(editor.buffer.subarray(0, editor.totalsize)).defects).toEqual([]);
  });

  test('finds names as libfdt does: a name without unit address answers for one with', () => {
    const editor = page();
    editor.openInto();
    const node = editor.addSubnode(0, 'LUO@1');
    expect(editor.addSubnode(0, 'LUO')).toBe(FDT_ERR_EXISTS);
    expect(editor.addSubnode(0, 'LUO@1')).toBe(FDT_ERR_EXISTS);
    expect(editor.addSubnode(0, 'LUO@2')).toBeGreaterThanOrEqual(0);
    expect(editor.subnode(0, 'LU')).toBe(FDT_ERR_NOTFOUND);
    expect(node).toBeGreaterThan(0);
  });

  test('deletes a node and keeps its names in the strings block', () => {
    const editor = page();
    editor.openInto();
    const node = editor.addSubnode(0, 'gone');
    editor.addProperty(node, 'leftover', Uint8Array.of(1));
    editor.deleteNode(editor.subnode(0, 'gone'));
    editor.pack();
    expect(names(editor)).toEqual([]);
    expect(Buffer.from(editor.buffer.subarray(0, editor.totalsize)).includes('leftover\0')).toBe(true);
  });

  test('a property that does not fit takes its new string back', () => {
    const editor = page(200);
    editor.openInto();
    const node = editor.addSubnode(0, 'n');
    const before = be32ForTest(editor.buffer, 32);
    expect(editor.addProperty(node, 'name', new Uint8Array(100))).toBe(FDT_ERR_NOSPACE);
    expect(be32ForTest(editor.buffer, 32)).toBe(before);
    editor.pack();
    expect(names(editor)).toEqual(['n']);
    expect(editor.getProperty(editor.subnode(0, 'n'), 'name')).toBeUndefined();
  });

  test('a packed blob cannot grow until it is opened', () => {
    const editor = page();
    editor.pack();
    expect(editor.addSubnode(0, 'x')).toBe(FDT_ERR_NOSPACE);
  });
});
