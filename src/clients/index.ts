/**
 * The clients of Kexec Handover: who registers a subtree, and what is in it.
 *
 * - Writing: `new KernelClients(target, producer, clientFormats(ids))`, then `boot`, the operations, `finalize`, `finish`.
 * - Reading: `decodeClient(name, address, size, memory, target)` for each subtree of a root FDT.
 */
export { csumPartial, foldChecksum } from './checksum.js';
export * from './decode.js';
export * from './faults.js';
export * from './formats.js';
export type { ClientHost } from './host.js';
export * from './kernel-clients.js';
export * from './model.js';
