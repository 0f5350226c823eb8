import { describe, expect, test } from 'vitest';
import {
  annotateStructure,
  decodeHandover,
  encodeScenario,
  fdtFields,
  getAbi,
  getClientAbi,
  makeTarget,
  namedStructures,
  parseScenario,
  rootRules,
  structFields,
  structurePlaces,
} from '../../src/index.js';
import { hexdumpText } from '../../src/report/index.js';
import { blob } from '../support/blob.js';
import { thrown } from '../support/errors.js';
import { native, text, u16, u32, u64 } from '../support/native.js';

/** Rows without role. */
function rows({
  fields,
}: {
  fields: readonly { offset: number; length: number; name: string; value: string }[];
}) {
  return fields.map(({ offset, length, name, value }) => [offset, length, name, value]);
}

function scene(lines: string, abi = 'kho-v4', order: 'little' | 'big' = 'little', shift: 12 | 14 | 16 = 12) {
  const { fdt, fdtAddress, memory } = encodeScenario(
    parseScenario(lines, 'scene'),
    makeTarget(getAbi(abi), order, shift),
  );
  return decodeHandover(fdt, { memory, fdtAddress, byteOrder: order, pageShift: shift });
}

describe('fields of a structure', () => {
  // Offsets of memfd_luo_ser as the headers of 7.1 to 7.3 have them: 8 8 4 4 8, then kho_vmalloc 8 4 2 2.
  test.each(['little', 'big'] as const)('numbers and a nested structure, %s endian', (order) => {
    const bytes = native(
      order,
      u64(123),
      u64(65636),
      u32(6),
      u32(0),
      u64(17),
      u64(0x42e6000),
      u32(1),
      u16(1),
      u16(9),
    );
    const result = structFields(getClientAbi('memfd-v2').struct('memfd_luo_ser', 12), bytes, order);
    expect(rows(result)).toEqual([
      [0, 8, 'pos', '0x7b'],
      [8, 8, 'size', '65636'],
      [16, 4, 'seals', '0x6'],
      [20, 4, 'flags', '0x0'],
      [24, 8, 'nr_folios', '17'],
      [32, 8, 'folios.first', '0x42e6000'],
      [40, 4, 'folios.total_pages', '1'],
      [44, 2, 'folios.flags', '0x1'],
      [46, 2, 'folios.order', '9'],
    ]);
    expect(result.omitted).toEqual([]);
  });

  // PFN in bits 0 to 51 on little-endian machines, 12 to 63 on big-endian ones.
  test.each([
    ['little', 0x003_0_0000_0000_1234n],
    ['big', 0x0000_0000_0123_4003n],
  ] as const)('bitfields, %s endian', (order, word) => {
    const layout = getClientAbi('memfd-v2').struct('memfd_luo_folio_ser', 12);
    expect(rows(structFields(layout, native(order, u64(word), u64(5)), order))).toEqual([
      [0, 8, 'bits', 'pfn 0x1234, flags 0x3'],
      [8, 8, 'index', '0x5'],
    ]);
  });

  test('text that is not terminated, and hostile text', () => {
    const layout = getClientAbi('luo-v5').struct('luo_session_ser', 12);
    const full = native('little', text('x'.repeat(64), 64), u64(0x1000), u64(1));
    expect(rows(structFields(layout, full, 'little'))[0]).toEqual([
      0,
      64,
      'name',
      `'${'x'.repeat(64)}', not terminated`,
    ]);
    const hostile = native('little', text('a\x1b[31m', 64), u64(0), u64(0));
    expect(rows(structFields(layout, hostile, 'little'))[0]![3]).toBe("'a\\x1b[31m'");
  });

  test('of an array only entries that are not zero', () => {
    const chunk = getAbi('kho-v1-6.18').struct('kho_mem_chunk', 12);
    const bytes = Buffer.alloc(4096);
    native('big', u64(0x7000), u32(9), u32(2)).copy(bytes);
    native('big', u64(0x40000000), u64(0x9000)).copy(bytes, 16 + 16);
    const result = structFields(chunk, bytes, 'big');
    expect(rows(result)).toEqual([
      [0, 8, 'next', '0x7000'],
      [8, 4, 'order', '9'],
      [12, 4, 'num_elms', '2'],
      [32, 8, 'entries[1].phys_start', '0x40000000'],
      [40, 8, 'entries[1].bitmap', '0x9000'],
    ]);
    expect(result.omitted).toEqual(['254 zero entries of entries']);
    expect(thrown(() => structFields(chunk, bytes.subarray(1), 'big')).code).toBe('E_HANDOVER');
  });
});

describe('fields of a device tree', () => {
  const map = [...native('little', u64(0x8d9000))];
  const bytes = blob({
    pieces: [
      { begin: '' },
      { prop: 'compatible', value: 'kho-v4\0' },
      { prop: 'preserved-memory-map', value: map },
      { begin: 'LUO' },
      { prop: 'blob-size', value: [...native('little', u64(32))] },
      { nop: true },
      { end: true },
      { end: true },
    ],
  });
  const target = makeTarget(getAbi('kho-v4'), 'little', 12);

  test('header, tokens, values and strings stand where the specification puts them', () => {
    const got = rows(fdtFields(bytes, rootRules(getAbi('kho-v4')), target));
    expect(got.slice(0, 3)).toEqual([
      [0, 4, 'magic', '0xd00dfeed'],
      [4, 4, 'totalsize', `0x${bytes.length.toString(16)}`],
      [8, 4, 'off_dt_struct', '0x38'],
    ]);
    // 40 bytes of header, 16 of reservations; then tags of 4, properties of 12, values padded to 4.
    expect(got.slice(10)).toEqual([
      [0x28, 16, 'reserve[0]', 'end of the reservations'],
      [0x38, 8, 'FDT_BEGIN_NODE', "''"],
      [0x40, 12, 'FDT_PROP', 'compatible, 7 bytes'],
      [0x4c, 7, 'compatible', "'kho-v4'"],
      [0x54, 12, 'FDT_PROP', 'preserved-memory-map, 8 bytes'],
      [0x60, 8, 'preserved-memory-map', '0x8d9000'],
      [0x68, 8, 'FDT_BEGIN_NODE', "'LUO'"],
      [0x70, 12, 'FDT_PROP', 'blob-size, 8 bytes'],
      [0x7c, 8, 'blob-size', '32'],
      [0x84, 4, 'FDT_NOP', ''],
      [0x88, 4, 'FDT_END_NODE', ''],
      [0x8c, 4, 'FDT_END_NODE', ''],
      [0x90, 4, 'FDT_END', ''],
      [0x94, 11, 'string', "'compatible'"],
      [0x9f, 21, 'string', "'preserved-memory-map'"],
      [0xb4, 10, 'string', "'blob-size'"],
    ]);
  });

  test('one node alone', () => {
    const got = rows(fdtFields(bytes, rootRules(getAbi('kho-v4')), target, 'LUO'));
    expect(got.map(([offset]) => offset)).toEqual([0x68, 0x70, 0x7c, 0x84, 0x88]);
    expect(rows(fdtFields(bytes, rootRules(getAbi('kho-v4')), target, 'nobody'))).toEqual([]);
  });

  test('damage ends it with a word', () => {
    const bad = Buffer.from(bytes);
    bad.writeUInt32BE(7, 0x84);
    const { fields, omitted } = fdtFields(bad, rootRules(getAbi('kho-v4')), target);
    expect(fields.some(({ offset }) => offset === 0x84)).toBe(false);
    expect(omitted).toEqual(['what follows 0x84: it cannot be read as a token']);
    const old = Buffer.from(bytes);
    old.writeUInt32BE(3, 20);
    expect(fdtFields(old, () => undefined, undefined).omitted).toHaveLength(1);
  });
});

describe('paths', () => {
  const LINES =
    'init kernel\nmetadata 7.3.4 1\nmemblock n1 0x40000000 0x200000\nluo session a\nluo memfd 1 8192 0x55:2\nluo flb f 7 2\n';

  test('every path that is listed can be shown, in every ABI', () => {
    for (const [abi, lines] of [
      ['kho-v1-6.16', 'page 0x55 0\n'],
      ['kho-v1-6.18', 'kho-test 0 1\nmemblock n1 0x40000000 0x200000\n'],
      ['kho-v1-6.19', 'luo session a\nluo memfd 1 8192 0x55:2\nfinalize\n'],
      ['kho-v2', 'client luo luo-v2\nluo session a\nluo memfd 1 8192 0x55:2\nluo flb f 7 2\n'],
      ['kho-v3', 'client luo luo-v3\nluo session a\nluo memfd 1 8192 0x55:2\nluo flb f 7 2\n'],
      ['kho-v4', LINES],
    ] as const) {
      for (const order of ['little', 'big'] as const) {
        const handover = scene(lines, abi, order, 16);
        const paths = [...structurePlaces(handover)].map(({ path }) => path);
        expect(new Set(paths).size).toBe(paths.length);
        for (const path of paths) {
          const { fields } = annotateStructure(handover, path);
          expect(fields.length, path).toBeGreaterThan(0);
        }
        if (abi !== 'kho-v1-6.16' && abi !== 'kho-v1-6.18') {
          expect(paths).toContain('LUO/sessions/0/files/0/memfd');
          expect(paths).toContain('LUO/sessions/0/files/0/folios');
        }
      }
    }
  });

  test('any structure at any address, also of another format', () => {
    const handover = scene(LINES, 'kho-v4', 'big');
    const luo = handover.subtrees.find(({ name }) => name === 'LUO')!.address!;
    const shown = annotateStructure(handover, `0x${luo.toString(16)}:luo_root`);
    expect(shown.fields[0]).toMatchObject({ name: 'compatible', value: "'luo-v5'" });
    expect(annotateStructure(handover, `${luo}:luo-v1/luo_session_ser`).format).toBe('luo-v1');
    const known = [...namedStructures(handover, handover.target!).keys()];
    expect(known).toEqual(expect.arrayContaining(['kho_vmalloc_chunk', 'kho_scratch', 'memfd_luo_ser']));
    // The boot protocol of x86 is little endian whatever the rest is.
    expect(annotateStructure(handover, `${luo}:kho_setup_data`).byteOrder).toBe('little');
  });

  test('a wrong path lists the right ones', () => {
    const handover = scene(LINES);
    const { message, code } = thrown(() => annotateStructure(handover, 'LUO/sessions/9'));
    expect(code).toBe('E_USAGE');
    for (const path of ['fdt/LUO', 'map', 'LUO/sessions/0/files/0/memfd', 'LUO/flbs/0', 'memblock'])
      expect(message).toContain(`${path},`);
    expect(message).not.toContain('scratch');
    expect(thrown(() => annotateStructure(handover, '0x0:luo_rot')).message).toContain('luo_root');
    expect(thrown(() => annotateStructure(handover, '0x1:luo_root')).code).toBe('E_NOT_IN_DUMP');
    expect(thrown(() => annotateStructure(handover, '0xffffffffffffffff:luo_root')).code).toBe('E_USAGE');
    const alone = decodeHandover(handover.root.bytes, {});
    expect(thrown(() => annotateStructure(alone, 'map')).message).toContain('with --memory there are more');
  });

  test('names from the blob reach no terminal', () => {
    const bytes = blob({
      pieces: [
        { begin: '' },
        { prop: 'compatible', value: 'kho-v4\0' },
        { prop: 'preserved-memory-map', value: [0, 0, 0, 0, 0, 0, 0, 0] },
        { begin: 'a\x1b[2J' },
        { end: true },
        { end: true },
      ],
    });
    const handover = decodeHandover(bytes, {});
    const { message } = thrown(() => annotateStructure(handover, 'x'));
    expect(message).toContain('fdt/a\\x1b[2J');
    expect(message).not.toContain('\x1b');
    const shown = annotateStructure(handover, 'fdt/a\\x1b[2J');
    expect(hexdumpText(shown)).not.toContain('\x1b');
    expect(shown.fields.map(({ name }) => name)).toEqual(['FDT_BEGIN_NODE', 'FDT_END_NODE']);
  });

  test('the scratch array, when its place is told', () => {
    const handover = scene('scratch 0x40000000 0x40000000:0x1000000\n');
    const place = { address: handover.fdtAddress!, areas: 1 };
    const { fields, structure } = annotateStructure(handover, 'scratch', place);
    expect(structure).toBe('kho_scratch');
    expect(fields.map(({ name }) => name)).toEqual(['scratch[0].addr', 'scratch[0].size']);
  });
});

describe('the text', () => {
  test('field names on the first line of their bytes; many zeros are counted', () => {
    const bytes = native('little', text('vm-alpha', 64), u64(0x3021000), u64(2));
    const layout = getClientAbi('luo-v5').struct('luo_session_ser', 12);
    const { fields, omitted } = structFields(layout, bytes, 'little');
    expect(
      hexdumpText({
        structure: 'luo_session_ser',
        format: 'luo-v5',
        address: 0x3035010n,
        byteOrder: 'little',
        bytes,
        fields,
        omitted,
      }),
    ).toBe(`luo_session_ser of luo-v5 at 0x3035010, 80 bytes, little endian
0x3035010   +0x0  76 6d 2d 61 6c 70 68 61  name   'vm-alpha'
           (56 zero bytes more)
0x3035050  +0x40  00 10 02 03 00 00 00 00  files  0x3021000
0x3035058  +0x48  02 00 00 00 00 00 00 00  count  2
`);
  });
});
