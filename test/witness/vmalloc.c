/* Preserved vmalloc areas: a chain of one-page chunks that list the head page of each mapping. */
#include "witness.h"

static struct vmalloc_chunk *new_chunk(struct kho *k, uint64_t *link)
{
	uint64_t phys = arena_alloc(0);

	if (preserve_folio(k, phys >> PAGE_SHIFT, 0)) {
		arena_free(phys, 0);
		return NULL;
	}
	*link = phys;
	return phys_to_virt(phys);
}

/* Every vmalloc line makes an area, refused or not: delvmalloc counts lines. */
int vmalloc_preserve(struct kho *k, const struct op *op)
{
	struct area *area;
	struct vmalloc_chunk *chunk;
	uint64_t vm_flags = op->b;
	unsigned order = (unsigned)op->a;
	size_t used = 0;

	k->areas = xrealloc(k->areas, k->nareas + 1, sizeof(*k->areas));
	area = &k->areas[k->nareas++];
	*area = (struct area){ .live = false };

	if (vm_flags & ~(VM_FLAG_ALLOC | VM_FLAG_HUGE))
		return E_OPNOTSUPP;

	area->desc.order = (uint16_t)order;
	area->desc.flags = (vm_flags & VM_FLAG_ALLOC ? 1 : 0) | (vm_flags & VM_FLAG_HUGE ? 2 : 0);

	/* Only a frozen map refuses a page, and it refuses the first. */
	chunk = new_chunk(k, &area->desc.first);
	if (!chunk)
		return E_NOMEM;
	area->live = true;
	for (size_t r = 0; r < op->nruns; r++) {
		uint64_t pfn = op->runs[r].start;

		for (uint64_t i = 0; i < op->runs[r].count; i++, pfn += op->runs[r].step) {
			preserve_range(k, pfn, UINT64_C(1) << order);
			chunk->phys[used++] = pfn << PAGE_SHIFT;
			area->desc.total_pages += UINT32_C(1) << order;
			/* The kernel does not wait for the next entry: a full last chunk gets an empty successor. */
			if (used == CHUNK_SLOTS) {
				chunk = new_chunk(k, &chunk->next);
				used = 0;
			}
		}
	}
	return 0;
}

int vmalloc_unpreserve(struct kho *k, uint64_t index)
{
	struct area *area = &k->areas[index];
	uint64_t phys = area->desc.first;

	if (!area->live)
		scenario_fault("the vmalloc area was refused: nothing to unpreserve");

	while (phys) {
		const struct vmalloc_chunk *chunk = phys_to_virt(phys);
		uint64_t next = chunk->next;

		unpreserve_folio(k, phys >> PAGE_SHIFT, 0);
		for (size_t i = 0; i < CHUNK_SLOTS && chunk->phys[i]; i++)
			unpreserve_range(k, chunk->phys[i] >> PAGE_SHIFT, UINT64_C(1) << area->desc.order);
		arena_free(phys, 0);
		phys = next;
	}
	area->live = false;
	return 0;
}
