export {
  isRadix,
  type MapCounts,
  type MapSource,
  type Reading,
  type RunVisitor,
  walkBlocks,
  walkRuns,
  walkText,
} from './blocks.js';
export * from './chunk-geometry.js';
export * from './chunk-tracker.js';
export * from './chunk-walk.js';
export * from './geometry.js';
export * from './histogram.js';
export * from './key.js';
export * from './lanes.js';
export * from './leaf-scan.js';
export * from './pages.js';
export * from './radix-tree.js';
export * from './ranges.js';
export * from './split.js';
export * from './statistics.js';
export * from './walk.js';
export { asWords, setWord, type WordView, wordAt, wordBigAt, wordView } from './words.js';
