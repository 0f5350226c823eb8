export * from './abi-text.js';
export type { CheckReport } from './check-schema.js';
export * from './check-text.js';
export * from './fdt-text.js';
export * from './inspect-json.js';
export type { InspectReport } from './inspect-schema.js';
export * from './inspect-text.js';
export * from './style.js';
export * from './version.js';
