import { hex } from '../bytes/index.js';
import { type DefectReport, defect } from './defects.js';
import type { FdtHeader } from './header.js';

/** Names may share bytes, but not so many that a small blob takes gigabytes to read: this many besides the block itself. */
const SHARED_LIMIT = 16 * 1024 * 1024;

/** Reads property names. Each is read, and reported, once: a blob repeats few names many times. */
export class StringsBlock {
  readonly #bytes: Uint8Array;
  readonly #text: Buffer;
  readonly #header: FdtHeader;
  readonly #report: DefectReport;
  readonly #names = new Map<number, string | undefined>();
  /** Bytes that names may still have. */
  #left: number;
  /** From here on no name ends: found once, not once for each name. */
  #endless = Number.POSITIVE_INFINITY;

  constructor(bytes: Uint8Array, header: FdtHeader, report: DefectReport) {
    this.#bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#header = header;
    this.#report = report;
    this.#left = SHARED_LIMIT + Math.max(0, header.stringsEnd - header.offStrings);
  }

  /**
   * @param nameOffset from the start of the strings block
   * @param fieldAt where that offset stands in the blob
   * @param path path of the node, built only for a report
   * @returns undefined for a name that is not there
   */
  name(nameOffset: number, fieldAt: number, path: () => string): string | undefined {
    if (this.#names.has(nameOffset)) return this.#names.get(nameOffset);
    const { offStrings, stringsEnd, stringsCut } = this.#header;
    const start = offStrings + nameOffset;
    let name: string | undefined;
    if (start >= stringsEnd && stringsCut) {
      // The cut has been reported; each name that it took is not another defect.
    } else if (start >= stringsEnd) {
      const found = `name offset ${hex(nameOffset)}`;
      const expected = `less than ${hex(Math.max(0, stringsEnd - offStrings))}`;
      this.#report(defect('fdt-property-name', { offset: fieldAt, path: path(), found, expected }));
    } else if (this.#left < 0) {
      this.#shared(fieldAt, path);
    } else {
      const nul = start < this.#endless ? this.#bytes.indexOf(0, start) : -1;
      if (nul >= 0 && nul < stringsEnd) name = this.#take(start, nul, fieldAt, path);
      else this.#endless = Math.min(this.#endless, start);
      if ((nul < 0 || nul >= stringsEnd) && !stringsCut)
        this.#report(defect('fdt-string-unterminated', { offset: start, path: path() }));
    }
    this.#names.set(nameOffset, name);
    return name;
  }

  #take(start: number, nul: number, fieldAt: number, path: () => string): string | undefined {
    this.#left -= nul - start;
    if (this.#left >= 0) return this.#text.toString('latin1', start, nul);
    this.#shared(fieldAt, path);
    return undefined;
  }

  /** Names have taken all that they may take together; no more is read. */
  #shared(fieldAt: number, path: () => string): void {
    this.#report(
      defect('fdt-property-name', {
        offset: fieldAt,
        path: path(),
        found: 'a name that shares its bytes with too many others',
        expected: `names of at most ${SHARED_LIMIT} bytes besides the strings block`,
      }),
    );
  }
}
