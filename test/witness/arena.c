/*
 * Physical memory of the first kernel: a bump allocator over one large mapping.
 *
 * The mapping is reserved, not committed, so a scenario pays only for the pages it writes. Virtual and
 * physical addresses differ by a constant; tables can hold physical addresses as on a real machine.
 */
#include <string.h>
#include <sys/mman.h>

#include "witness.h"

uint64_t arena_base;
uint64_t arena_pages;
uint8_t *arena_state;
uintptr_t arena_offset;

static uint8_t *memory;
static uint64_t capacity;       /* in pages */
static uint64_t high_water;     /* pages below this one were used in an earlier round */

static void *reserve(uint64_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Reserves `bytes`, or less where the system limits address space. Emulators take time for each reserved page. */
void arena_open(uint64_t base, uint64_t bytes)
{
	for (; !memory && bytes >= UINT64_C(1) << 28; bytes /= 2) {
		memory = reserve(bytes);
		capacity = bytes / PAGE_SIZE;
	}
	if (!memory || !(arena_state = reserve(capacity)))
		die(EXIT_FAULT, "cannot reserve memory for the arena");
	arena_base = base;
	arena_offset = (uintptr_t)memory - (uintptr_t)base;
}

/* Give all pages back at once, for the next round of a benchmark. */
void arena_recycle(void)
{
	if (high_water < arena_pages)
		high_water = arena_pages;
	arena_pages = 0;
}

/* A zeroed folio of 2^order pages. The index is aligned, so pages passed over become holes. */
uint64_t arena_alloc(unsigned order)
{
	uint64_t pages = UINT64_C(1) << order;
	uint64_t index = (arena_pages + pages - 1) & ~(pages - 1);
	uint64_t end = index + pages;

	if (end > capacity)
		die(EXIT_FAULT, "the arena is full: %llu pages", (unsigned long long)capacity);
	/* end - 1: the last byte may be the last one that has a 64-bit address */
	if (arena_base / PAGE_SIZE + (end - 1) >= PFN_LIMIT)
		scenario_fault("the arena runs past the last 64-bit address");

	/* Fresh pages of the mapping are zero already; only recycled ones must be cleared. */
	if (index < high_water)
		memset(memory + index * PAGE_SIZE, 0, pages * PAGE_SIZE);
	memset(arena_state + index, PAGE_USED, pages);
	arena_pages = end;
	return arena_base + index * PAGE_SIZE;
}

/* The arena aligns indices; a base that is less aligned would give a folio that has no key. */
uint64_t arena_folio(unsigned order)
{
	uint64_t phys = arena_alloc(order);

	if (phys & (((uint64_t)PAGE_SIZE << order) - 1))
		scenario_fault("`base` is not aligned enough for this folio");
	return phys;
}

/* Freed pages are never used again; they only drop out of the dump. */
void arena_free(uint64_t phys, unsigned order)
{
	memset(arena_state + (phys - arena_base) / PAGE_SIZE, PAGE_FREED, UINT64_C(1) << order);
}
