/**
 * Structures of KHO with the numbers of Linux 7.3, written for these tests from the wire formats; compiled for a page size, and
 * with one change where a macro asks for it.
 */
export const KHO_CODE = `
typedef unsigned char u8; typedef unsigned int u32; typedef unsigned long long u64;
#define PAGE (1ul << SHIFT)
#define PACKED __attribute__((packed))
#define SERIAL(name, type) union { u64 phys; type ptr; } name
struct kho_vmalloc_chunk;
struct kho_vmalloc_hdr { SERIAL(next, struct kho_vmalloc_chunk *); };
struct kho_vmalloc_chunk { struct kho_vmalloc_hdr hdr; u64 phys[PAGE / 8 - 1]; };
struct kho_vmalloc {
  SERIAL(first, struct kho_vmalloc_chunk *);
#ifdef WIDE_PAGES
  u64 total_pages;
#else
  unsigned int total_pages;
#endif
  unsigned short flags; unsigned short order;
};
#ifndef DEPTH
#define DEPTH ((64 - SHIFT - (SHIFT + 3) + 1 + (SHIFT - 3) - 1) / (SHIFT - 3) + 1)
#endif
enum kho_radix_consts { KHO_RADIX_KEY_WIDTH = 64 - SHIFT + 1, KHO_TABLE_SIZE_LOG2 = SHIFT - 3,
  KHO_BITMAP_SIZE_LOG2 = SHIFT + 3, KHO_TREE_MAX_DEPTH = DEPTH };
struct kho_radix_node { u64 table[1 << KHO_TABLE_SIZE_LOG2]; };
struct kho_radix_leaf { unsigned long bitmap[PAGE / sizeof(long)]; };
struct kho_scratch { u64 addr, size; };
struct kho_block_header_ser { u64 next, count; } PACKED;
struct kho_kexec_metadata { u32 version; char previous_release[65]; u32 kexec_count; } PACKED;
struct luo_ser { char compatible[8]; u64 liveupdate_num, sessions_pa, flbs_pa; } PACKED;
struct luo_file_ser { char compatible[48]; u64 data, token; } PACKED;
struct luo_file_set_ser { u64 files, count; } PACKED;
struct luo_session_ser { char name[64]; struct luo_file_set_ser file_set_ser; } PACKED;
struct luo_flb_header_ser { u64 pgcnt, count; } PACKED;
struct luo_flb_ser { char name[48]; u64 data, count; } PACKED;
struct memfd_luo_folio_ser { u64 pfn : 52, flags : 12; u64 index; } PACKED;
struct memfd_luo_ser { u64 pos, size; u32 seals, flags; u64 nr_folios; struct kho_vmalloc folios; } PACKED;
struct luo_session { int not_handed_over; };
#define USE(name) struct name *use_##name;
USE(kho_vmalloc_chunk) USE(kho_vmalloc) USE(kho_radix_node) USE(kho_radix_leaf) USE(kho_scratch) USE(kho_block_header_ser)
USE(kho_kexec_metadata) USE(luo_ser) USE(luo_file_ser) USE(luo_session_ser) USE(luo_flb_header_ser) USE(luo_flb_ser)
USE(memfd_luo_folio_ser) USE(memfd_luo_ser) USE(luo_session)
enum kho_radix_consts use_consts;
`;

/** Structures that the code has and KHO hands over. */
export const KHO_STRUCTS = [
  'kho_block_header_ser',
  'kho_kexec_metadata',
  'kho_radix_leaf',
  'kho_radix_node',
  'kho_scratch',
  'kho_vmalloc',
  'kho_vmalloc_chunk',
  'kho_vmalloc_hdr',
  'luo_file_ser',
  'luo_file_set_ser',
  'luo_flb_header_ser',
  'luo_flb_ser',
  'luo_ser',
  'luo_session_ser',
  'memfd_luo_folio_ser',
  'memfd_luo_ser',
];
