export * from './layout.js';
export * from './registry.js';
export * from './schema.js';
export * from './target.js';
