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
import { type DefectFacts, type DefectReport, defect, type FdtDefectId, PLACE_RULES } from './defects.js';
import { be32, type FdtHeader } from './header.js';
import { Resumer } from './resume.js';
import { shownPath } from './shown-path.js';
import { StringsBlock } from './strings-block.js';

/** Receives the structure block piece by piece, in blob order. Offsets are from the start of the blob. */
export interface StructureVisitor {
  beginNode(name: string, offset: number): void;
  property(name: string, valueStart: number, valueLength: number, offset: number): void;
  endNode(offset: number): void;
  /** From here on nobody knows which node is open, because tags are damaged. Only checks go on that far. */
  lost?(): void;
}

/**
 * Walks the structure block once, without recursion, and checks every rule on the way. Behind a damaged tag it goes on
 * where whole tags lead to the end of the block again, and stops only if there is no such place.
 */
export class StructureScanner {
  readonly #bytes: Uint8Array;
  readonly #text: Buffer;
  readonly #header: FdtHeader;
  readonly #report: DefectReport;
  readonly #names: string[] = [];
  readonly #strings: StringsBlock;
  /** Whether a node at each open depth already has a subnode. */
  readonly #hasChild: boolean[] = [];
  readonly #oldStyle: boolean;
  /** Full paths of the open nodes as they stand in the blob, before version 16. */
  readonly #oldPaths: string[] = [];
  /** Made at the first damaged tag: sound blobs do not pay for it. */
  #resumer: Resumer | undefined;
  /** Set when nobody knows how many nodes are open: what follows from a wrong number is then no defect of the blob. */
  #depthUnknown = false;

  constructor(bytes: Uint8Array, header: FdtHeader, report: DefectReport) {
    this.#bytes = bytes;
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#header = header;
    this.#report = report;
    this.#strings = new StringsBlock(bytes, header, report);
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
        if (at < 0) at = this.#resume(tagAt, [0], visitor);
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
        } else this.#endNode(tagAt, visitor);
      } else if (tag === FDT_END) {
        this.#end(tagAt, at, roots);
        return;
      } else if (tag === FDT_NOP) {
        if (this.#oldStyle) this.#found('fdt-old-nop', { offset: tagAt, path: this.#path() });
        if (this.#names.length === 0) this.#found('fdt-nop-outside', { offset: tagAt });
      } else {
        this.#found('fdt-token', {
          offset: tagAt,
          path: this.#path(),
          found: hex(tag),
          expected: 'tag 1, 2, 3, 4 or 9',
          hint: 'a length before it may be wrong',
        });
        // The lost tag may have been one that opens or closes a node.
        at = this.#resume(tagAt, this.#oldStyle ? [0, -1] : [0, 1, -1], visitor);
        if (at < 0) return;
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
    if (this.#names.length === 0 && name !== '') {
      this.#found('fdt-root-name', {
        offset: nameAt,
        found: JSON.stringify(name),
        expected: this.#oldStyle ? 'the path "/"' : 'an empty name',
      });
    }
    const next = align4(nul + 1 - this.#header.offStruct) + this.#header.offStruct;
    this.#padding(nul + 1, Math.min(next, limit));
    this.#enter(name, tagAt, visitor);
    return next;
  }

  #endNode(tagAt: number, visitor: StructureVisitor): void {
    this.#names.pop();
    this.#oldPaths.pop();
    this.#hasChild.pop();
    visitor.endNode(tagAt);
  }

  /** Offset at which to go on behind a damaged tag, or -1. `changes` are the numbers of nodes that the tag may have opened. */
  #resume(tagAt: number, changes: readonly number[], visitor: StructureVisitor): number {
    this.#resumer ??= new Resumer(this.#bytes, this.#header);
    const open = this.#names.length;
    const point = this.#resumer.find(
      tagAt + 4,
      changes.map((change) => open + change),
    );
    if (point?.depth === undefined && !this.#depthUnknown) {
      this.#depthUnknown = true;
      this.#found('fdt-unchecked', { offset: tagAt, path: this.#path() });
      visitor.lost?.();
    }
    if (point === undefined) return -1;
    if (point.depth === undefined) return point.at;
    if (point.depth < open) this.#endNode(tagAt, visitor);
    if (point.depth > open) this.#enter(`(node at ${hex(tagAt)})`, tagAt, visitor);
    return point.at;
  }

  #enter(name: string, tagAt: number, visitor: StructureVisitor): void {
    if (this.#hasChild.length > 0) this.#hasChild[this.#hasChild.length - 1] = true;
    this.#names.push(name);
    this.#hasChild.push(false);
    visitor.beginNode(name, tagAt);
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
    const name = this.#strings.name(be32(this.#bytes, tagAt + 8), tagAt + 8, () => this.#path());
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

  #end(tagAt: number, next: number, roots: number): void {
    if (this.#names.length > 0) {
      this.#found('fdt-unbalanced', {
        offset: tagAt,
        path: this.#path(),
        found: `FDT_END with ${this.#names.length} open nodes`,
        expected: 'FDT_END_NODE for each',
      });
    }
    // A damaged tag may have been the root's.
    if (roots === 0 && this.#resumer === undefined) this.#found('fdt-no-root', { offset: tagAt });
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
    if (this.#depthUnknown && PLACE_RULES.has(id)) return;
    this.#report(defect(id, facts));
  }
}
