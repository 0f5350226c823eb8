/* What differs between releases, as data; the table is in abi.c. */
#ifndef ABI_H
#define ABI_H

#include <stdbool.h>
#include <stdio.h>

enum map_format { MAP_RADIX, MAP_CHUNKS };

enum finalize {
	FINALIZE_NOTHING,               /* the handover is current at any time */
	FINALIZE_LIST,                  /* makes the list of chunks; may be done again and again */
	FINALIZE_ALL,                   /* writes FDT and list; nothing can change then, but abort drops it all */
};

/* How LUO hands over its state, whichever release it is of. */
enum luo_root_kind { LUO_TREE, LUO_TREE_AND_HEADER, LUO_STRUCT };

struct luo_format {
	const char *name;
	const char *compatible;         /* the string on the wire */
	enum luo_root_kind root;
	bool session_chain, file_chain; /* else arrays */
	bool has_flbs;
};

struct memfd_format { const char *compatible; bool has_seals; };

enum selftest { SELFTEST_NONE, SELFTEST_INLINE, SELFTEST_VMALLOC };

struct abi {
	const char *name;
	const char *compatible;         /* string in the root FDT */
	enum map_format map;
	int depth;                      /* levels of the radix tree, leaf included, for our page size */
	unsigned bitmap_bytes;          /* of a bitmap that a chunk points to */
	bool hangs_on_missing_bitmap;   /* unpreserve never ends if nothing was preserved nearby */
	enum finalize finalize;
	const char *subtree_property;   /* holds the address of a subtree's blob */
	bool has_blob_size;             /* subtrees carry blob-size beside the address */
	bool drops_half_node;           /* a failed setprop deletes the node and gives -ENOMEM */
	bool has_metadata;              /* a booting kernel registers kexec-metadata */
	bool has_vmalloc;               /* vmalloc areas can be preserved */
	int ctz_of_zero;                /* what counting the trailing zeros of 0 gives */
	bool clamps_preserve;           /* range blocks end at a NUMA boundary when preserving ... */
	bool clamps_unpreserve;         /* ... and when unpreserving */

	/* clients */
	bool refuses_partial_page;      /* a region of reserve_mem ends with a page; else the rest is dropped */
	enum selftest selftest;         /* where kho_test keeps its list of folios */
	const struct luo_format *luo;   /* NULL: there is no LUO */
	const struct memfd_format *memfd;
};

const struct abi *abi_find(const char *name);
void abi_list(FILE *out);
const struct luo_format *luo_format_find(const char *name);

#endif
