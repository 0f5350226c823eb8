export * from './descriptor.js';
export * from './read.js';
export * from './write.js';
