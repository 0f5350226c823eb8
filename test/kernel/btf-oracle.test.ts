/** BTF of real objects against the real tools: every type with bpftool, every structure with the compiler's own word. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { $ } from 'zx';
import { type BtfTypes, type CField, idsNamed, openBtf } from '../../src/kernel/index.js';
import { compileBtf, compileWitness, MACHINES } from './btf-compile.js';
import { PATHS, tool } from './tools.js';

const ORACLE = join(import.meta.dirname, '../../scripts/lib/btf-oracle.mjs');
const { bpftoolTypes, differencesFromBpftool, paholeSizes } = (await import(ORACLE)) as {
  bpftoolTypes: (path: string) => Promise<unknown[] | undefined>;
  differencesFromBpftool: (types: BtfTypes, theirs: unknown[]) => { different: number; lines: string[] };
  paholeSizes: (path: string) => Promise<Map<string, number[]>>;
};

const folder = mkdtempSync(join(tmpdir(), 'kho-btf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What C can say, with names that are all different, so that a member is found by its name alone. */
const CODE = `
typedef unsigned long long u64;
enum small { SMALL_MINUS = -2, SMALL_PLUS = 0x7fffffff };
enum large { LARGE = 0xffffffffu };
enum huge { HUGE_ONE = 1, HUGE = 0x123456789abcdefULL };
enum negative { NEGATIVE = -0x123456789abcdefLL };
struct forward;
union twin { u64 whole; unsigned short half[4]; };
struct packed_one { char pa; u64 pb; unsigned pc : 3; unsigned pd : 30; } __attribute__((packed));
struct everything {
  int ba : 3; unsigned bb : 5; long long bc : 40; _Bool bd : 1; enum small be : 31;
  struct { char grid[3][4]; union { int deep; struct { short deeper; }; }; };
  union { int ua; float ub; } named;
  struct everything *self; struct forward *out; void (*call)(int, ...); const volatile char *restrict text;
  enum small es; enum large el; enum huge eh; enum negative en; _Bool flag; double real; long double extended;
  union twin tw[2]; struct packed_one po; u64 word;
  char flexible[];
};
struct everything *use_everything; struct packed_one *use_packed; union twin *use_twin;
int reach(const struct everything *it, struct packed_one **list) { return it->ba + (*list)->pa; }
`;

describe.each(MACHINES)('$name', (machine) => {
  test.each([12, 16])('the C witness with pages of 2^%i: every type as bpftool reads it', async (shift) => {
    await tool('bpftool', 'bpftool');
    const path = await compileWitness(machine, folder, shift);
    const { types } = openBtf(path).layouts;
    expect(types.byteOrder).toBe(machine.order);
    const theirs = (await bpftoolTypes(path))!;
    expect(theirs.length).toBeGreaterThan(300);
    expect(differencesFromBpftool(types, theirs)).toEqual({ different: 0, lines: [] });
    // What is known of these structures without any tool: test/witness/clients.h asserts it when it is compiled.
    const [id] = idsNamed(types, 'structure', (name) => name === 'memfd_folio_ser');
    const places = openBtf(path)
      .layouts.struct(id!)
      .fields.map((field) => [field.name, field.bitOffset, field.bitSize]);
    expect(places).toEqual([
      ['pfn', 0, 52],
      ['flags', 52, 12],
      ['index', 64, 64],
    ]);
  });

  test('all that C can say: every type as bpftool reads it', async () => {
    await tool('bpftool', 'bpftool');
    const path = await compileBtf(machine, folder, CODE);
    const { types } = openBtf(path).layouts;
    const theirs = (await bpftoolTypes(path))!;
    expect(differencesFromBpftool(types, theirs)).toEqual({ different: 0, lines: [] });
    const kinds = new Set(Array.from({ length: types.count }, (_, index) => types.kindName(index + 1)));
    for (const kind of ['FLOAT', 'ENUM64', 'FWD', 'RESTRICT', 'FUNC_PROTO', 'UNION'])
      expect(kinds).toContain(kind);
  });

  test('sizes as pahole reads them from BTF, offsets as it reads them from DWARF', async () => {
    const path = await compileBtf(machine, folder, CODE);
    const { layouts } = openBtf(path);
    const structs = idsNamed(layouts.types, 'structure', (name) => name !== '').map((id) =>
      layouts.struct(id),
    );
    const sizes = await paholeSizes(path);
    expect(new Map(structs.map(({ name, size }) => [name, [size]]))).toEqual(sizes);
    const dwarf = await paholeMembers(path);
    const ours = new Map(structs.flatMap(({ fields }) => leaves(fields)));
    expect(ours.size).toBeGreaterThan(25);
    for (const [name, place] of dwarf) expect([name, ours.get(name)]).toEqual([name, place]);
    expect([...ours.keys()].sort()).toEqual([...dwarf.keys()].sort());
  });
});

/** Places of members by name: byte, bit in it, and size in bytes or bits; members without a tag are passed through. */
function leaves(fields: readonly CField[]): [string, string][] {
  return fields.flatMap((field) => {
    const own: [string, string][] = [];
    if (field.name !== '') {
      const { bitOffset: bit, bitSize: size } = field;
      own.push([
        field.name,
        field.bitField ? `bit ${bit}, ${size} bits` : `byte ${bit / 8}, ${size / 8} bytes`,
      ]);
    }
    return [...own, ...leaves(field.fields ?? [])];
  });
}

/** The same from the comments that pahole writes behind members: offset and size, for bit-fields the bit in their unit. */
async function paholeMembers(path: string): Promise<Map<string, string>> {
  const { stdout } = await $({ quiet: true, env: PATHS })`pahole -F dwarf ${path}`;
  const places = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const found =
      /([a-z]+)(?:\[[^\]]*\])*(?::(\d+))?(?:\)\([^)]*\))?;\s+\/\* +(\d+)(?:: *(\d+))? +(\d+) \*\//.exec(line);
    if (found === null) continue;
    const [, name, bits, byte, bit, size] = found;
    places.set(
      name!,
      bits === undefined
        ? `byte ${byte}, ${size} bytes`
        : `bit ${Number(byte) * 8 + Number(bit)}, ${bits} bits`,
    );
  }
  return places;
}
