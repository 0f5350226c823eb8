/* A memfd that LUO hands over: a structure, an array of its folios in a vmalloc area, and the folios. */
#include "clients.h"

/* Flags of a folio: dirty and uptodate. */
enum { FOLIO_FLAGS = 3 };

/* Preserves the folios, then the array; fills both in. Returns how many folios there are. */
static uint64_t preserve_folios(struct kho *k, const struct op *op, struct vmalloc_desc *desc)
{
	uint64_t n = 0, pages, array;
	struct memfd_folio_ser *entry;

	for (size_t r = 0; r < op->nfolios; r++)
		n += op->folios[r].count;
	*desc = (struct vmalloc_desc){ .first = 0 };
	if (!n)
		return 0;

	pages = (n * sizeof(*entry) + PAGE_SIZE - 1) / PAGE_SIZE;
	array = arena_alloc(0);
	for (uint64_t i = 1; i < pages; i++)
		arena_alloc(0);
	for (size_t r = 0; r < op->nfolios; r++) {
		const struct folios *run = &op->folios[r];

		for (uint64_t i = 0; i < run->count; i++)
			preserve_folio(k, run->pfn + (i << run->order), (unsigned)run->order);
	}
	vmalloc_preserve_own(k, array, pages, desc);

	entry = phys_to_virt(array);
	for (size_t r = 0; r < op->nfolios; r++) {
		const struct folios *run = &op->folios[r];

		for (uint64_t i = 0; i < run->count; i++, entry++) {
			entry->pfn = run->pfn + (i << run->order);
			entry->flags = FOLIO_FLAGS;
			entry->index = run->index + (i << run->order);
		}
	}
	return n;
}

/* Returns the address of the structure, which is the data of the file. */
uint64_t memfd_preserve(struct kho *k, const struct op *op)
{
	uint64_t phys = take_and_preserve(k, 0);
	struct vmalloc_desc desc;
	uint64_t n = preserve_folios(k, op, &desc);

	if (k->abi->memfd->has_seals)
		*(struct memfd_ser_v2 *)phys_to_virt(phys) = (struct memfd_ser_v2){
			.pos = op->c, .size = op->b, .seals = (uint32_t)op->d, .nr_folios = n, .folios = desc,
		};
	else
		*(struct memfd_ser_v1 *)phys_to_virt(phys) = (struct memfd_ser_v1){
			.pos = op->c, .size = op->b, .nr_folios = n, .folios = desc,
		};
	return phys;
}
