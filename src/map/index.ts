export * from './blocks.js';
export * from './geometry.js';
export * from './key.js';
export * from './leaf-scan.js';
export * from './radix-tree.js';
export * from './split.js';
export * from './statistics.js';
export * from './walk.js';
export { asWords, setWord, type WordView, wordAt, wordBigAt, wordView } from './words.js';
