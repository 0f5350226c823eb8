/** Headers that are broken, strange or hostile: what must be refused, and what must do no harm. */
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTreeMap } from '../../src/abi/index.js';
import { collectTree, openTree, parseCompilers, type TreeAbi } from '../../src/kernel/index.js';
import { makeTree, removeTrees, type TreeFiles } from './trees.js';

const PATH = 'include/linux/kho/abi/x.h';
const SECRET = 'KHO_ABI_SECRET_MACRO';

/** Temporary folders go here, so that what is left behind can be counted. */
const folder = mkdtempSync(join(tmpdir(), 'kho-hostile-'));
const outside = join(folder, 'outside.h');
const temporary = process.env.TMPDIR;
beforeAll(() => {
  writeFileSync(outside, `#define ${SECRET} 42\nstruct kho_outside { int a; };\n`);
});
afterAll(() => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  removeTrees();
  rmSync(folder, { recursive: true, force: true });
});

async function collect(files: string | TreeFiles, cc?: string): Promise<TreeAbi> {
  const root = makeTree(typeof files === 'string' ? { [PATH]: files } : files);
  return await collectTree(await openTree(root), {
    targets: [{ pageShift: 12, byteOrder: 'little' }],
    arches: ['x86_64'],
    map: loadTreeMap(),
    ...(cc === undefined ? {} : { compilers: parseCompilers(cc) }),
  });
}

const GOOD = 'struct kho_good { u64 a; u32 b; };\n#define KHO_GOOD 7\n';
const notes = (abi: TreeAbi) => abi.notes.map(({ place, text }) => `${place.file}:${place.line}: ${text}`);
const structs = (abi: TreeAbi) => [...abi.targets[0]!.layouts.structs.keys()];
const constants = (abi: TreeAbi) => Object.fromEntries(abi.targets[0]!.layouts.constants);

describe('includes that lead out of the tree', () => {
  test.each([
    ['absolute', () => `#include "${outside}"`],
    ['absolute, in angles', () => `#include <${outside}>`],
    ['upward', () => `#include "${'../'.repeat(20)}${outside.slice(1)}"`],
    ['upward in the middle', () => `#include <linux/../../../../..${outside}>`],
    ['behind a comment and a splice', () => `/* a\n b */ #inc\\\nlude "${outside}"`],
    ['with a digraph', () => `%:include "${outside}"`],
    ['next', () => `#include_next "${outside}"`],
    ['import', () => `#import "${outside}"`],
    ['in a branch that is not taken', () => `#if 0\n#include "${outside}"\n#endif`],
  ])('%s', async (name, line) => {
    const result = collect(`${GOOD}${line()}\nstruct kho_last { u8 z; };\n`);
    if (name === 'next' || name === 'import') {
      const abi = await result;
      expect(structs(abi)).toEqual(['kho_good', 'kho_last']);
      expect(notes(abi).join()).toContain('left out');
      return;
    }
    await expect(result).rejects.toMatchObject({
      code: 'E_KERNEL_TREE',
      details: { source: PATH, hint: expect.stringContaining('not trusted') },
    });
  });

  test.each([
    ['by a macro', () => `#define WHERE "${outside}"\n#include WHERE`],
    ['embed', () => `static const char bytes[] = {\n#embed "${outside}"\n};`],
    ['by a pragma', () => `#pragma GCC dependency "${outside}"\n#pragma clang module import x`],
    ['by the assembler', () => `__asm__(".incbin \\"${outside}\\"");\nasm(".include \\"${outside}\\"");`],
    ['by a function', () => `static inline void f(void) { __asm__ volatile(".incbin \\"${outside}\\""); }`],
    ['with a comment mark in it', () => `#include <${outside.replace('/', '//')}>`],
  ])('%s: nothing of it is seen, the rest is', async (_, text) => {
    const abi = await collect(
      `${GOOD}${text()}\n#ifdef ${SECRET}\n#define KHO_LEAK 1\n#endif\nstruct kho_last { u8 z; };\n`,
    ).catch((error: { code: string; message: string }) => {
      expect(error.code).toBe('E_KERNEL_TREE');
      expect(error.message).not.toContain('42');
    });
    if (abi === undefined) return;
    expect(structs(abi)).toEqual(['kho_good', 'kho_last']);
    expect(constants(abi)).toEqual({ KHO_GOOD: 7n });
  });

  test('a link out of the tree is not followed', async () => {
    const root = makeTree({ [PATH]: GOOD });
    symlinkSync(outside, join(root, 'include/linux/kho/abi/linked.h'));
    const tree = await openTree(root);
    expect(await tree.list('include/linux/kho/abi/')).toEqual([PATH]);
    expect((await tree.read(['include/linux/kho/abi/linked.h', PATH])).size).toBe(1);
    expect((await tree.read([`../${outside}`, outside, 'include/../Makefile'])).size).toBe(0);
  });
});

describe('headers that do not compile', () => {
  test.each([
    ['an unknown type', 'struct kho_a {\n\tu64 a;\n\tunknown_type b;\n};\n', 3, 'unknown_type'],
    [
      'a failed assertion',
      'struct kho_a { u64 a; };\n\nstatic_assert(sizeof(struct kho_a) == 4);\n',
      3,
      'sizeof(struct kho_a) == 4',
    ],
    [
      'an error behind a spliced macro',
      '#define A \\\n 1 + \\\n 2\nstruct kho_a { u8 a[-(A)]; };\n',
      4,
      'negative',
    ],
    ['#error', 'struct kho_a { u64 a; };\n#error no such luck\n', 2, 'no such luck'],
    [
      'an include of the tree that does not exist',
      '#include "gone.h"\nstruct kho_a { struct kho_gone b; };\n',
      2,
      'incomplete',
    ],
    ['a comment without end', 'struct kho_a { u64 a; };\n/* to be\n', 2, 'no end'],
  ])('%s: file and line of the tree', async (_, text, line, words) => {
    await expect(collect(text)).rejects.toMatchObject({
      code: 'E_KERNEL_TREE',
      message: expect.stringContaining(words),
      details: { source: PATH, line },
    });
  });

  test('an include that was empty is named', async () => {
    await expect(
      collect('#include <linux/spinlock_types.h>\nstruct kho_a { spinlock_t b; };\n'),
    ).rejects.toMatchObject({
      details: { line: 2, hint: expect.stringContaining('empty files stand for <linux/spinlock_types.h>') },
    });
  });

  test('clang says the same place', async () => {
    await expect(collect('struct kho_a {\n\tunknown_type b;\n};\n', 'clang')).rejects.toMatchObject({
      code: 'E_KERNEL_TREE',
      details: { source: PATH, line: 2 },
    });
  });
});

describe('macros that are no constants', () => {
  test('they are told, and the others are kept', async () => {
    const abi = await collect(
      `${GOOD}extern int somewhere;
#define KHO_EMPTY
#define KHO_TEXT "text" " and more"
#define KHO_OPEN (1 + 
#define KHO_END };
#define KHO_COMMA 1, 2
#define KHO_BLOCK ({ 1; })
#define KHO_ADDRESS ((unsigned long)&((struct kho_good *)0)->b)
#define KHO_TYPE struct kho_good
#define KHO_ATTRIBUTE __attribute__((packed))
#define KHO_ELSEWHERE (GONE | 1)
#define KHO_CALL somewhere()
#define KHO_ZERO (1 / 0)
#define KHO_FLOAT 1.5
#define KHO_SELF KHO_SELF
#define KHO_LENGTH (sizeof("text") - 1)
#define KHO_MINUS -3
#define KHO_LARGE 0xffffffffffffffffULL
#define KHO_CHAR 'a'
#define KHO_FUNCTION(x) (x)
#define KHO_UNDEFINED 9
#undef KHO_UNDEFINED
#define KHO_LAST (KHO_GOOD << 1)
`,
    );
    const found = constants(abi);
    expect(found).toMatchObject({
      KHO_GOOD: 7n,
      KHO_LENGTH: 4n,
      KHO_MINUS: -3n,
      KHO_LARGE: (1n << 64n) - 1n,
      KHO_CHAR: 97n,
      KHO_LAST: 14n,
      KHO_ADDRESS: 8n,
    });
    const absent = [
      'EMPTY',
      'TEXT',
      'OPEN',
      'END',
      'BLOCK',
      'TYPE',
      'ATTRIBUTE',
      'ELSEWHERE',
      'CALL',
      'ZERO',
      'FLOAT',
      'SELF',
      'FUNCTION',
      'UNDEFINED',
    ];
    for (const name of absent) expect(found, name).not.toHaveProperty(`KHO_${name}`);
    expect(structs(abi)).toEqual(['kho_good']);
    expect(notes(abi)).toContainEqual(
      `${PATH}:13: KHO_ELSEWHERE has no value here: GONE is declared elsewhere`,
    );
    expect(notes(abi).join('\n')).toMatch(/x\.h:15: KHO_ZERO is no constant/);
    const macro = abi.headers[0]!.macros.find(({ name }) => name === 'KHO_TEXT');
    expect(macro).toMatchObject({ string: 'text and more', body: '"text" " and more"' });
  });
});

describe('work is bounded', () => {
  const doubling = (levels: number) =>
    `#define M0 1\n${Array.from({ length: levels }, (_, index) => `#define M${index + 1} M${index} + M${index}\n`).join('')}`;

  test('macros that double until nothing ends', async () => {
    await expect(collect(`${GOOD}${doubling(40)}`)).rejects.toMatchObject({
      code: expect.stringMatching(/^E_(TOOL_FAILED|LIMIT)$/),
    });
  }, 60_000);

  test('structures in structures in structures', async () => {
    const deep = `struct kho_deep { ${'struct { '.repeat(5000)} int a; ${'}; '.repeat(5000)} };\n`;
    await expect(collect(deep)).rejects.toMatchObject({
      code: expect.stringMatching(/^E_(LIMIT|KERNEL_TREE|TOOL_FAILED)$/),
    });
  });

  test('brackets that never close', async () => {
    await expect(collect(`${'{('.repeat(200_000)}\nstruct kho_a { u8 a; };\n`)).resolves.toMatchObject({
      headers: [{ path: PATH }],
    });
  });

  test('a file that is too large', async () => {
    await expect(collect(`/*${'x'.repeat(5_000_000)}*/`)).rejects.toMatchObject({ code: 'E_LIMIT' });
  });

  test('a bit-field in a structure of a terabyte does not become a file', async () => {
    await expect(collect('struct kho_huge { u8 x[1ULL << 40]; u32 a : 3; };\n')).rejects.toMatchObject({
      message: expect.stringContaining('too large'),
    });
  });

  test('objects of the header do not become bytes', async () => {
    const abi = await collect(
      `${GOOD}const char kho_big[1ULL << 36] = { 1 };\nint kho_code(void) { return 1; }\n`,
    );
    expect(structs(abi)).toEqual(['kho_good']);
  });

  test('includes in a circle', async () => {
    const other = 'include/linux/kho/abi/y.h';
    const abi = await collect({
      [PATH]: '#ifndef X\n#define X\n#include "y.h"\nstruct kho_x { u8 a; };\n#endif\n',
      [other]: '#ifndef Y\n#define Y\n#include <linux/kho/abi/x.h>\nstruct kho_y { u8 a; };\n#endif\n',
    });
    expect(structs(abi).sort()).toEqual(['kho_x', 'kho_y']);
  });

  test('a file that includes itself', async () => {
    await expect(collect(`#include "x.h"\n${GOOD}`)).rejects.toMatchObject({ code: 'E_KERNEL_TREE' });
  });
});

describe('compilers', () => {
  test('none there: what to install', async () => {
    await expect(collect(GOOD, 'no-such-gcc')).rejects.toMatchObject({
      code: 'E_TOOL_MISSING',
      exitStatus: 3,
      message: expect.stringContaining('apt-get install'),
    });
    const path = process.env.PATH;
    process.env.PATH = folder;
    try {
      await expect(collect(GOOD)).rejects.toMatchObject({ code: 'E_TOOL_MISSING', exitStatus: 3 });
    } finally {
      process.env.PATH = path;
    }
  });

  test.each([
    ['arm64=gcc', 'arm64', 'E_USAGE'],
    ['mips=gcc', 'x86_64', 'E_USAGE'],
    ['', 'x86_64', 'E_USAGE'],
    ['-o/etc/passwd', 'x86_64', 'E_USAGE'],
    ['true', 'x86_64', 'E_TOOL_FAILED'],
  ])('--cc %s for %s is refused', async (cc, arch, code) => {
    const run = async () =>
      await collectTree(await openTree(makeTree({ [PATH]: GOOD })), {
        targets: [{ pageShift: 12, byteOrder: 'little' }],
        arches: [arch],
        map: loadTreeMap(),
        compilers: parseCompilers(cc),
      });
    await expect(run()).rejects.toMatchObject({ code });
  });

  test('a compiler that hangs is stopped with all that it started', async () => {
    const script = join(folder, 'hanging');
    writeFileSync(
      script,
      '#!/bin/sh\ncase "$*" in *--version*) echo hanging 1.0;; *-dumpmachine*) echo x86_64-linux-gnu;; *) while :; do echo x; done;; esac\n',
      { mode: 0o755 },
    );
    await expect(collect(GOOD, script)).rejects.toMatchObject({
      code: 'E_TOOL_FAILED',
      message: expect.stringContaining('stopped'),
    });
  }, 60_000);

  test('the user environment adds nothing', async () => {
    process.env.CPATH = folder;
    try {
      const abi = await collect(
        `#include <outside.h>\n${GOOD}#ifdef ${SECRET}\n#define KHO_LEAK ${SECRET}\n#endif\n`,
      );
      expect(constants(abi)).toEqual({ KHO_GOOD: 7n });
      expect(notes(abi)).toEqual([`${PATH}:1: <outside.h> was replaced by an empty file`]);
    } finally {
      delete process.env.CPATH;
    }
  });

  test('temporary folders are removed, also after errors', async () => {
    const mine = join(folder, 'tmp');
    await import('node:fs').then(({ mkdirSync }) => mkdirSync(mine));
    process.env.TMPDIR = mine;
    const roots = [makeTree({ [PATH]: GOOD }), makeTree({ [PATH]: 'struct kho_a { gone b; };\n' })];
    const before = readdirSync(mine);
    for (const root of roots) {
      await collectTree(await openTree(root), {
        targets: [{ pageShift: 12, byteOrder: 'little' }],
        arches: ['x86_64'],
        map: loadTreeMap(),
      }).catch(() => undefined);
    }
    expect(readdirSync(mine)).toEqual(before);
    expect(existsSync(outside)).toBe(true);
  });
});
