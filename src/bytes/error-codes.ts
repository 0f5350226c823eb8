/**
 * Every error that this package raises on purpose, with a paragraph for the reader who meets it.
 * `exit` is the process exit status that the command line gives for it.
 */
export const ERROR_CODES = {
  E_USAGE: {
    exit: 2,
    text: 'The command or the call asks for something that does not exist or does not fit together: an unknown ABI, a page size that is not 4K, 16K or 64K, two options that exclude each other. Nothing was read or written.',
  },
  E_IO: {
    exit: 2,
    text: 'A file could not be opened, read or written. The operating system gives the reason; output files are written beside their final name and renamed, so a failed write leaves the old file as it was.',
  },
  E_WRONG_KIND: {
    exit: 2,
    text: 'The input is readable but is not what was expected here, for example an ELF file where a device tree blob was asked for. The message says what the bytes look like.',
  },
  E_FDT: {
    exit: 2,
    text: 'A flattened device tree is damaged: its header, memory reservation block, structure block or strings block breaks a rule of the devicetree specification, chapter 5. The message gives the offset in the blob; `kho-abi fdt --check` lists every defect.',
  },
  E_FDT_BUILD: {
    exit: 2,
    text: 'A tree cannot be written as a flattened device tree: a name holds a NUL or a character above one byte, or a block would pass 4 GiB.',
  },
  E_ELF: {
    exit: 2,
    text: 'An ELF core file is damaged or of a kind that holds no physical memory. Program headers must lie inside the file; segments carry physical addresses in p_paddr.',
  },
  E_BTF: {
    exit: 2,
    text: 'Type information of a kernel (BTF) is damaged, continues the types of another file (split BTF, as modules have it), or is of a newer format than this program knows. The message gives the type and the offset.',
  },
  E_HEXDUMP: {
    exit: 2,
    text: 'A text file that calls itself a kho-abi memory hexdump breaks its format. The message names the line. The format is described in golden/README.md.',
  },
  E_GZIP: {
    exit: 2,
    text: 'A gzip stream is damaged, cut off, or unpacks to more bytes than the limit. The limit keeps a small file from filling the disk.',
  },
  E_NOT_IN_DUMP: {
    exit: 2,
    text: 'Something points to memory that the dump does not hold. Absent bytes are never read as zero. Take a dump that includes the address, or check the byte order and page size: a swapped pointer leads nowhere.',
  },
  E_RADIX: {
    exit: 2,
    text: 'The tree of preserved pages is damaged: a table entry that is not the address of a page, a table that is reached twice, or a key that is no block. The message gives the physical address of the table or leaf.',
  },
  E_CHUNKS: {
    exit: 2,
    text: 'The list of bitmaps that tracks preserved pages in kho-v1 is damaged: a chunk that is reached twice, a count above what a chunk holds, a bitmap that is misaligned or named twice. The message gives the physical address of the chunk or entry.',
  },
  E_VMALLOC: {
    exit: 2,
    text: 'A kho_vmalloc chain is damaged: a chunk that is reached twice, an entry that is not page aligned, or a number of entries that contradicts total_pages.',
  },
  E_HANDOVER: {
    exit: 2,
    text: 'The root device tree is sound as a device tree but is not a usable KHO handover: a property is missing or has the wrong length, or its version is not known.',
  },
  E_AMBIGUOUS: {
    exit: 2,
    text: 'The bytes allow more than one reading and nothing in them decides. Say which one is meant with the option that the message names; nothing is guessed silently.',
  },
  E_NOT_FOUND: {
    exit: 2,
    text: 'No page of the dump holds a root device tree with a KHO compatible string. The dump may leave out kernel memory, or the first kernel ran without KHO.',
  },
  E_ABI_FILE: {
    exit: 2,
    text: 'A file in abi/ does not follow the schema, or its derived numbers do not follow from its formulas. abi/README.md explains the format.',
  },
  E_BASELINE: {
    exit: 2,
    text: 'A baseline of `kho-abi tree` cannot be used: it is no baseline, has another format, was edited by hand, or holds marks of a merge conflict. A baseline is written by `kho-abi tree KERNEL_DIR --write-baseline` and by nothing else.',
  },
  E_KERNEL_TREE: {
    exit: 2,
    text: 'A folder or revision is no kernel tree with KHO, or its ABI headers cannot be compiled. The message says where was looked, or gives the first words of the compiler with file and line of the tree.',
  },
  E_SCENARIO: {
    exit: 2,
    text: 'A scenario file cannot be understood or asks for something that cannot be expressed. The message gives file, line and column. The language is described in golden/scenarios/README.md.',
  },
  E_KERNEL_DEFECT: {
    exit: 2,
    text: 'The operation would run into a known defect of the kernels with this ABI, such as an endless loop or a corrupt key. The message names the erratum in the ABI file. The encoder refuses it instead of writing garbage.',
  },
  E_LIMIT: {
    exit: 2,
    text: 'An input asks for more work or memory than the stated bound. The bounds are far above real handovers; such an input is damaged or hostile.',
  },
  E_TOOL_MISSING: {
    exit: 3,
    text: 'A program that this command needs is not installed. The message says which package to install on the common systems.',
  },
  E_TOOL_FAILED: {
    exit: 1,
    text: 'An outside program was found but failed, ran too long or wrote too much. Its last words on standard error are kept in the message.',
  },
  E_GOLDEN: {
    exit: 2,
    text: 'The golden folder is not in order: the manifest is missing or unreadable. Run `kho-abi golden generate --accept` to rebuild it, and review the difference.',
  },
} as const satisfies Record<string, { exit: number; text: string }>;

/** Name of a documented error. */
export type ErrorCode = keyof typeof ERROR_CODES;
