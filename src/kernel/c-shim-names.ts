/** Folders and names of the kernel headers that the prelude stands for, without `.h`. */
const COVERED: Readonly<Record<string, string>> = {
  linux:
    'align args array_size atomic atomic/atomic-types bitfield bitmap bitops bits bug build_bug byteorder/generic cache compiler ' +
    'compiler_attributes compiler_types const container_of err errno export fcntl io ioctl kconfig kernel limits list log2 math ' +
    'math64 memfd minmax mm mm_types mmzone overflow pfn posix_types printk sizes slab spinlock stddef stdarg string stringify ' +
    'swab typecheck types unaligned utsname uuid vmalloc',
  'uapi/linux': 'const fcntl ioctl kernel limits memfd posix_types stddef swab types utsname uuid',
  asm: 'atomic barrier bitsperlong bug byteorder cache errno fcntl io ioctl page page_types posix_types types unaligned',
  vdso: 'align bits const limits page',
  generated: 'autoconf bounds',
};

/** Options that are a part of the target or would add checks: never switched on because a header asks for them. */
const FIXED_OPTIONS =
  /^CONFIG_(32BIT|X86_32|64BIT|CPU_BIG_ENDIAN|COMPAT|UML|PHYS_ADDR_T_64BIT|PAGE_S.*|ARM64_\d+K_PAGES|.*DEBUG.*|K[AC]SAN.*|KMSAN.*)$/;

const NAMES = new Set(
  Object.entries(COVERED).flatMap(([folder, names]) => names.split(' ').map((name) => `${folder}/${name}.h`)),
);

/** Whether an include is one that the prelude stands for. */
export function isCovered(include: string): boolean {
  return NAMES.has(include) || include.startsWith('asm-generic/');
}

/** Whether an option may be switched on for the compilation because a header asks for it. */
export function isFreeOption(option: string): boolean {
  return !FIXED_OPTIONS.test(option);
}
