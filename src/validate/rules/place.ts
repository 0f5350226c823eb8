import type { ValidationContext } from '../context.js';
import type { FindingFacts } from '../finding.js';
import { markedWindow } from '../window.js';

/** Where a finding about the root FDT stands, with the bytes around it; nothing when the offset is not known. */
export function fdtPlace(
  { fdt }: ValidationContext,
  offset: number | undefined,
  length = 4,
): Pick<FindingFacts, 'offset' | 'length' | 'window'> {
  if (offset === undefined || fdt === undefined) return {};
  return { offset, length, window: markedWindow(fdt, offset, length) };
}
