/*
 * What the first kernel's clients hand over: structures on the wire, and the state they keep.
 *
 * A format that differs between releases is described in abi.c; code asks it for what it needs.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "witness.h"

#define PACKED __attribute__((packed))

/* ---- on the wire ---- */

struct kexec_metadata {
	uint32_t version;
	char previous_release[65];
	uint32_t kexec_count;
} PACKED;
_Static_assert(sizeof(struct kexec_metadata) == 73, "wire format");
_Static_assert(offsetof(struct kexec_metadata, kexec_count) == 69, "wire format");

struct kho_block_header_ser {           /* before the entries of each block of a chain */
	uint64_t next;
	uint64_t count;
} PACKED;
_Static_assert(sizeof(struct kho_block_header_ser) == 16, "wire format");

struct luo_root {
	char compatible[8];
	uint64_t liveupdate_num;
	uint64_t sessions_pa;
	uint64_t flbs_pa;
} PACKED;
_Static_assert(sizeof(struct luo_root) == 32, "wire format");

struct luo_abi_header {                 /* what the tree of luo-v2 points to */
	uint64_t liveupdate_num;
	uint64_t sessions_pa;
	uint64_t flbs_pa;
} PACKED;
_Static_assert(sizeof(struct luo_abi_header) == 24, "wire format");

struct luo_session_header_ser { uint64_t count; } PACKED;
_Static_assert(sizeof(struct luo_session_header_ser) == 8, "wire format");

struct luo_session_ser {
	char name[64];
	uint64_t files;
	uint64_t count;
} PACKED;
_Static_assert(sizeof(struct luo_session_ser) == 80, "wire format");

struct luo_file_ser {
	char compatible[48];
	uint64_t data;
	uint64_t token;
} PACKED;
_Static_assert(sizeof(struct luo_file_ser) == 64, "wire format");

struct luo_flb_header_ser {
	uint64_t pgcnt;
	uint64_t count;
} PACKED;
_Static_assert(sizeof(struct luo_flb_header_ser) == 16, "wire format");

struct luo_flb_ser {
	char name[48];
	uint64_t data;
	uint64_t count;
} PACKED;
_Static_assert(sizeof(struct luo_flb_ser) == 64, "wire format");

struct memfd_ser_v1 {
	uint64_t pos;
	uint64_t size;
	uint64_t nr_folios;
	struct vmalloc_desc folios;
} PACKED;
_Static_assert(sizeof(struct memfd_ser_v1) == 40, "wire format");

struct memfd_ser_v2 {
	uint64_t pos;
	uint64_t size;
	uint32_t seals;
	uint32_t flags;
	uint64_t nr_folios;
	struct vmalloc_desc folios;
} PACKED;
_Static_assert(sizeof(struct memfd_ser_v2) == 48, "wire format");

/* Bitfields on purpose: which bits of the u64 they are is the compiler's choice, and so the CPU's. */
struct memfd_folio_ser {
	uint64_t pfn : 52;
	uint64_t flags : 12;
	uint64_t index;
} PACKED;
_Static_assert(sizeof(struct memfd_folio_ser) == 16, "wire format");

/* ---- entries.c: entries of one size, in one array or in a chain of pages ---- */

struct entries {
	bool chain;
	unsigned order;                 /* of the array; a block of a chain is one page */
	size_t header, size;            /* bytes: what stands before the entries, one entry */
	uint64_t first, last;           /* physical addresses of the blocks; 0 without one */
	uint64_t used, room;
};

void entries_take(struct kho *k, struct entries *e);
void entries_reserve(struct kho *k, struct entries *e);
void *entries_add(struct entries *e);

/* ---- selftest.c, memblock.c, luo.c, memfd.c ---- */

void selftest_boot(struct kho *k);
int selftest_register(struct kho *k);
int selftest_finalize(struct kho *k);

int memblock_boot(struct kho *k);
int memblock_finalize(struct kho *k);

int luo_boot(struct kho *k);
void luo_end(struct kho *k);

uint64_t memfd_preserve(struct kho *k, const struct op *op);

/* ---- trees.c: a blob that is a device tree ---- */

struct tree;

struct tree *tree_begin(size_t room);
void tree_node(struct tree *t, const char *name);
void tree_node_end(struct tree *t);
void tree_string(struct tree *t, const char *name, const char *value);
void tree_bytes(struct tree *t, const char *name, const void *value, size_t size);
uint64_t tree_end(struct tree *t, uint64_t phys);

/* The value is a variable: its memory is what goes into the tree. */
#define tree_value(t, name, variable) tree_bytes(t, name, &(variable), sizeof(variable))

#endif
