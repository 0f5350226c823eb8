import { hex } from '../bytes/index.js';
import {
  align4,
  FDT_BARE_NAMES_VERSION,
  FDT_BEGIN_NODE,
  FDT_END,
  FDT_END_NODE,
  FDT_NOP,
  FDT_PROP,
} from './constants.js';
import { type DefectFacts, type DefectReport, defect, type FdtDefectId } from './defects.js';
import { be32, type FdtHeader } from './header.js';

/** Receives the structure block piece by piece, in blob order. Offsets are from the start of the blob. */
export interface StructureVisitor {
  beginNode(name: string, offset: number): void;
  property(name: string, valueStart: number, valueLength: number, offset: number): void;
  endNode(offset: number): void;
}

/**
 * Walks the structure block once, without recursion, and checks every rule on the way.
 * Stops at the first word after which the position of the next tag is unknown.
 */
export class StructureScanner {
  readonly #bytes: Uint8Array;
  readonly #text: Buffer;
  readonly #header: FdtHeader;
  readonly #report: DefectReport;
  readonly #names: string[] = [];
  /** Names read from the strings block, by offset: a blob repeats few names many times. */
  readonly #strings = new Map<number, string | undefined>();
  /** Whether a node at each open depth already has a subnode. */
  readonly #hasChild: boolean[] = [];
  readonly #oldStyle: boolean;
  /** Full paths of the open nodes as they stand in the blob, before version 16. */
  readonly #oldPaths: string[] = [];

  constructor(bytes: Uint8Array, header: FdtHeader, report: DefectReport) {
    this.#bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#header = header;
    this.#report = report;
    this.#oldStyle = header.version < FDT_BARE_NAMES_VERSION;
  }

  scan(visitor: StructureVisitor): void {
    const bytes = this.#bytes;
    const limit = this.#header.structEnd;
    let at = this.#header.offStruct;
    let roots = 0;
    for (;;) {
      if (at + 4 > limit) {
        this.#found('fdt-no-end', {
          offset: Math.min(at, limit),
          path: this.#path(),
          hint: 'the blob may be cut off',
        });
        return;
      }
      const tagAt = at;
      const tag = be32(bytes, at);
      at += 4;
      if (tag === FDT_PROP) {
        at = this.#property(tagAt, visitor);
        if (at < 0) return;
      } else if (tag === FDT_BEGIN_NODE) {
        if (this.#names.length === 0 && ++roots > 1) this.#found('fdt-second-root', { offset: tagAt });
        at = this.#beginNode(tagAt, visitor);
        if (at < 0) return;
      } else if (tag === FDT_END_NODE) {
        if (this.#names.length === 0) {
          this.#found('fdt-unbalanced', {
            offset: tagAt,
            found: 'FDT_END_NODE',
            expected: 'an open node before it',
          });
          return;
        }
        this.#names.pop();
        this.#oldPaths.pop();
        this.#hasChild.pop();
        visitor.endNode(tagAt);
      } else if (tag === FDT_END) {
        this.#end(tagAt, at, roots);
        return;
      } else if (tag === FDT_NOP) {
        if (this.#oldStyle) this.#found('fdt-old-nop', { offset: tagAt, path: this.#path() });
      } else {
        this.#found('fdt-token', {
          offset: tagAt,
          path: this.#path(),
          found: hex(tag),
          expected: 'tag 1, 2, 3, 4 or 9',
          hint: 'a length before it may be wrong',
        });
        return;
      }
    }
  }

  #beginNode(tagAt: number, visitor: StructureVisitor): number {
    const limit = this.#header.structEnd;
    const nameAt = tagAt + 4;
    const nul = this.#bytes.indexOf(0, nameAt);
    if (nul < 0 || nul >= limit) {
      this.#found('fdt-name-unterminated', { offset: nameAt, path: this.#path() });
      return -1;
    }
    let name = this.#text.toString('latin1', nameAt, nul);
    if (this.#oldStyle) name = this.#leafName(name, nameAt);
    else if (this.#names.length === 0 && name !== '') {
      this.#found('fdt-root-name', {
        offset: nameAt,
        found: JSON.stringify(name),
        expected: 'an empty name',
      });
    }
    const next = align4(nul + 1 - this.#header.offStruct) + this.#header.offStruct;
    this.#padding(nul + 1, Math.min(next, limit));
    if (this.#hasChild.length > 0) this.#hasChild[this.#hasChild.length - 1] = true;
    this.#names.push(name);
    this.#hasChild.push(false);
    visitor.beginNode(name, tagAt);
    return next;
  }

  /** Before version 16 a node carries its full path; the last part is its name. */
  #leafName(path: string, nameAt: number): string {
    const parent = this.#oldPaths[this.#oldPaths.length - 1];
    const expected = parent === undefined || parent === '/' ? '/' : `${parent}/`;
    this.#oldPaths.push(path);
    if (!path.startsWith(expected)) {
      this.#found('fdt-old-path', {
        offset: nameAt,
        found: JSON.stringify(path),
        expected: `a path that starts with ${JSON.stringify(expected)}`,
      });
      return path.slice(path.lastIndexOf('/') + 1);
    }
    return path.slice(expected.length);
  }

  #property(tagAt: number, visitor: StructureVisitor): number {
    const { structEnd: limit, offStruct } = this.#header;
    if (tagAt + 12 > limit) {
      this.#found('fdt-property-bounds', { offset: tagAt, path: this.#path(), hint: 'the blob is cut off' });
      return -1;
    }
    const length = be32(this.#bytes, tagAt + 4);
    let start = tagAt + 12;
    if (this.#oldStyle && length >= 8) start = ((start - offStruct + 7) & ~7) + offStruct;
    if (start + length > limit) {
      this.#found('fdt-property-bounds', {
        offset: tagAt + 4,
        path: this.#path(),
        found: `length ${length}`,
        expected: `at most ${Math.max(0, limit - start)}`,
      });
      return -1;
    }
    const name = this.#string(be32(this.#bytes, tagAt + 8), tagAt + 8);
    const next = align4(start + length - offStruct) + offStruct;
    this.#padding(start + length, Math.min(next, limit));
    if (this.#names.length === 0) {
      this.#found('fdt-property-outside', { offset: tagAt, found: JSON.stringify(name ?? '?') });
    } else if (name !== undefined) {
      if (this.#hasChild[this.#hasChild.length - 1]) {
        this.#found('fdt-property-after-node', { offset: tagAt, path: this.#path(name) });
      }
      visitor.property(name, start, length, tagAt);
    }
    return next;
  }

  #string(nameOffset: number, fieldAt: number): string | undefined {
    if (this.#strings.has(nameOffset)) return this.#strings.get(nameOffset);
    const { offStrings, stringsEnd, stringsCut } = this.#header;
    const start = offStrings + nameOffset;
    let name: string | undefined;
    if (start >= stringsEnd && stringsCut) {
      // The cut has been reported; each name that it took is not another defect.
    } else if (start >= stringsEnd) {
      this.#found('fdt-property-name', {
        offset: fieldAt,
        path: this.#path(),
        found: `name offset ${hex(nameOffset)}`,
        expected: `less than ${hex(Math.max(0, stringsEnd - offStrings))}`,
      });
    } else {
      const nul = this.#bytes.indexOf(0, start);
      if (nul >= 0 && nul < stringsEnd) name = this.#text.toString('latin1', start, nul);
      else if (!stringsCut) this.#found('fdt-string-unterminated', { offset: start, path: this.#path() });
    }
    this.#strings.set(nameOffset, name);
    return name;
  }

  #end(tagAt: number, next: number, roots: number): void {
    if (this.#names.length > 0) {
      this.#found('fdt-unbalanced', {
        offset: tagAt,
        path: this.#path(),
        found: `FDT_END with ${this.#names.length} open nodes`,
        expected: 'FDT_END_NODE for each',
      });
    }
    if (roots === 0) this.#found('fdt-no-root', { offset: tagAt });
    const { structEnd, version } = this.#header;
    if (version >= 17 && next < structEnd) {
      this.#found('fdt-after-end', { offset: next, found: `${structEnd - next} bytes`, expected: 'none' });
    }
  }

  #padding(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      if (this.#bytes[at] !== 0) {
        this.#found('fdt-padding', { offset: at, path: this.#path(), found: hex(this.#bytes[at]!) });
        return;
      }
    }
  }

  #path(last?: string): string {
    return shownPath(this.#names, 1, last);
  }

  /** The defect's path is built only here, so that sound blobs do not pay for it. */
  #found(id: FdtDefectId, facts: DefectFacts): void {
    this.#report(defect(id, facts));
  }
}

/** Most names of a path that are printed; a hostile blob nests a hundred thousand nodes. */
const SHOWN_NAMES = 32;

/** Path of `names` from index `from` on, with the middle left out when it is very long. */
export function shownPath(names: readonly string[], from: number, last?: string): string {
  const count = names.length - from;
  const shown =
    count <= SHOWN_NAMES
      ? names.slice(from)
      : [
          ...names.slice(from, from + SHOWN_NAMES / 2),
          `(${count - SHOWN_NAMES} more)`,
          ...names.slice(-SHOWN_NAMES / 2),
        ];
  if (last !== undefined) shown.push(last);
  return `/${shown.join('/')}`;
}
