export * from './byte-source.js';
export {
  ELF_MACHINES,
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  type ElfMachine,
} from './elf-format.js';
export * from './elf-reader.js';
export * from './elf-writer.js';
export * from './gunzip.js';
export * from './hexdump.js';
export * from './open.js';
export * from './page-store.js';
export * from './physical.js';
export * from './raw.js';
export * from './sparse.js';
