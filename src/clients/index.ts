export * from './checksum.js';
export * from './formats.js';
export type { ClientHost } from './host.js';
export * from './kernel-clients.js';
