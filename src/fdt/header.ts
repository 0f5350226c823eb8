import { guessKind, hex } from '../bytes/index.js';
import {
  FDT_FIRST_SUPPORTED,
  FDT_LAST_SUPPORTED,
  FDT_MAGIC,
  headerSize,
  RESERVE_ENTRY_SIZE,
} from './constants.js';
import { type DefectReport, defect } from './defects.js';

/** The header as it stands in the blob, and the limits that a reader may use after the checks. */
export interface FdtHeader {
  readonly totalsize: number;
  readonly offStruct: number;
  readonly offStrings: number;
  readonly offReserve: number;
  readonly version: number;
  readonly lastCompVersion: number;
  /** 0 in versions that have no such field. */
  readonly bootCpuid: number;
  /** End of the blob in the input: the smaller of totalsize and the input's length. */
  readonly end: number;
  /** First offset past the structure block, within `end`. */
  readonly structEnd: number;
  /** First offset past the strings block, within `end`. */
  readonly stringsEnd: number;
  /** Whether the input ends before the strings block does: names are then missing, not wrong. */
  readonly stringsCut: boolean;
}

/** Reads a big-endian word without a bounds check; the caller knows that four bytes are there. */
export function be32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>>
    0
  );
}

/**
 * Reads and checks the header: magic, version, sizes, alignment, bounds and overlap of the three blocks.
 * Gives undefined when the rest cannot be read at all. All sums are of 32-bit values and exact.
 */
export function readHeader(bytes: Uint8Array, report: DefectReport): FdtHeader | undefined {
  if (bytes.length >= 4 && be32(bytes, 0) !== FDT_MAGIC) {
    const kind = guessKind(bytes);
    report(
      defect('fdt-magic', {
        offset: 0,
        found: hex(be32(bytes, 0)),
        expected: hex(FDT_MAGIC),
        ...(kind === undefined ? {} : { hint: `this looks like ${kind}` }),
      }),
    );
    // Without the magic only bytes that otherwise look like a header are worth more checks.
    if (kind !== undefined || !looksLikeHeader(bytes)) return undefined;
  }
  if (bytes.length < headerSize(2)) {
    report(
      defect('fdt-too-short', {
        offset: bytes.length,
        found: `${bytes.length} bytes`,
        expected: 'at least 32',
      }),
    );
    return undefined;
  }
  const version = be32(bytes, 20);
  const lastCompVersion = be32(bytes, 24);
  if (version < FDT_FIRST_SUPPORTED || lastCompVersion > FDT_LAST_SUPPORTED) {
    report(
      defect('fdt-version', {
        offset: 20,
        found: `version ${version}, last compatible version ${lastCompVersion}`,
        expected: `version at least ${FDT_FIRST_SUPPORTED}, readable by version ${FDT_LAST_SUPPORTED}`,
      }),
    );
    return undefined;
  }
  if (lastCompVersion > version) {
    report(
      defect('fdt-version', {
        offset: 24,
        found: `last compatible version ${lastCompVersion}`,
        expected: `at most the version, ${version}`,
        hint: 'libfdt refuses such a header, and with it every kernel',
      }),
    );
  }
  const size = headerSize(version);
  const totalsize = be32(bytes, 4);
  if (totalsize < size) {
    report(defect('fdt-totalsize', { offset: 4, found: `${totalsize}`, expected: `at least ${size}` }));
  }
  if (bytes.length < size) {
    report(
      defect('fdt-too-short', { offset: bytes.length, found: `${bytes.length} bytes`, expected: `${size}` }),
    );
    return undefined;
  }
  // A totalsize that cannot be right says nothing of what follows the header.
  const limit = totalsize < size ? bytes.length : totalsize;
  if (limit > bytes.length) {
    report(
      defect('fdt-cut-off', {
        offset: bytes.length,
        found: `${bytes.length} bytes`,
        expected: `totalsize ${totalsize}`,
        hint: `${totalsize - bytes.length} bytes are missing`,
      }),
    );
  } else if (limit < bytes.length) {
    report(defect('fdt-trailing-bytes', { offset: totalsize, found: `${bytes.length - totalsize} bytes` }));
  }
  const end = Math.min(limit, bytes.length);
  const offStruct = be32(bytes, 8);
  const offStrings = be32(bytes, 12);
  // Version 2 does not say where its strings end; they may run up to totalsize.
  const sizeStrings = version >= 3 ? be32(bytes, 32) : undefined;
  const sizeStruct = version >= 17 ? be32(bytes, 36) : undefined;
  const header: FdtHeader = {
    totalsize,
    offStruct,
    offStrings,
    offReserve: be32(bytes, 16),
    version,
    lastCompVersion,
    bootCpuid: be32(bytes, 28),
    end,
    structEnd: Math.min(end, sizeStruct === undefined ? end : offStruct + sizeStruct),
    stringsEnd: Math.min(end, sizeStrings === undefined ? end : offStrings + sizeStrings),
    stringsCut: end < limit && (sizeStrings === undefined || offStrings + sizeStrings > end),
  };
  checkBlocks(header, limit, sizeStruct ?? 4, sizeStrings ?? 0, report);
  return header;
}

/** Whether the versions are those of a blob that starts at the first byte. */
function looksLikeHeader(bytes: Uint8Array): boolean {
  if (bytes.length < headerSize(FDT_LAST_SUPPORTED)) return false;
  const version = be32(bytes, 20);
  const lastCompVersion = be32(bytes, 24);
  return (
    version >= FDT_FIRST_SUPPORTED &&
    version <= FDT_LAST_SUPPORTED &&
    lastCompVersion >= 1 &&
    lastCompVersion <= version
  );
}

function checkBlocks(
  header: FdtHeader,
  limit: number,
  sizeStruct: number,
  sizeStrings: number,
  report: DefectReport,
): void {
  const size = headerSize(header.version);
  const blocks = [
    {
      name: 'memory reservation block',
      field: 16,
      start: header.offReserve,
      size: RESERVE_ENTRY_SIZE,
      align: 8,
    },
    { name: 'structure block', field: 8, start: header.offStruct, size: sizeStruct, align: 4 },
    { name: 'strings block', field: 12, start: header.offStrings, size: sizeStrings, align: 1 },
  ];
  const inside: typeof blocks = [];
  for (const block of blocks) {
    const stop = block.start + block.size;
    if (block.start % block.align !== 0) {
      report(
        defect('fdt-block-alignment', {
          offset: block.field,
          found: `${block.name} at ${hex(block.start)}`,
          expected: `a multiple of ${block.align}`,
        }),
      );
    }
    if (block.start < size || stop > limit) {
      report(
        defect('fdt-block-bounds', {
          offset: block.field,
          found: `${block.name} from ${hex(block.start)} to ${hex(stop)}`,
          expected: `between the header's end ${hex(size)} and totalsize ${hex(limit)}`,
        }),
      );
    } else {
      inside.push(block);
    }
  }
  inside.sort((a, b) => a.start - b.start);
  for (let index = 1; index < inside.length; index++) {
    const before = inside[index - 1]!;
    const after = inside[index]!;
    if (before.start + before.size <= after.start || before.size === 0 || after.size === 0) continue;
    report(
      defect('fdt-block-overlap', {
        offset: after.field,
        found: `${after.name} at ${hex(after.start)}`,
        expected: `at or after ${hex(before.start + before.size)}, the end of the ${before.name}`,
      }),
    );
  }
}
