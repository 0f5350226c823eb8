/** Names that an attacker chose, in every place of a report, in the formats that people and line parsers read. */
import { marked, type Token, type Tokens } from 'marked';
import { describe, expect, test } from 'vitest';
import { FORMATS, type Format, renderReport } from '../../src/report/index.js';
import { HOSTILE, hostileReport } from './support.js';

const names = Object.keys(HOSTILE);
const hostile = (format: Format, name: string): string =>
  renderReport(format, hostileReport(HOSTILE[name]!), { colour: false });
const tame = (format: Format): string => renderReport(format, hostileReport('tame'), { colour: false });

describe.each(Object.keys(FORMATS) as Format[])('%s', (format) => {
  test.each(names)('%s: no control character, no line separator, nothing that turns text', (name) => {
    const text = hostile(format, name);
    expect(text.replaceAll('\n', '').match(/[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Co}\p{Zl}\p{Zp}]/u)).toBeNull();
    expect(text.endsWith('\n')).toBe(true);
  });
});

/** Formats in which a line is a thing of its own; the others are parsed below or in their own tests. */
describe.each(['text', 'ktap', 'github', 'junit'] as Format[])('%s', (format) => {
  test.each(names)('%s: no line more than a tame name gives', (name) => {
    expect(hostile(format, name).split('\n').length).toBe(tame(format).split('\n').length);
  });

  test('a very long name is cut, and its length told', () => {
    const text = hostile(format, 'long');
    expect(text).toContain('A... (100000 characters)');
    // A file name has up to 4,096 characters, and stands in a few places.
    expect(text.length).toBeLessThan(100_000);
  });
});

describe('ktap', () => {
  test.each(names)('%s: every line is a version, plan, result or diagnostic line', (name) => {
    for (const line of hostile('ktap', name).trimEnd().split('\n')) {
      expect(line).toMatch(/^ *(KTAP version 1|1\.\.\d+|(not )?ok \d+ [^#]+( # SKIP [^#]+)?|# .*)$/);
    }
    const results = (text: string): string[] =>
      text.match(/^ *(not )?ok \d+/gm)!.map((result) => result.trim());
    expect(results(hostile('ktap', name))).toEqual(results(tame('ktap')));
  });
});

describe('github', () => {
  /** Takes a line apart as the runner does: first `::`, command, properties, `::`, data. */
  function parse(line: string): { command: string; properties: Record<string, string>; data: string } {
    const end = line.indexOf('::', 2);
    expect(line.startsWith('::') && end > 0).toBe(true);
    const [command, ...rest] = line.slice(2, end).split(' ');
    const decoded = (text: string): string =>
      text
        .replaceAll('%0D', '\r')
        .replaceAll('%0A', '\n')
        .replaceAll('%3A', ':')
        .replaceAll('%2C', ',')
        .replaceAll('%25', '%');
    const properties = rest
      .join(' ')
      .split(',')
      .map((part): [string, string] => [
        part.slice(0, part.indexOf('=')),
        decoded(part.slice(part.indexOf('=') + 1)),
      ]);
    return { command: command!, properties: Object.fromEntries(properties), data: line.slice(end + 2) };
  }

  test.each(names)('%s: only annotations, with the properties of ours', (name) => {
    for (const line of hostile('github', name).trimEnd().split('\n')) {
      const { command, properties } = parse(line);
      expect(['error', 'warning', 'notice']).toContain(command);
      expect(['file,title', 'title']).toContain(Object.keys(properties).join(','));
    }
  });

  test('a name that is a command stays a name', () => {
    const [line] = hostile('github', 'workflow').split('\n');
    const { properties, data } = parse(line!);
    expect(properties.file).toBe(HOSTILE.workflow);
    expect(data.split('%0A')[0]).toBe('::stop-commands::x %250A::error::y ##[error]z');
  });
});

describe('markdown', () => {
  /** Every token of the document, by a parser of GitHub Flavored Markdown that is not ours. */
  function tokens(text: string): Token[] {
    const all: Token[] = [];
    marked.walkTokens(marked.lexer(text, { gfm: true }), (token) => {
      all.push(token);
    });
    return all;
  }

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

  test.each(names)('%s: a row has as many bars as its head', (name) => {
    const rows = hostile('markdown', name)
      .split('\n')
      .filter((line) => line.startsWith('| error |') || line.startsWith('| Severity |'));
    expect(rows.map((row) => row.split('|').length)).toEqual([6, 6]);
  });

  test('the parser sees HTML, links and cells where nobody escapes', () => {
    expect(tokens('a <img src=x> http://x.org').map(({ type }) => type)).toEqual(
      expect.arrayContaining(['html', 'link']),
    );
  });
});
