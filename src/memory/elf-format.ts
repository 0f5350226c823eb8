/** Numbers of the ELF format that a core file needs: System V ABI, chapters 4 and 5. */
export const ELFCLASS32 = 1;
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const ELFDATA2MSB = 2;
export const ET_CORE = 4;
export const PT_LOAD = 1;
export const PT_NOTE = 4;
/** e_phnum value that says: the true count is in sh_info of section header 0. */
export const PN_XNUM = 0xffff;

export const ELF64_HEADER = 64;
export const ELF64_PROGRAM_HEADER = 56;
export const ELF64_SECTION_HEADER = 64;

/** e_machine by name: the machines that KHO runs on, and the one that our big-endian witness runs on. */
export const ELF_MACHINES = { x86_64: 62, aarch64: 183, s390x: 22 } as const;

export type ElfMachine = keyof typeof ELF_MACHINES;

/** Name of an e_machine value, where it is one of ours. */
export function elfMachine(value: number): ElfMachine | undefined {
  const names = Object.keys(ELF_MACHINES) as ElfMachine[];
  return names.find((name) => ELF_MACHINES[name] === value);
}
