import { targetsText } from '../kernel/index.js';

/** Targets behind a verdict: ` (16K)`, ` (16K, 64K)`, ` (be)`; empty when it holds for all. */
export function pageList(targets: readonly string[], all: readonly string[]): string {
  if (targets.length === all.length) return '';
  const words = targetsText(targets, all)
    .replace(/^(with|in|for) /, '')
    .replace(/ only$/, '')
    .replace(/ pages$/, '')
    .replace(/ and /g, ', ');
  return words === '' ? '' : ` (${words})`;
}
