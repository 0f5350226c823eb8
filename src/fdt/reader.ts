import { hexWindow, KhoError, readU64 } from '../bytes/index.js';
import { RESERVE_ENTRY_SIZE } from './constants.js';
import { type DefectReport, defect, FDT_DEFECTS, type FdtDefect } from './defects.js';
import { type FdtHeader, readHeader } from './header.js';
import { StructureScanner, type StructureVisitor } from './scan.js';
import type { FdtNode, FdtReservation, FdtTree } from './tree.js';

/** How a blob is read. */
export interface FdtReadOptions {
  /** Name of the input, for messages. */
  readonly source?: string;
}

/**
 * Reads a flattened device tree of version 2 to 17. Values are views on `bytes`; nothing is copied.
 *
 * @throws KhoError `E_FDT` or `E_WRONG_KIND` at the first defect of severity error, with path and offset.
 *   Warnings and notes are passed over; `checkFdt` reports all of them.
 * Source: devicetree specification v0.4, chapter 5.
 */
export function readFdt(bytes: Uint8Array, options: FdtReadOptions = {}): FdtTree {
  const report: DefectReport = (found) => {
    if (found.severity === 'error') throw asError(found, bytes, options.source);
  };
  const header = readHeader(bytes, report);
  if (header === undefined) throw new Error('a header without a usable layout must have been reported');
  const reservations = readReservations(bytes, header, report);
  const builder = new TreeBuilder(bytes);
  new StructureScanner(bytes, header, report).scan(builder);
  const root = builder.root;
  if (root === undefined) throw new Error('a structure block without a root must have been reported');
  return { version: header.version, bootCpuid: header.bootCpuid, reservations, root };
}

/** Reads the memory reservation block up to its terminator, the first entry of size 0 (as dtc reads it). */
export function readReservations(
  bytes: Uint8Array,
  header: FdtHeader,
  report: DefectReport,
): FdtReservation[] {
  const list: FdtReservation[] = [];
  // A following block bounds the list; a list that runs into it has lost its terminator.
  const blocks = [header.offStruct, header.offStrings].filter((start) => start > header.offReserve);
  const limit = Math.min(header.end, ...blocks);
  for (let at = header.offReserve; ; at += RESERVE_ENTRY_SIZE) {
    if (at + RESERVE_ENTRY_SIZE > limit) {
      report(
        defect('fdt-reserve-unterminated', {
          offset: at,
          found: `${list.length} entries up to ${limit}`,
          expected: 'an all-zero entry',
        }),
      );
      return list;
    }
    const address = readU64(bytes, at, 'big');
    const size = readU64(bytes, at + 8, 'big');
    if (size === 0n) return list;
    list.push({ address, size });
  }
}

/** Builds the tree from scanner events. */
class TreeBuilder implements StructureVisitor {
  root: FdtNode | undefined;
  readonly #bytes: Uint8Array;
  readonly #open: FdtNode[] = [];
  #current: FdtNode | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  beginNode(name: string, offset: number): void {
    const node: FdtNode = { name, properties: [], children: [], offset };
    if (this.#current === undefined) this.root ??= node;
    else this.#current.children.push(node);
    this.#open.push(node);
    this.#current = node;
  }

  property(name: string, valueStart: number, valueLength: number): void {
    this.#current!.properties.push({
      name,
      // A view made this way costs half of what `subarray` of a Buffer does.
      value: new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + valueStart, valueLength),
      valueOffset: valueStart,
    });
  }

  endNode(): void {
    this.#open.pop();
    this.#current = this.#open[this.#open.length - 1];
  }
}

/** A defect as an error with the bytes around it. */
export function asError(found: FdtDefect, bytes: Uint8Array, source?: string): KhoError {
  const { id, severity: _severity, ...facts } = found;
  return new KhoError(id === 'fdt-magic' ? 'E_WRONG_KIND' : 'E_FDT', FDT_DEFECTS[id].title, {
    ...facts,
    ...(source === undefined ? {} : { source }),
    window: hexWindow(bytes, found.offset),
  });
}
