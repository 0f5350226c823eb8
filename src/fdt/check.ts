import { type DefectReport, defect, type FdtDefect } from './defects.js';
import { type FdtHeader, readHeader } from './header.js';
import { readReservations } from './reader.js';
import { StructureScanner, type StructureVisitor } from './scan.js';
import { shownPath } from './shown-path.js';

/** Result of a full check. */
export interface FdtCheck {
  /** Every defect, by offset. */
  readonly defects: readonly FdtDefect[];
  /** How many more were found of a rule after its first `limit`. */
  readonly suppressed: number;
  readonly header: FdtHeader | undefined;
  readonly nodes: number;
  readonly properties: number;
}

/** Defects kept for each rule: a hostile blob can break one rule a million times. */
const DEFECTS_PER_RULE = 100;

/**
 * Checks a blob against every rule of the format and lists all defects, not only the first.
 * Never throws on bad bytes; work is linear in the input.
 */
export function checkFdt(bytes: Uint8Array): FdtCheck {
  const defects: FdtDefect[] = [];
  const seen = new Map<string, number>();
  let suppressed = 0;
  const report: DefectReport = (found) => {
    const count = (seen.get(found.id) ?? 0) + 1;
    seen.set(found.id, count);
    if (count <= DEFECTS_PER_RULE) defects.push(found);
    else suppressed++;
  };
  const header = readHeader(bytes, report);
  const counter = new NameChecker(report);
  if (header !== undefined) {
    if (header.offReserve < header.end) readReservations(bytes, header, report);
    // An empty block at the very end lies inside the blob, and is no tree all the same.
    if (header.offStruct < header.end || header.offStruct === header.totalsize)
      new StructureScanner(bytes, header, report).scan(counter);
  }
  // A cut-off input explains other defects, so it comes first.
  const rank = (found: FdtDefect): number => (found.id === 'fdt-cut-off' ? -1 : found.offset);
  defects.sort((a, b) => rank(a) - rank(b));
  return { defects, suppressed, header, nodes: counter.nodes, properties: counter.properties };
}

/** Counts nodes and properties and finds names that occur twice in one node. */
class NameChecker implements StructureVisitor {
  nodes = 0;
  properties = 0;
  readonly #report: DefectReport;
  readonly #names: string[] = [];
  readonly #open: { properties: Set<string>; children: Set<string> }[] = [];
  #lost = false;

  constructor(report: DefectReport) {
    this.#report = report;
  }

  beginNode(name: string, offset: number): void {
    this.nodes++;
    const parent = this.#open[this.#open.length - 1];
    if (parent?.children.has(name) && !this.#lost) {
      this.#report(defect('fdt-duplicate-node', { offset, path: this.#path(name) }));
    }
    parent?.children.add(name);
    this.#names.push(name);
    this.#open.push({ properties: new Set(), children: new Set() });
  }

  property(name: string, _start: number, _length: number, offset: number): void {
    this.properties++;
    const node = this.#open[this.#open.length - 1]!;
    if (node.properties.has(name) && !this.#lost) {
      this.#report(defect('fdt-duplicate-property', { offset, path: this.#path(name) }));
    }
    node.properties.add(name);
  }

  endNode(): void {
    this.#names.pop();
    this.#open.pop();
  }

  lost(): void {
    this.#lost = true;
  }

  #path(last: string): string {
    return shownPath(this.#names, 1, last);
  }
}
