/**
 * kho-abi: read and write the bytes that one Linux kernel hands to the next through Kexec Handover.
 *
 * @example
 * ```ts
 * import { encodeScenario, getAbi, makeTarget, parseScenario } from 'kho-abi';
 *
 * const scenario = parseScenario('page 0x12345 0\nsubtree LUO alloc 32\n', 'example');
 * const handover = encodeScenario(scenario, makeTarget(getAbi('kho-v2'), 'little', 12));
 * console.log(handover.fdt.length, handover.memory.ranges());
 * ```
 *
 * Beside this door there are `kho-abi/golden` (the golden corpus and its checks), `kho-abi/report` (texts and JSON reports) and
 * `kho-abi/schemas`.
 *
 * @packageDocumentation
 */
export * from './abi/index.js';
export * from './bytes/index.js';
export * from './clients/index.js';
export * from './fdt/index.js';
export * from './handover/index.js';
export * from './map/index.js';
export * from './memory/index.js';
export * from './vmalloc/index.js';
