/* memblock: the regions that the command line's reserve_mem asks for. */
#include "clients.h"

/* Pages that a region only begins to fill are not preserved (erratum B13). */
static int preserve_regions(struct kho *k)
{
	const struct client_lines *lines = &k->sc->clients;
	int err = 0;

	for (size_t i = 0; !err && i < lines->nregions; i++) {
		const struct region *r = &lines->regions[i];

		if (k->abi->refuses_partial_page && r->size % PAGE_SIZE)
			return E_INVAL;
		err = preserve_range(k, r->phys >> PAGE_SHIFT, r->size >> PAGE_SHIFT);
	}
	return err;
}

static int write_and_register(struct kho *k)
{
	const struct client_lines *lines = &k->sc->clients;
	struct tree *tree = tree_begin(PAGE_SIZE);

	tree_string(tree, "compatible", "memblock-v1");
	for (size_t i = 0; i < lines->nregions; i++) {
		const struct region *r = &lines->regions[i];

		tree_node(tree, r->name);
		tree_string(tree, "compatible", "reserve-mem-v1");
		tree_value(tree, "start", r->phys);
		tree_value(tree, "size", r->size);
		tree_node_end(tree);
	}
	return client_register(k, "memblock", k->memblock, tree_end(tree, k->memblock));
}

int memblock_boot(struct kho *k)
{
	int err;

	k->memblock = arena_alloc(0);
	if (k->abi->finalize == FINALIZE_ALL)
		return 0;
	err = preserve_range(k, k->memblock >> PAGE_SHIFT, 1);
	if (!err)
		err = preserve_regions(k);
	return err ? err : write_and_register(k);
}

int memblock_finalize(struct kho *k)
{
	int err = preserve_regions(k);

	if (!err)
		err = preserve_folio(k, k->memblock >> PAGE_SHIFT, 0);
	return err ? err : write_and_register(k);
}
