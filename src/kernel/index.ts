export * from './elf-sections.js';
export type { ElfSymbol } from './elf-symbols.js';
