export * from './byte-order.js';
export * from './cursor.js';
export * from './error-codes.js';
export * from './errors.js';
export * from './files.js';
export * from './guess.js';
export * from './hex.js';
export * from './u64.js';
