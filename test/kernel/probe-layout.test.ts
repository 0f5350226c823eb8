/** Layouts that a probe gives, against what pahole reads from the debug information of the same text. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadTreeMap } from '../../src/abi/index.js';
import {
  type CField,
  type CStruct,
  collectTree,
  idsNamed,
  openBtf,
  openTree,
  parseCompilers,
  type TreeAbi,
} from '../../src/kernel/index.js';
import { compileBtf, MACHINES } from './btf-compile.js';
import { tool } from './tools.js';
import { makeTree, removeTrees } from './trees.js';

const folder = mkdtempSync(join(tmpdir(), 'kho-probe-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  removeTrees();
});

/** Types as the kernel spells them, for the oracle's compiler; the probe has its own. */
const TYPES = `
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef long long s64; typedef _Bool bool;
#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
`;

/** Everything that makes a layout hard to tell from the text. */
const TRICKY = `
enum t_small { T_NEGATIVE = -1, T_ONE = 1, };
enum t_wide { T_WIDE = 0x100000000ULL };
typedef u8 t_key[16];
typedef struct { u16 low; u64 high; } t_pair;
typedef struct t_tagged { u8 one; } t_alias, *t_alias_ptr;
typedef int (*t_call)(void *, int);
struct t_empty { };
struct t_forward;
struct t_bits {
	u64 a : 52; u64 b : 12;
	u8 c : 3, d : 5; u8 : 0; u16 e : 9; s64 f : 33; u32 : 7; u32 g : 1; bool h : 1;
	enum t_small i : 4;
};
struct t_packed_bits { u8 head; u32 x : 20; u32 y : 20; u64 z : 44; u16 tail; } __packed;
struct __packed t_before { u8 a; u64 b; struct t_bits inner; };
struct t_mix { u8 a; struct t_before packed; u8 b; t_pair pair; u32 c __aligned(16); u16 d __packed; } __aligned(32);
union t_union { u8 bytes[6]; u32 word; struct { u16 x, y; } xy; struct t_packed_bits bits; };
struct t_anonymous {
	u8 first;
	union { u64 phys; struct t_forward *ptr; struct { u8 p; union { u16 q; u8 r[3]; }; }; };
	struct { u32 only : 5; u32 bits : 9; };
	struct { u8 s; u64 t; } __packed;
	struct { u16 u; u32 v[2]; } rows[3][2];
	union { u8 w; u16 x; } named;
	u8 last;
} __packed;
struct t_arrays {
	char name[64]; u64 grid[3][5][2]; void *pointers[4]; t_key key; t_key keys[3]; t_call calls[2];
	u8 (*matrix)[4]; int (*function)(int, char *); struct t_empty nothing[2]; t_pair pairs[2]; u32 none[0]; u16 tail[];
};
struct t_outer {
	struct t_inner { u16 a; u64 b; } __packed inner;
	struct t_inner more[2];
	enum { T_LOCAL_A = 7, T_LOCAL_B } local;
	t_alias alias; t_alias_ptr alias_ptr; t_alias aliases[2];
	unsigned u; long unsigned int v; const volatile char *const text; long long int w; short s; signed char sc; float f; double g;
	__extension__ enum t_wide wide; _Bool flag; __typeof__(u64) typed; struct t_outer *self;
};
`;

/** Structures that are packed by a pragma around them. */
const PRAGMA = `
#pragma pack(push, 2)
struct t_pragma { u8 a; u32 b; struct { u8 c; u64 d; }; union { u8 e; u32 f; } g; };
#pragma pack(1)
struct t_pragma_1 { u8 a; u64 b; struct { u8 c; u16 d; }; };
#pragma pack(pop)
struct t_pragma_none { u8 a; u32 b; };
#pragma pack(4)
struct t_pragma_4 { u8 a; u64 b; };
#pragma pack()
struct t_pragma_end { u8 a; u64 b; };
`;

/** Objects by which debug information holds every type. */
const USES = `
struct t_bits *u1; struct t_packed_bits *u2; struct t_before *u3; struct t_mix *u4; union t_union *u5; struct t_anonymous *u6;
struct t_arrays *u7; struct t_outer *u8_; struct t_inner *u9; struct t_empty *u10; struct t_tagged *u11;
struct t_pragma *u12; struct t_pragma_1 *u13; struct t_pragma_none *u14; struct t_pragma_4 *u15; struct t_pragma_end *u16_;
`;

const NAMES = [
  't_bits',
  't_packed_bits',
  't_before',
  't_mix',
  't_union',
  't_anonymous',
  't_arrays',
  't_outer',
  't_inner',
  't_empty',
  't_tagged',
  't_pragma',
  't_pragma_1',
  't_pragma_none',
  't_pragma_4',
  't_pragma_end',
];

async function probe(
  header: string,
  byteOrder: 'little' | 'big',
  arch: string,
  cc?: string,
): Promise<TreeAbi> {
  const root = makeTree({ 'include/linux/kho/abi/tricky.h': header });
  return await collectTree(await openTree(root), {
    targets: [{ pageShift: 12, byteOrder }],
    arches: [arch],
    map: loadTreeMap(),
    ...(cc === undefined ? {} : { compilers: parseCompilers(cc) }),
  });
}

/** What both sources can tell; spellings of types differ between C text and debug information. */
function facts(fields: readonly CField[]): unknown[] {
  return fields.map(({ name, kind, bitOffset, bitSize, count, bitField, fields: inner }) => ({
    name,
    kind,
    bitOffset,
    bitSize,
    count,
    bitField,
    ...(inner === undefined ? {} : { fields: facts(inner) }),
  }));
}

const structFacts = ({ kind, size, fields }: CStruct) => ({ kind, size, fields: facts(fields) });

describe.each(MACHINES)('$name', ({ name, order, ...machine }) => {
  test.each(NAMES)('%s as pahole has it', async (wanted) => {
    await tool('pahole', 'dwarves');
    const path = await compileBtf({ name, order, ...machine }, folder, TYPES + TRICKY + PRAGMA + USES);
    const { layouts } = openBtf(path);
    const [id] = idsNamed(layouts.types, 'structure', (found) => found === wanted);
    const { layouts: mine } = (await results(order, name)).targets[0]!;
    expect(structFacts(mine.structs.get(wanted)!)).toEqual(structFacts(layouts.struct(id!)));
  });

  test('all of them are there, also the typedef without a tag', async () => {
    const { structs } = (await results(order, name)).targets[0]!.layouts;
    expect([...structs.keys()].sort()).toEqual([...NAMES, 't_pair'].sort());
  });
});

const done = new Map<string, Promise<TreeAbi>>();
function results(order: 'little' | 'big', arch: string): Promise<TreeAbi> {
  if (!done.has(arch)) done.set(arch, probe(TRICKY + PRAGMA, order, arch));
  return done.get(arch)!;
}

test.each([
  ['x86_64', 'little'],
  ['arm64', 'big'],
  ['s390x', 'big'],
] as const)('gcc and clang agree for %s, %s endian', async (arch, order) => {
  await tool('clang', 'clang');
  const [gcc, clang] = await Promise.all([
    probe(TRICKY + PRAGMA, order, arch),
    probe(TRICKY + PRAGMA, order, arch, 'clang'),
  ]);
  expect(clang.compilers[0]!.command).toMatch(/^clang --target=/);
  expect(gcc.compilers[0]!.command).toMatch(/gcc/);
  expect(clang.targets[0]!.layouts).toEqual(gcc.targets[0]!.layouts);
});

test('both big-endian machines agree', async () => {
  const [arm, s390] = await Promise.all([probe(TRICKY + PRAGMA, 'big', 'arm64'), results('big', 's390x')]);
  // s390x aligns nothing above 8 bytes by itself; the tricky text has no such type.
  expect(arm.targets[0]!.layouts).toEqual(s390.targets[0]!.layouts);
});

test('types are told in one spelling', async () => {
  const { structs, constants } = (await results('little', 'x86_64')).targets[0]!.layouts;
  const types = (name: string) =>
    structs.get(name)!.fields.map((field) => [field.name, field.type, field.tag]);
  expect(types('t_outer')).toEqual([
    ['inner', 'struct t_inner', 't_inner'],
    ['more', 'struct t_inner', 't_inner'],
    ['local', 'enum', undefined],
    ['alias', 't_alias', 't_tagged'],
    ['alias_ptr', 't_alias_ptr', undefined],
    ['aliases', 't_alias', 't_tagged'],
    ['u', 'unsigned int', undefined],
    ['v', 'unsigned long', undefined],
    ['text', 'char *', undefined],
    ['w', 'long long', undefined],
    ['s', 'short', undefined],
    ['sc', 'signed char', undefined],
    ['f', 'float', undefined],
    ['g', 'double', undefined],
    ['wide', 'enum t_wide', 't_wide'],
    ['flag', '_Bool', undefined],
    ['typed', '__typeof__(u64)', undefined],
    ['self', 'struct t_outer *', undefined],
  ]);
  expect(types('t_arrays')).toEqual([
    ['name', 'char', undefined],
    ['grid', 'u64', undefined],
    ['pointers', 'void *', undefined],
    ['key', 'u8', undefined],
    ['keys', 'u8', undefined],
    ['calls', 't_call', undefined],
    ['matrix', 'u8 (*)[4]', undefined],
    ['function', 'int (*)(int, char *)', undefined],
    ['nothing', 'struct t_empty', 't_empty'],
    ['pairs', 't_pair', undefined],
    ['none', 'u32', undefined],
    ['tail', 'u16', undefined],
  ]);
  expect(Object.fromEntries(constants)).toEqual({
    T_NEGATIVE: -1n,
    T_ONE: 1n,
    T_WIDE: 1n << 32n,
    T_LOCAL_A: 7n,
    T_LOCAL_B: 8n,
  });
});
