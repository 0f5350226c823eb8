import type { Target } from '../../abi/index.js';
import { hex } from '../../bytes/index.js';
import type { PreservedRun } from '../preserved.js';

/** Physical address of a page. */
export function addressOf(pfn: number, { pageShift }: Target): bigint {
  return BigInt(pfn) << BigInt(pageShift);
}

/** A run of blocks for a finding. */
export function runText({ pfn, order, count }: PreservedRun, target: Target): string {
  return `${count} blocks of order ${order} from ${hex(addressOf(pfn, target))}`;
}
