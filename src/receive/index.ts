export * from './log-text.js';
export * from './next-machine.js';
export * from './pair.js';
export * from './populate.js';
export * from './receive.js';
export * from './receive-clients.js';
export * from './receive-map.js';
export * from './step.js';
