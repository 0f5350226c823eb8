/**
 * Untrusted text on its way into a format. Names, paths and values come from blobs that an attacker may have
 * written, so each format has one function here, and nothing reaches the output around it.
 */
import { printable } from '../bytes/index.js';

/** Longest text in a line for people; the JSON formats carry all of it. */
const LINE_LIMIT = 400;

/** Longest file name: what Linux allows for a path. */
const NAME_LIMIT = 4096;

/** One line of printable ASCII: no control character, no line separator, nothing that turns text around. */
export function oneLine(text: string): string {
  return cut(printable(text));
}

/**
 * A file name: letters of every script stay, so that it still names the file. Control, format and unassigned
 * characters, lone surrogates and line separators become `\u{…}`.
 */
export function fileName(text: string): string {
  return cut(visible(text), NAME_LIMIT);
}

/** JSON in ASCII alone. The parsed value is the same, and a terminal may show it. */
export function asciiJson(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2);
  return `${text.replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

/** Character data or an attribute value of XML 1.0; the input is of `oneLine` or `fileName`. */
export function xmlEscape(text: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return text.replace(/[&<>"']/g, (char) => names[char]!);
}

/** Data of a GitHub workflow command, after `::`. Line breaks of ours are kept as `%0A`. */
export function githubData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** Value of a property of a GitHub workflow command. */
export function githubProperty(text: string): string {
  return githubData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** A part of a KTAP result line: `#` would begin a directive. */
export function ktapText(text: string): string {
  return oneLine(text).replaceAll('#', '\\x23');
}

/** Text of a SARIF message: braces are doubled, and nothing becomes an embedded link (SARIF 2.1.0, 3.11.5 and 3.11.6). */
export function sarifText(text: string): string {
  return printable(text).replaceAll('{', '{{').replaceAll('}', '}}').replaceAll('](', ']\\x28');
}

/**
 * A code span for a table cell or a line of Markdown. Inside a code span no markup, link or mention is seen; the two
 * characters that could end the span or the cell are shown as `\x60` and `\x7c`.
 */
export function markdownCode(text: string): string {
  const inner = cut(visible(text)).replaceAll('`', '\\x60').replaceAll('|', '\\x7c');
  return inner.trim() === '' ? '(empty)' : `\`${inner}\``;
}

/** Text that mostly holds our own words: as it is when all of it is harmless, or else as a code span. */
export function markdownText(text: string): string {
  const line = oneLine(text);
  const harmless = /^[A-Za-z0-9][A-Za-z0-9 ,.;()'"/=+%:-]*$/.test(line) && !/:\/\/|www\./i.test(line);
  return harmless ? line : markdownCode(line);
}

function visible(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}

function cut(text: string, limit = LINE_LIMIT): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}... (${text.length} characters)`;
}
