export * from './abi-text.js';
export * from './check-text.js';
export * from './fdt-text.js';
export * from './inspect-json.js';
export * from './inspect-text.js';
export * from './schemas.js';
export * from './style.js';
export * from './version.js';
