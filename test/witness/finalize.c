/*
 * Finalize and abort of kho-v1.
 *
 * At first everything was written at once, when user space said so: until then subtrees only queue, and
 * after it nothing can be preserved. Later the FDT was always there and finalize only made the list of
 * chunks. From kho-v2 on there is nothing to finalize.
 */
#include <stdlib.h>
#include <string.h>

#include "witness.h"

int subtree_add(struct kho *k, const char *name, uint64_t phys, uint64_t size)
{
	if (k->abi->finalize != FINALIZE_ALL)
		return rootfdt_add(k, name, phys, size);

	k->queue = xrealloc(k->queue, k->nqueue + 1, sizeof(*k->queue));
	k->queue[k->nqueue++] = (struct subtree){ name, phys };
	return 0;
}

int subtree_remove(struct kho *k, uint64_t phys)
{
	size_t i = 0;

	if (k->abi->finalize != FINALIZE_ALL)
		return rootfdt_remove(k, phys);

	while (i < k->nqueue && k->queue[i].phys != phys)
		i++;
	if (i < k->nqueue) {
		k->nqueue--;
		memmove(&k->queue[i], &k->queue[i + 1], (k->nqueue - i) * sizeof(*k->queue));
	}
	return 0;
}

bool is_frozen(const struct kho *k)
{
	return k->abi->finalize == FINALIZE_ALL && k->finalized;
}

bool has_fdt(const struct kho *k)
{
	return k->abi->finalize != FINALIZE_ALL || k->finalized;
}

/* Subtrees stay queued. The page keeps its address, but what was in it is void. */
static void drop(struct kho *k)
{
	chunks_free(k->chunks);
	chunks_forget(k);
	k->chunks = 0;
	k->finalized = false;
	memset(phys_to_virt(k->fdt), 0, PAGE_SIZE);
}

static int finalize_all(struct kho *k)
{
	int err;

	if (k->finalized)
		return E_EXIST;
	err = preserve_folio(k, k->fdt >> PAGE_SHIFT, 0);
	if (!err)
		err = clients_finalize(k);
	if (!err)
		err = rootfdt_write(k);
	if (err)
		drop(k);
	else
		k->finalized = true;
	return err;
}

/* The new list is complete before the old one goes, so its pages are other pages. */
static int finalize_list(struct kho *k)
{
	uint64_t old = k->chunks;

	k->chunks = chunks_build(k);
	rootfdt_set_map(k, k->chunks);
	chunks_free(old);
	k->finalized = true;
	return 0;
}

int handover_finalize(struct kho *k)
{
	switch (k->abi->finalize) {
	case FINALIZE_NOTHING:
		return 0;
	case FINALIZE_LIST:
		return finalize_list(k);
	case FINALIZE_ALL:
		return finalize_all(k);
	}
	abort();
}

int handover_abort(struct kho *k)
{
	switch (k->abi->finalize) {
	case FINALIZE_NOTHING:
		return 0;
	case FINALIZE_LIST:
		return E_INVAL;         /* there is no way back any more */
	case FINALIZE_ALL:
		if (!k->finalized)
			return E_NOENT;
		drop(k);
		return 0;
	}
	abort();
}
