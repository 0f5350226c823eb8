/* The table of releases. A new ABI string is a new row here before it is anything else. */
#include <string.h>

#include "witness.h"

#define TABLE_BITS (PAGE_SHIFT - 3)
#define LEAF_BITS (PAGE_SHIFT + 3)
#define CEIL_DIV(n, d) (((n) + (d) - 1) / (d))

/*
 * The leaf takes LEAF_BITS of the key, each table level TABLE_BITS. The first formula forgets that
 * bit number 64 - PAGE_SHIFT (the order bit of a single page) needs room too. Only with 16K pages
 * does that change the result: 4 instead of 5.
 */
#define DEPTH_WITHOUT_ORDER_BIT (CEIL_DIV(64 - PAGE_SHIFT - LEAF_BITS, TABLE_BITS) + 1)
#define DEPTH (CEIL_DIV(64 - PAGE_SHIFT + 1 - LEAF_BITS, TABLE_BITS) + 1)

#if PAGE_SHIFT == 14
_Static_assert(DEPTH_WITHOUT_ORDER_BIT == 4 && DEPTH == 5, "16K");
#elif PAGE_SHIFT == 12
_Static_assert(DEPTH_WITHOUT_ORDER_BIT == 6 && DEPTH == 6, "4K");
#else
_Static_assert(DEPTH_WITHOUT_ORDER_BIT == 4 && DEPTH == 4, "64K");
#endif

/* Two layouts went by the string luo-v1, too. Those from luo-v2 to luo-v4 are of no release. */
static const struct luo_format luo_formats[] = {
	{ .name = "luo-v1-6.19", .compatible = "luo-v1", .root = LUO_TREE },
	{ .name = "luo-v1", .compatible = "luo-v1", .root = LUO_TREE, .has_flbs = true },
	{ .name = "luo-v2", .compatible = "luo-v2", .root = LUO_TREE_AND_HEADER, .has_flbs = true },
	{ .name = "luo-v3", .compatible = "luo-v3", .root = LUO_STRUCT, .has_flbs = true },
	{ .name = "luo-v4", .compatible = "luo-v4", .root = LUO_STRUCT, .session_chain = true, .has_flbs = true },
	{
		.name = "luo-v5", .compatible = "luo-v5", .root = LUO_STRUCT,
		.session_chain = true, .file_chain = true, .has_flbs = true,
	},
};

enum { LUO_V1_6_19, LUO_V1, LUO_V5 = 5 };

#define NLUO_FORMATS (sizeof(luo_formats) / sizeof(luo_formats[0]))

static const struct memfd_format memfd_v1 = { .compatible = "memfd-v1" };
static const struct memfd_format memfd_v2 = { .compatible = "memfd-v2", .has_seals = true };

/* Three layouts went by the string kho-v1 and two by kho-v3, so a name here is more than the string. */
static const struct abi abis[] = {
	{
		.name = "kho-v1-6.16",
		.compatible = "kho-v1",
		.map = MAP_CHUNKS,
		.bitmap_bytes = 512,
		.hangs_on_missing_bitmap = true,
		.finalize = FINALIZE_ALL,
		.subtree_property = "fdt",
		.ctz_of_zero = -1,
		.refuses_partial_page = true,
		.selftest = SELFTEST_INLINE,
	},
	{
		.name = "kho-v1-6.18",
		.compatible = "kho-v1",
		.map = MAP_CHUNKS,
		.bitmap_bytes = PAGE_SIZE,
		.finalize = FINALIZE_ALL,
		.subtree_property = "fdt",
		.has_vmalloc = true,
		.ctz_of_zero = -1,
		.selftest = SELFTEST_VMALLOC,
	},
	{
		.name = "kho-v1-6.19",
		.compatible = "kho-v1",
		.map = MAP_CHUNKS,
		.bitmap_bytes = PAGE_SIZE,
		.finalize = FINALIZE_LIST,
		.subtree_property = "fdt",
		.has_vmalloc = true,
		.ctz_of_zero = -1,
		.selftest = SELFTEST_VMALLOC,
		.luo = &luo_formats[LUO_V1_6_19],
		.memfd = &memfd_v1,
	},
	{
		.name = "kho-v2",
		.compatible = "kho-v2",
		.map = MAP_RADIX,
		.depth = DEPTH_WITHOUT_ORDER_BIT,
		.subtree_property = "preserved-data",
		.has_vmalloc = true,
		.ctz_of_zero = -1,
		.selftest = SELFTEST_VMALLOC,
		.luo = &luo_formats[LUO_V1],
		.memfd = &memfd_v2,
	},
	{
		.name = "kho-v3-7.1-rc1",
		.compatible = "kho-v3",
		.map = MAP_RADIX,
		.depth = DEPTH_WITHOUT_ORDER_BIT,
		.subtree_property = "preserved-data",
		.has_blob_size = true,
		.has_metadata = true,
		.has_vmalloc = true,
		.ctz_of_zero = -1,
		.clamps_preserve = true,
		.selftest = SELFTEST_VMALLOC,
		.luo = &luo_formats[LUO_V1],
		.memfd = &memfd_v2,
	},
	{
		.name = "kho-v3",
		.compatible = "kho-v3",
		.map = MAP_RADIX,
		.depth = DEPTH,
		.subtree_property = "preserved-data",
		.has_blob_size = true,
		.drops_half_node = true,
		.has_metadata = true,
		.has_vmalloc = true,
		.ctz_of_zero = -1,
		.clamps_preserve = true,
		.clamps_unpreserve = true,
		.selftest = SELFTEST_VMALLOC,
		.luo = &luo_formats[LUO_V1],
		.memfd = &memfd_v2,
	},
	{
		.name = "kho-v4",
		.compatible = "kho-v4",
		.map = MAP_RADIX,
		.depth = DEPTH,
		.subtree_property = "preserved-data",
		.has_blob_size = true,
		.drops_half_node = true,
		.has_metadata = true,
		.has_vmalloc = true,
		.ctz_of_zero = 64,
		.clamps_preserve = true,
		.clamps_unpreserve = true,
		.selftest = SELFTEST_VMALLOC,
		.luo = &luo_formats[LUO_V5],
		.memfd = &memfd_v2,
	},
};

#define NABIS (sizeof(abis) / sizeof(abis[0]))

const struct abi *abi_find(const char *name)
{
	for (size_t i = 0; i < NABIS; i++)
		if (!strcmp(abis[i].name, name))
			return &abis[i];
	return NULL;
}

void abi_list(FILE *out)
{
	for (size_t i = 0; i < NABIS; i++)
		fprintf(out, " %s", abis[i].name);
}

const struct luo_format *luo_format_find(const char *name)
{
	for (size_t i = 0; i < NLUO_FORMATS; i++)
		if (!strcmp(luo_formats[i].name, name))
			return &luo_formats[i];
	return NULL;
}
