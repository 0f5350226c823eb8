export * from './collect.js';
export { ANY_ARCH, parseCompilers, TREE_ARCHES } from './compilers.js';
export * from './elf-sections.js';
export type { ElfSymbol } from './elf-symbols.js';
export { openTree, type SourceTree } from './source-tree.js';
