/** Names that somebody else chose, in every place of a tree report that takes a text from outside. */
import { marked, type Token, type Tokens } from 'marked';
import { describe, expect, test } from 'vitest';
import type { Fingerprint, TreeReport } from '../../src/kernel/index.js';
import { renderTree, TREE_FORMATS, type TreeFormat } from '../../src/report/index.js';
import { valid as sarifValid } from '../support/sarif.js';
import { print, report, VMALLOC_WIDE } from '../support/tree.js';
import { elements } from '../support/xml.js';
import { HOSTILE } from './support.js';

/** A tree in which paths, components, structures, members, macros and versions are called so. */
function hostileTree(text: string): TreeReport {
  const place = { file: text, line: 3 };
  const name = `struct ${text}`;
  const dress = (of: Fingerprint, kho: string): Fingerprint => ({
    components: {
      core: {
        ...of.components.core!,
        title: text,
        markers: [{ component: 'core', scheme: 'fdt-compatible', value: kho, macro: text }],
      },
      [`x${text}`]: {
        ...of.components.vmalloc!,
        title: text,
        targets: Object.fromEntries(
          Object.entries(of.components.vmalloc!.targets).map(([target, { structs }]) => {
            const { fields, ...struct } = structs.kho_vmalloc!;
            const renamed = fields.map((field, at) =>
              at === 1 ? { ...field, name: text, type: text } : field,
            );
            return [
              target,
              { structs: { [text]: { ...struct, fields: renamed } }, constants: {}, facts: {} },
            ];
          }),
        ),
      },
    },
  });
  return report(dress(print({ vmalloc: VMALLOC_WIDE }), `${text}1`), dress(print(), `${text}1`), {
    tree: { path: text, revision: text, release: text },
    compilers: [{ arch: text, command: text, version: text }],
    headers: [{ path: text, bytes: 1, sha256: 'ab'.repeat(32) }],
    places: new Map([
      [name, place],
      [`macro ${text}`, place],
    ]),
    against: { kind: 'revision', name: text, detail: text },
    lints: [
      {
        rule: 'comment-macro',
        component: text,
        place,
        message: text,
        found: text,
        expected: text,
        hint: text,
      },
    ],
    disagreements: [
      { pageShift: 12, byteOrder: 'little', arches: [text, text], item: name, first: text, second: text },
    ],
    notes: [{ place, text }],
    registry: [
      {
        component: text,
        parts: [text],
        versions: [text],
        exact: [],
        nearest: text,
        sameVersion: false,
        departures: [
          { class: 'wire', component: text, targets: [], item: text, message: text, affects: [text] },
        ],
        readiness: text,
      },
    ],
  });
}

const names = Object.keys(HOSTILE);
const hostile = (format: TreeFormat, name: string): string =>
  renderTree(format, hostileTree(HOSTILE[name]!), { colour: false });
const tame = (format: TreeFormat): string => renderTree(format, hostileTree('tame'), { colour: false });

describe.each(Object.keys(TREE_FORMATS) as TreeFormat[])('%s', (format) => {
  test.each(names)('%s: no control character, no line separator, nothing that turns text', (name) => {
    const text = hostile(format, name);
    expect(text.replaceAll('\n', '').match(/[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Co}\p{Zl}\p{Zp}]/u)).toBeNull();
    expect(text.endsWith('\n')).toBe(true);
  });
});

describe.each(['text', 'ktap', 'github', 'junit'] as const)('%s', (format) => {
  test.each(names)('%s: no line more than a tame name gives', (name) => {
    expect(hostile(format, name).split('\n').length).toBe(tame(format).split('\n').length);
  });
});

test.each(names)('ktap, %s: only lines of the format, and the results of a tame name', (name) => {
  const text = hostile('ktap', name);
  for (const line of text.trimEnd().split('\n'))
    expect(line).toMatch(/^ *(KTAP version 1|1\.\.\d+|(not )?ok \d+ [^#]+( # SKIP [^#]+)?|# .*)$/);
  const results = (of: string): string[] => of.match(/^ *(not )?ok \d+/gm)!;
  expect(results(text)).toEqual(results(tame('ktap')));
});

test.each(names)('github, %s: only annotations, one for each finding', (name) => {
  for (const line of hostile('github', name).trimEnd().split('\n'))
    expect(line).toMatch(/^::(error|warning|notice) (file=[^,:]+,line=3,)?title=[^,:]+::/);
});

test.each(names)('junit, %s: the elements of a tame name', (name) => {
  const shape = (text: string): string[] => elements(text).map((element) => element.name);
  expect(shape(hostile('junit', name))).toEqual(shape(tame('junit')));
});

test.each(names)('json and sarif, %s: valid, in ASCII', (name) => {
  for (const format of ['json', 'sarif'] as const) expect(hostile(format, name)).toMatch(/^[\n\x20-\x7e]*$/);
  const log = JSON.parse(hostile('sarif', name));
  expect(sarifValid(log), JSON.stringify(sarifValid.errors?.slice(0, 3))).toBe(true);
});

test.each(names)('mail, %s: ASCII, and no line that begins a patch, a quote or a header', (name) => {
  for (const line of hostile('mail', name).split('\n'))
    expect(line).toMatch(/^(?!From |diff |--|>|\+)[\x20-\x7e]*$/);
});

describe('markdown', () => {
  const tokens = (text: string): Token[] => {
    const all: Token[] = [];
    marked.walkTokens(marked.lexer(text, { gfm: true }), (token) => {
      all.push(token);
    });
    return all;
  };
  const shape = (text: string): string[] =>
    tokens(text)
      .filter(({ type }) => !['text', 'codespan', 'paragraph', 'escape'].includes(type))
      .map((token) => {
        if (token.type !== 'table') return token.type;
        const { header, rows } = token as Tokens.Table;
        return `table ${header.length}: ${rows.map((row) => row.length).join(' ')}`;
      });

  test.each(names)('%s: the tables, lists and blocks of a tame name, and no HTML, link or image', (name) => {
    const text = hostile('markdown', name);
    expect(shape(text)).toEqual(shape(tame('markdown')));
    expect(tokens(text).filter(({ type }) => ['html', 'link', 'image', 'em', 'del'].includes(type))).toEqual(
      [],
    );
  });

  test('a member called like the end of a block does not end it', () => {
    const block = tokens(renderTree('markdown', hostileTree('```'))).find(({ type }) => type === 'code');
    expect((block as Tokens.Code).text).toContain('(whole)');
  });
});
