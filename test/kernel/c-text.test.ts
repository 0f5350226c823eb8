/** Headers as text: tokens, lines, comments, macros, declarations and the conditions around them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { abiHeader, commentText } from '../../src/kernel/c-header.js';
import { readItems } from '../../src/kernel/c-items.js';
import { lexC, spell } from '../../src/kernel/c-lexer.js';

const header = (source: string) => abiHeader(readItems(lexC('a.h', source)), 'abi');
const tokens = (source: string) => lexC('a.h', source).tokens.map(({ text, line }) => `${line}:${text}`);

describe('tokens', () => {
  test.each([
    ['a+++b', ['1:a', '1:++', '1:+', '1:b']],
    ['x<<=2;', ['1:x', '1:<<=', '1:2', '1:;']],
    ['1.5e+3f 0x1p-2UL .5', ['1:1.5e+3f', '1:0x1p-2UL', '1:.5']],
    ['"a\\"b//c" \'\\\'\' L"w"', ['1:"a\\"b//c"', "1:'\\''", '1:L"w"']],
    ['<:%>%:', ['1:[', '1:}', '1:#']],
    ['a // b\nc', ['1:a', '2:c']],
    ['a /* b\n\n */ c', ['1:a', '3:c']],
    ['lo\\\nng /\\\n* gone *\\\n/ x', ['1:long', '4:x']],
    ['a\\\r\nb\r\nc', ['1:ab', '3:c']],
    // Text that is skipped may hold anything.
    ["don't\nstop", ['1:don', "1:'", '1:t', '2:stop']],
  ])('%j', (source, expected) => {
    expect(tokens(source)).toEqual(expected);
  });

  test('nothing makes it hang, and no text is lost', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab1."\'\\\n /*#<%:{}()\t') }), (source) => {
        let text: ReturnType<typeof lexC>;
        try {
          text = lexC('a.h', source);
        } catch (error) {
          expect(error).toMatchObject({ code: 'E_KERNEL_TREE' });
          return;
        }
        const parts = [...text.tokens, ...text.comments].sort((a, b) => a.start - b.start);
        const between = parts.map(({ start }, index) => text.text.slice(parts[index - 1]?.end ?? 0, start));
        expect([...between, text.text.slice(parts.at(-1)?.end ?? 0)].join('').trim()).toBe('');
        for (const { start, end, line } of text.tokens) {
          expect(end).toBeGreaterThan(start);
          expect(line).toBeLessThanOrEqual(source.split('\n').length);
        }
      }),
    );
  });

  test('one spelling for one meaning', () => {
    const one = (source: string) => spell(lexC('a.h', source).tokens);
    expect(one('( a  +\n\tb [ 3 ] )')).toBe('(a + b [3])');
    expect(one('a/* c */+b')).toBe('a +b');
  });
});

describe('comments', () => {
  test.each([
    ['/** kho-v3: text\n *   more\n *\n * end\n */', 'kho-v3: text\n  more\n\nend'],
    ['/* one */', 'one'],
    ['// one\n//   two', 'one\n  two'],
    ['/***/', ''],
  ])('%j', (raw, text) => {
    expect(commentText(raw)).toBe(text);
  });

  test('places, and neighbouring lines as one', () => {
    const { comments } = header('/* a */ int x; /* b\n c */\n// d\n// e\n\n// f\nint y; // g\n');
    expect(comments.map(({ place, text }) => `${place.line}:${text}`)).toEqual([
      '1:a',
      '1:b\nc',
      '3:d\ne',
      '6:f',
      '7:g',
    ]);
  });
});

describe('macros', () => {
  test('name, parameters, body and line', () => {
    const { macros } = header(
      '#define A 1 /* one */ +  2\n#define F(x, y...) \\\n\tx + \\\n\ty\n # define G() g\n#define V(...) v\n#define S (x)\n#define E\n',
    );
    expect(macros.map(({ name, place, params, body }) => [name, place.line, params, body])).toEqual([
      ['A', 1, null, '1 + 2'],
      ['F', 2, ['x', 'y...'], 'x + y'],
      ['G', 5, [], 'g'],
      ['V', 6, ['...'], 'v'],
      ['S', 7, null, '(x)'],
      ['E', 8, null, ''],
    ]);
  });

  test('conditions of CONFIG_ options count, the include guard does not', () => {
    const { macros } = header(`/* text */
#ifndef GUARD_H
#define GUARD_H
#define ALWAYS 1
#ifdef CONFIG_A
#define A 1
#if defined(CONFIG_B) && !IS_ENABLED(CONFIG_C)
#define B 1
#else
#define NOT_B 1
#endif
#elif CONFIG_D > 2
#define D 1
#else
#define REST 1
#endif
#ifndef CONFIG_E
#define NOT_E 1
#endif
#if 0
#define OFF 1
#endif
#endif
`);
    expect(macros.map(({ name, conditions }) => [name, conditions])).toEqual([
      ['ALWAYS', []],
      ['A', ['CONFIG_A']],
      ['B', ['CONFIG_A', 'CONFIG_B && !CONFIG_C']],
      ['NOT_B', ['CONFIG_A', '!(CONFIG_B && !CONFIG_C)']],
      ['D', ['!CONFIG_A', 'CONFIG_D > 2']],
      ['REST', ['!CONFIG_A', '!(CONFIG_D > 2)']],
      ['NOT_E', ['!CONFIG_E']],
      ['OFF', []],
    ]);
  });

  test.each(['#if !defined(G)\n#define G\n', '#if !defined G\n#define G 1\n', '#ifndef G\n#define G\n'])(
    'guard %j',
    (start) => {
      const { macros } = header(`${start}#define A 1\n#endif\n`);
      expect(macros.map(({ name }) => name)).toEqual(['A']);
    },
  );
});

describe('declarations', () => {
  test.each([
    ['struct a { int x; };', 'struct', 'a', false],
    ['struct a { int x; } __packed;', 'struct', 'a', true],
    ['struct __packed a { int x; };', 'struct', 'a', true],
    ['struct __attribute__((packed)) a { int x; };', 'struct', 'a', true],
    ['struct a { int x; } __attribute__((__packed__, aligned(4)));', 'struct', 'a', true],
    ['struct a { int x __packed; struct { int y; } __packed z; };', 'struct', 'a', false],
    ['struct __aligned(8) a { int x; };', 'struct', 'a', false],
    ['union u { int x; };', 'union', 'u', false],
    ['typedef struct { int x; } __packed a_t;', 'struct', 'a_t', true],
    ['struct a { int x; } object;', 'struct', 'a', false],
  ])('%s', (source, kind, name, packed) => {
    expect(header(source).declarations).toMatchObject([{ kind, name, packed }]);
  });

  test.each([
    'struct a;',
    'struct a *pointer;',
    'struct a function(struct b { int x; } *y);',
    'static struct a object = { .x = { 1 }, };',
    'static inline struct a *f(void) { struct b { int x; } y; return 0; }',
    'extern struct a *g(int x[3]);',
    'typedef unsigned int u;',
  ])('%s declares nothing of the ABI', (source) => {
    const { declarations } = header(`${source}\nstruct last { int x; };\n`);
    expect(declarations.map(({ name }) => name)).toEqual(['last']);
  });

  test('a pragma packs what follows it', () => {
    const { declarations } = header(
      'struct a { int x; };\n#pragma pack(push, 1)\nstruct b { int x; };\n#pragma pack(pop)\nstruct c { int x; };\n',
    );
    expect(declarations.map(({ name, packed }) => [name, packed])).toEqual([
      ['a', false],
      ['b', true],
      ['c', false],
    ]);
  });

  test('text in one spelling, and the line', () => {
    const { declarations } = header('\n\nstruct  a {\n\tu64 x; /* place */\n\n\tu32\ty [ 2 ];\n} ;\n');
    expect(declarations).toMatchObject([
      { place: { file: 'a.h', line: 3 }, text: 'struct a { u64 x; u32 y [2]; };' },
    ]);
  });

  test('constants of an enum, in order', () => {
    const { declarations } = header(
      'enum e {\n\tA = 1,\n#ifdef CONFIG_X\n\tB = F(1, 2),\n#endif\n\tC = A << (A, 2), /* no, D */\n};\nenum { X, Y, };\n',
    );
    expect(declarations.map(({ name, constants }) => [name, constants])).toEqual([
      ['e', ['A', 'B', 'C']],
      ['', ['X', 'Y']],
    ]);
  });

  test('inner structures belong to the outer one', () => {
    const { declarations } = header('struct a { struct b { int x; } y; union { struct c { int z; } w; }; };');
    expect(declarations.map(({ name }) => name)).toEqual(['a']);
  });

  test('branches that hold half a function each do not swallow what follows', () => {
    const { declarations } = header(
      '#ifdef X\nint f(int a)\n{\n\tif (a) {\n#else\nint f(void)\n{\n\tif (1) {\n#endif\n\t}\n}\nstruct after {\n\tint x;\n};\n',
    );
    expect(declarations.map(({ name }) => name)).toEqual(['after']);
  });
});
