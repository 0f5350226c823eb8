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

/* An area that is being preserved: where its next entry goes. */
struct writer { struct vmalloc_desc *desc; struct vmalloc_chunk *chunk; size_t used; };

/* Only a frozen map refuses a page, and it refuses the first. */
static bool begin(struct kho *k, struct writer *w)
{
	w->chunk = new_chunk(k, &w->desc->first);
	return w->chunk;
}

static void add_head(struct kho *k, struct writer *w, uint64_t pfn)
{
	preserve_range(k, pfn, UINT64_C(1) << w->desc->order);
	w->chunk->phys[w->used++] = pfn << PAGE_SHIFT;
	w->desc->total_pages += UINT32_C(1) << w->desc->order;
	/* The kernel does not wait for the next entry: a full last chunk gets an empty successor. */
	if (w->used == CHUNK_SLOTS) {
		w->chunk = new_chunk(k, &w->chunk->next);
		w->used = 0;
	}
}

/* Every vmalloc line makes an area, refused or not: delvmalloc counts lines. */
int vmalloc_preserve(struct kho *k, const struct op *op)
{
	struct area *area;
	struct writer w = { .used = 0 };
	uint64_t vm_flags = op->b;

	k->areas = xrealloc(k->areas, k->nareas + 1, sizeof(*k->areas));
	area = &k->areas[k->nareas++];
	*area = (struct area){ .live = false };

	if (vm_flags & ~(VM_FLAG_ALLOC | VM_FLAG_HUGE))
		return E_OPNOTSUPP;

	area->desc.order = (uint16_t)op->a;
	area->desc.flags = (vm_flags & VM_FLAG_ALLOC ? 1 : 0) | (vm_flags & VM_FLAG_HUGE ? 2 : 0);
	w.desc = &area->desc;
	if (!begin(k, &w))
		return E_NOMEM;
	area->live = true;
	for (size_t r = 0; r < op->nruns; r++) {
		uint64_t pfn = op->runs[r].start;

		for (uint64_t i = 0; i < op->runs[r].count; i++, pfn += op->runs[r].step)
			add_head(k, &w, pfn);
	}
	return 0;
}

/* An area of the kernel's own. Its pages were taken one after the other, so they are adjacent here. */
int vmalloc_preserve_own(struct kho *k, uint64_t phys, uint64_t pages, struct vmalloc_desc *desc)
{
	struct writer w = { .desc = desc };

	*desc = (struct vmalloc_desc){ .flags = 1 };
	if (!begin(k, &w))
		return E_NOMEM;
	for (uint64_t i = 0; i < pages; i++)
		add_head(k, &w, (phys >> PAGE_SHIFT) + i);
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
