import { ERROR_CODES, type ErrorCode } from './error-codes.js';
import { hex } from './u64.js';

/** Where in the input an error was met. All parts are optional; the message prints those that are known. */
export interface ErrorPlace {
  /** What was being read: a file name, or what the bytes are. */
  readonly source?: string;
  /** Path inside a blob (`/LUO/preserved-data`) or name of a field (`kho_vmalloc.first`). */
  readonly path?: string;
  /** Byte offset in the file or blob. */
  readonly offset?: number;
  /** Physical address in the dump. */
  readonly address?: bigint;
  /** Line and column of a text file, from 1. */
  readonly line?: number;
  readonly column?: number;
}

/** What an error tells besides its place. */
export interface ErrorDetails extends ErrorPlace {
  readonly found?: string;
  readonly expected?: string;
  /** Likely cause, or what to do. */
  readonly hint?: string;
  /** Hexdump lines around the place. */
  readonly window?: readonly string[];
  readonly cause?: unknown;
}

/**
 * The one error class of this package. Programs look at `code` and the parts; people read `message`,
 * which is made of: source, place, what is wrong, found, expected, likely cause.
 */
export class KhoError extends Error {
  readonly code: ErrorCode;
  /** The sentence without place and numbers. */
  readonly summary: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, summary: string, details: ErrorDetails = {}) {
    super(render(summary, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'KhoError';
    this.code = code;
    this.summary = summary;
    this.details = details;
  }

  /** Exit status of the command line for this error. */
  get exitStatus(): number {
    return ERROR_CODES[this.code].exit;
  }

  /** The same error with a better place: parts given here win. For callers that know the file's name. */
  at(place: ErrorPlace): KhoError {
    return new KhoError(this.code, this.summary, { ...this.details, ...place });
  }
}

/** Text of a place: `file, /path, offset 0x40`. */
export function renderPlace(place: ErrorPlace): string {
  const parts: string[] = [];
  if (place.source !== undefined) {
    const column = place.column === undefined ? '' : `:${place.column}`;
    parts.push(place.line === undefined ? place.source : `${place.source}:${place.line}${column}`);
  }
  if (place.path !== undefined) parts.push(printable(place.path));
  if (place.offset !== undefined) parts.push(`offset ${hex(place.offset)}`);
  if (place.address !== undefined) parts.push(`physical address ${hex(place.address)}`);
  return parts.join(', ');
}

function render(summary: string, details: ErrorDetails): string {
  const place = renderPlace(details);
  let text = place === '' ? summary : `${place}: ${summary}`;
  if (details.found !== undefined) text += `; found ${printable(details.found)}`;
  if (details.expected !== undefined) text += `; expected ${details.expected}`;
  if (details.hint !== undefined) text += ` (${details.hint})`;
  return text;
}

/** Text from an untrusted blob made safe for a terminal: control characters and bytes above ASCII become `\xNN`. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return text.replace(/[\u0000-\u001f\u007f-\uffff]/g, (char) => {
    const code = char.charCodeAt(0);
    return code <= 0xff
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
