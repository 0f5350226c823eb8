import { describe, expect, test } from 'vitest';
import { checkFdt, nodeAt, property, readFdt, stringList, walkNodes } from '../../src/index.js';
import { blob, type Piece, SMALL } from '../support/blob.js';
import { thrown } from '../support/errors.js';
import { DEFECTS, put } from '../support/fdt-defects.js';

describe('readFdt', () => {
  test.each([2, 3, 16, 17])('reads version %i', (version) => {
    const tree = readFdt(
      blob({ pieces: SMALL, version, bootCpuid: 5, reserve: [[0x1_0000_0000n, 0x1000n]] }),
    );
    expect(tree.version).toBe(version);
    expect(tree.bootCpuid).toBe(5);
    expect(tree.reservations).toEqual([{ address: 0x1_0000_0000n, size: 0x1000n }]);
    expect([...walkNodes(tree)].map(({ node, depth }) => `${depth}${node.name}`)).toEqual([
      '0',
      '1cpus',
      '2cpu@0',
      '1chosen',
    ]);
    expect(stringList(property(tree.root, 'compatible')!.value)).toEqual(['test,board', 'test']);
    expect(nodeAt(tree, '/cpus/cpu@0')!.properties.map(({ name, value }) => [name, value.length])).toEqual([
      ['reg', 4],
      ['empty', 0],
    ]);
    expect(nodeAt(tree, '/cpus/none')).toBeUndefined();
  });

  test('keeps offsets of nodes and values', () => {
    const bytes = blob({ pieces: SMALL });
    const tree = readFdt(bytes);
    const bootargs = property(nodeAt(tree, '/chosen')!, 'bootargs')!;
    expect(bytes.subarray(bootargs.valueOffset!, bootargs.valueOffset! + 6).toString()).toBe('quiet\0');
    expect(bytes.readUInt32BE(nodeAt(tree, '/cpus')!.offset!)).toBe(1);
  });

  test('keeps names of any bytes', () => {
    const tree = readFdt(
      blob({
        pieces: [
          { begin: '' },
          { begin: '\xff\x01' },
          { prop: '\x80', value: [1] },
          { end: true },
          { end: true },
        ],
      }),
    );
    expect(tree.root.children[0]!.name).toBe('\xff\x01');
    expect(tree.root.children[0]!.properties[0]!.name).toBe('\x80');
  });

  test('does not recurse: 100,000 nested nodes', () => {
    const depth = 100_000;
    const pieces: Piece[] = [];
    for (let level = 0; level < depth; level++) pieces.push({ begin: level === 0 ? '' : 'n' });
    for (let level = 0; level < depth; level++) pieces.push({ end: true });
    expect([...walkNodes(readFdt(blob({ pieces })))]).toHaveLength(depth);
  });

  test('a string list must end in NUL', () => {
    expect(stringList(Buffer.from('a\0b\0'))).toEqual(['a', 'b']);
    expect(stringList(Buffer.from('a\0b'))).toBeUndefined();
    expect(stringList(Buffer.alloc(0))).toBeUndefined();
  });
});

describe('checkFdt', () => {
  test('a sound blob has no defects', () => {
    const { defects, nodes, properties, suppressed } = checkFdt(blob({ pieces: SMALL }));
    expect(defects).toEqual([]);
    expect([nodes, properties, suppressed]).toEqual([4, 5, 0]);
  });

  test.each(DEFECTS)('finds %s', (rule, at, change, parts) => {
    const bytes = change(blob(parts ?? { pieces: SMALL }));
    const { defects } = checkFdt(bytes);
    const found = defects.filter(({ id }) => id === rule);
    expect(found).not.toEqual([]);
    if (at >= 0) expect(found[0]!.offset).toBe(at);
    expect(found[0]!.offset).toBeLessThanOrEqual(bytes.length);
    // The reader stops at errors and passes over the rest.
    if (defects.some(({ severity }) => severity === 'error')) {
      const error = thrown(() => readFdt(bytes, { source: 'x.dtb' }));
      expect(['E_FDT', 'E_WRONG_KIND']).toContain(error.code);
      expect(error.message).toMatch(/^x\.dtb, .*offset 0x/);
    } else {
      readFdt(bytes);
    }
  });

  test('every rule has a case', async () => {
    const { FDT_DEFECTS } = await import('../../src/index.js');
    expect(new Set(DEFECTS.map(([rule]) => rule))).toEqual(new Set(Object.keys(FDT_DEFECTS)));
  });

  test('reports all defects of a blob, by offset', () => {
    const bytes = blob({
      pieces: [
        { begin: '' },
        { prop: 'p', value: [1], nameOffset: 0x1000 },
        { begin: 'a' },
        { end: true },
        { prop: 'q', value: [1] },
        { prop: 'q', value: [1] },
        { end: true },
        { begin: '' },
        { end: true },
      ],
    });
    put(bytes, 16, bytes.readUInt32BE(16) + 4);
    const ids = checkFdt(Buffer.concat([bytes, Buffer.alloc(1)])).defects.map(({ id }) => id);
    expect(new Set(ids)).toEqual(
      new Set([
        'fdt-block-alignment',
        'fdt-block-overlap',
        'fdt-reserve-unterminated',
        'fdt-property-name',
        'fdt-property-after-node',
        'fdt-duplicate-property',
        'fdt-second-root',
        'fdt-trailing-bytes',
      ]),
    );
  });

  test('says what a wrong file is', () => {
    const hint = (text: string): string | undefined => checkFdt(Buffer.from(text, 'latin1')).defects[0]?.hint;
    expect(hint('\x7fELF\x02\x01\x01')).toContain('an ELF file');
    expect(hint('\x1f\x8b\x08\0')).toContain('a gzip file');
    expect(hint('/dts-v1/;\n/ {};\n')).toContain('device tree source');
    expect(hint('\xed\xfe\x0d\xd0')).toContain('swapped');
  });

  test('a million defects of one kind stay bounded', () => {
    const pieces: Piece[] = [{ begin: '' }];
    for (let index = 0; index < 20_000; index++) pieces.push({ prop: 'p', value: [1] });
    const { defects, suppressed } = checkFdt(blob({ pieces: [...pieces, { end: true }] }));
    expect(defects).toHaveLength(100);
    expect(suppressed).toBe(20_000 - 1 - 100);
  });
});
