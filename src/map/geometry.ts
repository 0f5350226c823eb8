import { type Abi, type PageShift, pageSizeName, type RadixMap } from '../abi/index.js';
import { KhoError } from '../bytes/index.js';
import { type ChunkGeometry, chunkGeometry } from './chunk-geometry.js';

/** Shape of a radix tree of preserved pages for one ABI and page size. */
export interface RadixGeometry {
  readonly kind: 'radix';
  readonly pageShift: PageShift;
  /** Bit that marks an order-0 key; order o has its bit at `order0Bit - o`. */
  readonly order0Bit: number;
  /** log2 of the entries of a table. */
  readonly tableBits: number;
  /** log2 of the bits of a leaf. */
  readonly bitmapBits: number;
  /** Levels, leaf included; the root is level depth - 1. */
  readonly depth: number;
  /** Key bits that the levels look at. */
  readonly coveredBits: number;
  /**
   * Set when the tree does not cover the order bit of order-0 keys: a known defect of the ABI. A reader then takes the highest
   * bit of a page number for an order bit. Blocks of at least this order are order-0 pages whose PFN is the raw key.
   */
  readonly lostOrderBit: { readonly erratum: string; readonly fromOrder: number } | undefined;
}

/** Shape of the memory map of an ABI, of whatever kind. */
export type MapGeometry = RadixGeometry | ChunkGeometry;

/** Geometry of an ABI's memory map for a page size. */
export function mapGeometry(abi: Abi, pageShift: PageShift): MapGeometry {
  const map = abi.file.memoryMap;
  return map.kind === 'radix' ? radixOf(abi, map, pageShift) : chunkGeometry(abi, map, pageShift);
}

/** Geometry of an ABI whose memory map is a radix tree. @throws KhoError `E_USAGE` for another kind of map */
export function radixGeometry(abi: Abi, pageShift: PageShift): RadixGeometry {
  const geometry = mapGeometry(abi, pageShift);
  if (geometry.kind === 'radix') return geometry;
  throw new KhoError('E_USAGE', 'the memory map of this ABI is no radix tree', { found: abi.id });
}

function radixOf(abi: Abi, map: RadixMap, pageShift: PageShift): RadixGeometry {
  const { order0Bit, tableBits, bitmapBits, depth } = map.geometry[pageSizeName(pageShift)];
  const coveredBits = bitmapBits + (depth - 1) * tableBits;
  return {
    kind: 'radix',
    pageShift,
    order0Bit,
    tableBits,
    bitmapBits,
    depth,
    coveredBits,
    lostOrderBit: coveredBits > order0Bit ? undefined : lostOrderBit(abi, pageShift),
  };
}

function lostOrderBit(abi: Abi, pageShift: PageShift): { erratum: string; fromOrder: number } {
  const erratum = abi.errata(pageShift).find(({ recoveryOrder }) => recoveryOrder !== undefined);
  if (erratum?.recoveryOrder === undefined) {
    throw new KhoError('E_ABI_FILE', 'the tree loses order bits and no erratum says how to read it', {
      source: abi.id,
    });
  }
  return { erratum: erratum.id, fromOrder: erratum.recoveryOrder };
}
