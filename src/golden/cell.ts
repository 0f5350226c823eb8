import { KhoError } from '../bytes/index.js';
import { type EncodedHandover, encodeScenario, handoverFiles } from '../handover/index.js';
import type { Cell } from './corpus.js';

/** Golden files of a cell by name, and what they were made from; `handover` is undefined when the encoder refused. */
export interface CellFiles {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly handover: EncodedHandover | undefined;
}

/**
 * Encodes a cell. A scenario that a kernel of this ABI cannot run gives one file, `refused.txt`, with the erratum's id:
 * that the encoder refuses it is part of what is tested.
 */
export function encodeCell(cell: Cell): CellFiles {
  try {
    const handover = encodeScenario(cell.scenario, cell.target);
    return { files: handoverFiles(handover), handover };
  } catch (error) {
    if (!(error instanceof KhoError) || error.code !== 'E_KERNEL_DEFECT') throw error;
    const erratum = /erratum (B\d+)/.exec(error.message)?.[1] ?? 'unknown';
    return { files: new Map([['refused.txt', Buffer.from(`${erratum}\n`)]]), handover: undefined };
  }
}
