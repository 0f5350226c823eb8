/**
 * Small kernel trees with headers of our own: the names and numbers are those of the releases, the text is not. One header for
 * each time at which the ABI changed, so that the known changes can be rebuilt as pairs.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Files of a tree, by path from its root. */
export type TreeFiles = Readonly<Record<string, string>>;

const roots: string[] = [];

/** Writes a tree into a new folder; `removeTrees` takes it away. */
export function makeTree(files: TreeFiles): string {
  const root = mkdtempSync(join(tmpdir(), 'kho-abi-tree-'));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** Removes the folders of all trees. */
export function removeTrees(): void {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
}

/** The tree with a part of a file's text replaced. Fails where the text is not there, so that no change is lost unseen. */
export function changed(files: TreeFiles, path: string, from: string, to: string): TreeFiles {
  const text = files[path];
  if (text === undefined || !text.includes(from)) throw new Error(`${path} does not hold: ${from}`);
  return { ...files, [path]: text.replaceAll(from, to) };
}

export const CORE = 'include/linux/kho/abi/kexec_handover.h';
const MAKEFILE = { Makefile: 'VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\n' };

const POINTER = `
#define DECLARE_KHOSER_PTR(name, type) \\
	union { u64 phys; type ptr; } name
`;

const VMALLOC = `
struct kho_vmalloc_chunk;
struct kho_vmalloc_hdr {
	DECLARE_KHOSER_PTR(next, struct kho_vmalloc_chunk *);
};
#define KHO_VMALLOC_SIZE ((PAGE_SIZE - sizeof(struct kho_vmalloc_hdr)) / sizeof(u64))
struct kho_vmalloc_chunk {
	struct kho_vmalloc_hdr hdr;
	u64 phys[KHO_VMALLOC_SIZE];
};
struct kho_vmalloc {
	DECLARE_KHOSER_PTR(first, struct kho_vmalloc_chunk *);
	unsigned int total_pages;
	unsigned short flags;
	unsigned short order;
};
`;

/** The map of v1: chunks that point to bitmaps. */
const chunks = (bits: string): string => `
#define PRESERVE_BITS (${bits})
struct kho_mem_phys_bits {
	DECLARE_BITMAP(preserve, PRESERVE_BITS);
};
struct khoser_mem_chunk;
struct khoser_mem_chunk_hdr {
	DECLARE_KHOSER_PTR(next, struct khoser_mem_chunk *);
	unsigned int order;
	unsigned int num_elms;
};
struct khoser_mem_bitmap_ptr {
	phys_addr_t phys_start;
	DECLARE_KHOSER_PTR(bitmap, struct kho_mem_phys_bits *);
};
#define KHOSER_BITMAP_SIZE ((PAGE_SIZE - sizeof(struct khoser_mem_chunk_hdr)) / sizeof(struct khoser_mem_bitmap_ptr))
struct khoser_mem_chunk {
	struct khoser_mem_chunk_hdr hdr;
	struct khoser_mem_bitmap_ptr bitmaps[KHOSER_BITMAP_SIZE];
};
static_assert(sizeof(struct khoser_mem_chunk) == PAGE_SIZE);
`;

const RADIX_TYPES = `
struct kho_radix_node {
	u64 table[1 << KHO_TABLE_SIZE_LOG2];
};
struct kho_radix_leaf {
	DECLARE_BITMAP(bitmap, 1 << KHO_BITMAP_SIZE_LOG2);
};
`;

/** Constants of the radix tree up to 7.2; the order bit counts from 7.1-rc6. */
const radix = (orderBit: boolean): string => `
enum kho_radix_consts {
	KHO_ORDER_0_LOG2 = 64 - PAGE_SHIFT,
	KHO_TABLE_SIZE_LOG2 = const_ilog2(PAGE_SIZE / sizeof(phys_addr_t)),
	KHO_BITMAP_SIZE_LOG2 = PAGE_SHIFT + const_ilog2(BITS_PER_BYTE),
	KHO_TREE_MAX_DEPTH =
		DIV_ROUND_UP(KHO_ORDER_0_LOG2 - KHO_BITMAP_SIZE_LOG2${orderBit ? ' + 1' : ''}, KHO_TABLE_SIZE_LOG2) + 1,
};
${RADIX_TYPES}`;

/** Constants of 7.3: the width of the key takes the place of the order bit. */
const RADIX_73 = `
enum kho_radix_consts {
	KHO_RADIX_KEY_WIDTH = 64 - PAGE_SHIFT + 1,
	KHO_TABLE_SIZE_LOG2 = const_ilog2(PAGE_SIZE / sizeof(phys_addr_t)),
	KHO_BITMAP_SIZE_LOG2 = PAGE_SHIFT + const_ilog2(BITS_PER_BYTE),
	KHO_TREE_MAX_DEPTH = DIV_ROUND_UP(KHO_RADIX_KEY_WIDTH - KHO_BITMAP_SIZE_LOG2, KHO_TABLE_SIZE_LOG2) + 1,
};
${RADIX_TYPES}`;

function header(
  guard: string,
  body: string,
  includes: readonly string[] = ['linux/types.h', 'asm/page.h'],
): string {
  const lines = includes.map((name) => `#include <${name}>`);
  return [`#ifndef ${guard}`, `#define ${guard}`, ...lines, body.trim(), '#endif', ''].join('\n');
}

const CORE_INCLUDES = ['linux/bits.h', 'linux/log2.h', 'linux/math.h', 'linux/types.h', 'asm/page.h'];

function core(
  version: string,
  names: string,
  map: string,
  words = 'The root node says which version it is.',
): string {
  const text = `/* ${words} */\n#define KHO_FDT_COMPATIBLE "${version}"\n${names}\n${POINTER}${VMALLOC}${map}`;
  return header('OUR_CORE_H', text, CORE_INCLUDES);
}

const NAMES_619 =
  '#define KHO_FDT_MEMORY_MAP_PROP_NAME "preserved-memory-map"\n#define KHO_FDT_SUB_TREE_PROP_NAME "fdt"';
const NAMES_V2 =
  '#define KHO_FDT_MEMORY_MAP_PROP_NAME "preserved-memory-map"\n#define KHO_FDT_SUB_TREE_PROP_NAME "preserved-data"';
const NAMES_V3 =
  '#define KHO_FDT_MEMORY_MAP_PROP_NAME "preserved-memory-map"\n#define KHO_SUB_TREE_PROP_NAME "preserved-data"\n' +
  '#define KHO_SUB_TREE_SIZE_PROP_NAME "blob-size"';

const BLOCK = header(
  'OUR_BLOCK_H',
  `
/* Covered by KHO_FDT_COMPATIBLE. */
#define KHO_BLOCK_SIZE PAGE_SIZE
struct kho_block_header_ser {
	u64 next;
	u64 count;
} __packed;`,
);

/** Before there were headers: structures in the C file, one in the public header (6.18). `bits` is the size of a bitmap. */
export const tree618 = (bits = 'PAGE_SIZE * BITS_PER_BYTE'): TreeFiles => ({
  'kernel/kexec_handover.c': `
#define KHO_FDT_COMPATIBLE "kho-v1"
#define PROP_PRESERVED_MEMORY_MAP "preserved-memory-map"
#define PROP_SUB_FDT "fdt"
${chunks(bits)}
static int not_of_the_abi(void) { return 0; }
struct kho_vmalloc_hdr {
	DECLARE_KHOSER_PTR(next, struct kho_vmalloc_chunk *);
};
#define KHO_VMALLOC_SIZE ((PAGE_SIZE - sizeof(struct kho_vmalloc_hdr)) / sizeof(u64))
struct kho_vmalloc_chunk {
	struct kho_vmalloc_hdr hdr;
	u64 phys[KHO_VMALLOC_SIZE];
};
`,
  'include/linux/kexec_handover.h': `
#include <linux/types.h>
${POINTER}
struct kho_vmalloc_chunk;
struct kho_vmalloc {
	DECLARE_KHOSER_PTR(first, struct kho_vmalloc_chunk *);
	unsigned int total_pages;
	unsigned short flags;
	unsigned short order;
};
`,
});

/** 6.19: the same structures in a header of their own. */
export const TREE_619: TreeFiles = {
  [CORE]: core('kho-v1', NAMES_619, chunks('PAGE_SIZE * BITS_PER_BYTE')),
};

export const TREE_V2: TreeFiles = { [CORE]: core('kho-v2', NAMES_V2, radix(false)) };

export const TREE_V3_OLD: TreeFiles = { [CORE]: core('kho-v3', NAMES_V3, radix(false)) };

export const TREE_V3: TreeFiles = { [CORE]: core('kho-v3', NAMES_V3, radix(true)) };

export const TREE_72: TreeFiles = {
  [CORE]: core('kho-v4', NAMES_V3, radix(true)),
  'include/linux/kho/abi/block.h': BLOCK,
};

const LUO = header(
  'OUR_LUO_H',
  `
#define LUO_KHO_ENTRY_NAME "LUO"
#define LUO_ABI_COMPATIBLE "luo-v5"
#define LUO_ABI_COMPAT_LEN ALIGN(sizeof(LUO_ABI_COMPATIBLE), 8)
struct luo_ser {
	char compatible[LUO_ABI_COMPAT_LEN];
	u64 liveupdate_num;
	u64 sessions_pa;
	u64 flbs_pa;
} __packed;
#define LIVEUPDATE_HNDL_COMPAT_LENGTH 48
struct luo_file_ser {
	char compatible[LIVEUPDATE_HNDL_COMPAT_LENGTH];
	u64 data;
	u64 token;
} __packed;
struct luo_file_set_ser {
	u64 files;
	u64 count;
} __packed;
struct luo_session_ser {
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];
	struct luo_file_set_ser file_set_ser;
} __packed;
#define LIVEUPDATE_FLB_COMPAT_LENGTH 48
struct luo_flb_header_ser {
	u64 pgcnt;
	u64 count;
} __packed;
struct luo_flb_ser {
	char name[LIVEUPDATE_FLB_COMPAT_LENGTH];
	u64 data;
	u64 count;
} __packed;`,
  ['linux/align.h', 'linux/kho/abi/block.h', 'uapi/linux/liveupdate.h'],
);

export const MEMFD = 'include/linux/kho/abi/memfd.h';

/** 7.3 as a whole: all components. */
export const TREE_73: TreeFiles = {
  ...MAKEFILE,
  [CORE]: core('kho-v4', NAMES_V3, RADIX_73),
  'include/linux/kho/abi/block.h': BLOCK,
  'include/uapi/linux/liveupdate.h':
    '#ifndef OUR_UAPI_H\n#define OUR_UAPI_H\n#include <linux/ioctl.h>\n#include <linux/types.h>\n#define LIVEUPDATE_SESSION_NAME_LENGTH 64\n#endif\n',
  'include/linux/kho/abi/luo.h': LUO,
  [MEMFD]: header(
    'OUR_MEMFD_H',
    `
#define MEMFD_LUO_FOLIO_DIRTY BIT(0)
#define MEMFD_LUO_FOLIO_UPTODATE BIT(1)
struct memfd_luo_folio_ser {
	u64 pfn:52;
	u64 flags:12;
	u64 index;
} __packed;
#define MEMFD_LUO_ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_EXEC)
struct memfd_luo_ser {
	u64 pos;
	u64 size;
	u32 seals;
	u32 flags;
	u64 nr_folios;
	struct kho_vmalloc folios;
} __packed;
#define MEMFD_LUO_FH_COMPATIBLE "memfd-v2"`,
    ['linux/types.h', 'linux/kho/abi/kexec_handover.h'],
  ),
  'include/linux/kho/abi/memblock.h': header(
    'OUR_MEMBLOCK_H',
    `
#define MEMBLOCK_KHO_FDT "memblock"
#define MEMBLOCK_KHO_NODE_COMPATIBLE "memblock-v1"
#define RESERVE_MEM_KHO_NODE_COMPATIBLE "reserve-mem-v1"`,
    [],
  ),
  'include/linux/kho/abi/kexec_metadata.h': header(
    'OUR_METADATA_H',
    `
#define KHO_KEXEC_METADATA_VERSION 1
struct kho_kexec_metadata {
	u32 version;
	char previous_release[__NEW_UTS_LEN + 1];
	u32 kexec_count;
} __packed;
#define KHO_METADATA_NODE_NAME "kexec-metadata"`,
    ['linux/types.h', 'linux/utsname.h'],
  ),
};

export const LUO_HEADER = 'include/linux/kho/abi/luo.h';

/** LUO of 6.19 (a device tree with sessions) and, with `flb`, of 7.0: a node more, the same version. */
export const luoV1 = (flb: boolean, spelled: boolean): TreeFiles => ({
  ...TREE_619,
  [LUO_HEADER]: header(
    'OUR_OLD_LUO_H',
    `
#define LUO_FDT_KHO_ENTRY_NAME "LUO"
#define LUO_FDT_COMPATIBLE "luo-v1"
#define LUO_FDT_LIVEUPDATE_NUM "liveupdate-number"
#define LUO_FDT_SESSION_NODE_NAME "luo-session"
#define LUO_FDT_SESSION_COMPATIBLE "luo-session-v2"
#define LUO_FDT_SESSION_HEADER "luo-session-header"
struct luo_session_header_ser {
	u64 count;
} __packed;
${
  flb && spelled
    ? '#define LUO_FDT_FLB_NODE_NAME "luo-flb"\n#define LUO_FDT_FLB_COMPATIBLE "luo-flb-v1"\n#define LUO_FDT_FLB_HEADER "luo-flb-header"'
    : ''
}`,
  ),
  ...(flb && !spelled
    ? {
        'kernel/liveupdate/luo_flb.c':
          '/* luo-v1 */\nstatic int out(void *fdt) { return fdt_begin_node(fdt, "luo-flb"); }\n',
      }
    : {}),
});
