export * from './cell.js';
export * from './corpus.js';
export * from './generate.js';
export * from './kernel-code.js';
export * from './manifest.js';
export * from './provenance.js';
export * from './tally.js';
export * from './verify.js';
