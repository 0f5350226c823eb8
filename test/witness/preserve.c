/* Preserving folios (one block, as it is) and page ranges (split into aligned blocks). */
#include "witness.h"

int preserve_folio(struct kho *k, uint64_t pfn, unsigned order)
{
	if (is_frozen(k))
		return E_BUSY;
	if (k->abi->map == MAP_CHUNKS)
		chunks_add(k, pfn, order);
	else
		radix_add(k->abi, k->root, radix_key(pfn << PAGE_SHIFT, order));
	return 0;
}

/* For the clients of a kernel whose map is not frozen yet. */
uint64_t take_and_preserve(struct kho *k, unsigned order)
{
	uint64_t phys = arena_folio(order);

	preserve_folio(k, phys >> PAGE_SHIFT, order);
	return phys;
}

void unpreserve_folio(struct kho *k, uint64_t pfn, unsigned order)
{
	if (k->abi->map == MAP_RADIX) {
		if (!radix_del(k->abi, k->root, radix_key(pfn << PAGE_SHIFT, order)))
			k->warning = "no table";
	} else if (!chunks_del(k, pfn, order)) {
		if (k->abi->hangs_on_missing_bitmap)
			refuse("B24", "this release loops for ever where a bitmap is missing");
		k->warning = "no bitmap";
	}
}

void map_walk(const struct kho *k, block_fn fn, void *ctx)
{
	if (k->abi->map == MAP_CHUNKS)
		chunks_walk(k->abi, k->chunks, fn, ctx);
	else
		radix_walk(k->abi, k->root, fn, ctx);
}

/* A node is known by the number of boundaries at or below the page. */
static size_t numa_node(const struct kho *k, uint64_t pfn)
{
	size_t node = 0;

	for (size_t i = 0; i < k->sc->nnuma; i++)
		node += k->sc->numa[i] <= pfn;
	return node;
}

/* The largest block that is aligned, is not longer than nr pages and, if asked, stays on one node. */
static unsigned block_order(const struct kho *k, uint64_t pfn, uint64_t nr, bool clamp)
{
	int order = pfn ? __builtin_ctzll(pfn) : k->abi->ctz_of_zero;
	int longest = 63 - __builtin_clzll(nr);

	if (order < 0)
		refuse("B35", "a range that starts at PFN 0 gets order -1 from this release");
	if (order > longest)
		order = longest;
	while (clamp && order && numa_node(k, pfn) != numa_node(k, pfn + (UINT64_C(1) << order) - 1))
		order--;
	if (order >= 31)
		refuse("B36", "a block of order 31 or more overflows the kernel's page counter");
	return (unsigned)order;
}

int preserve_range(struct kho *k, uint64_t pfn, uint64_t nr)
{
	if (is_frozen(k))
		return E_BUSY;
	while (nr) {
		unsigned order = block_order(k, pfn, nr, k->abi->clamps_preserve);

		preserve_folio(k, pfn, order);
		pfn += UINT64_C(1) << order;
		nr -= UINT64_C(1) << order;
	}
	return 0;
}

void unpreserve_range(struct kho *k, uint64_t pfn, uint64_t nr)
{
	while (nr) {
		unsigned order = block_order(k, pfn, nr, k->abi->clamps_unpreserve);

		unpreserve_folio(k, pfn, order);
		pfn += UINT64_C(1) << order;
		nr -= UINT64_C(1) << order;
	}
}
