import { hex } from '../bytes/index.js';
import { type DefectReport, defect } from './defects.js';
import type { FdtHeader } from './header.js';

/** Reads property names. Each is read, and reported, once: a blob repeats few names many times. */
export class StringsBlock {
  readonly #bytes: Uint8Array;
  readonly #text: Buffer;
  readonly #header: FdtHeader;
  readonly #report: DefectReport;
  readonly #names = new Map<number, string | undefined>();

  constructor(bytes: Uint8Array, header: FdtHeader, report: DefectReport) {
    this.#bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#header = header;
    this.#report = report;
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
    } else {
      const nul = this.#bytes.indexOf(0, start);
      if (nul >= 0 && nul < stringsEnd) name = this.#text.toString('latin1', start, nul);
      else if (!stringsCut) this.#report(defect('fdt-string-unterminated', { offset: start, path: path() }));
    }
    this.#names.set(nameOffset, name);
    return name;
  }
}
