/*
 * Entries of one size, as LUO keeps them: in one array of adjacent pages, or in a chain of KHO blocks.
 * A block is one page with a header, and the next one is taken only when it is full.
 */
#include "clients.h"

_Static_assert(PAGE_SHIFT != 12 || (PAGE_SIZE - 16) / sizeof(struct luo_session_ser) == 51, "4K");
_Static_assert(PAGE_SHIFT != 12 || (PAGE_SIZE - 16) / sizeof(struct luo_file_ser) == 63, "4K");
_Static_assert(PAGE_SHIFT != 14 || (16 * PAGE_SIZE - 8) / sizeof(struct luo_session_ser) == 3276, "16K");
_Static_assert(PAGE_SHIFT != 16 || (16 * PAGE_SIZE - 8) / sizeof(struct luo_session_ser) == 13107, "64K");

static uint64_t room_of(const struct entries *e, unsigned order)
{
	return (((uint64_t)PAGE_SIZE << order) - e->header) / e->size;
}

/* The array's pages, or one more block of the chain. */
void entries_take(struct kho *k, struct entries *e)
{
	uint64_t phys = take_and_preserve(k, e->chain ? 0 : e->order);

	if (e->last)
		((struct kho_block_header_ser *)phys_to_virt(e->last))->next = phys;
	else
		e->first = phys;
	e->last = phys;
	e->room += room_of(e, e->chain ? 0 : e->order);
}

/* Makes sure that there is room for one entry. */
void entries_reserve(struct kho *k, struct entries *e)
{
	if (e->used < e->room)
		return;
	if (!e->chain && e->last)
		scenario_fault("the array is full");
	entries_take(k, e);
}

/* The next entry. A block counts its own; who has an array with a header counts in it. */
void *entries_add(struct entries *e)
{
	uint8_t *block = phys_to_virt(e->last);
	uint64_t at = e->used++;

	if (e->chain) {
		((struct kho_block_header_ser *)block)->count++;
		at %= room_of(e, 0);
	}
	return block + e->header + at * e->size;
}
