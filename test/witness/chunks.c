/*
 * The preserved-memory map of kho-v1: bitmaps, and a list of chunks that says where they are.
 *
 * There is one bitmap for each order and each stretch of memory that is in use. The kernel keeps them in
 * trees of its own, here it is a sorted array; only bitmaps and chunks are seen by the next kernel.
 */
#include <string.h>

#include "witness.h"

struct bitmap_ref { uint64_t phys_start, bitmap; };

#define CHUNK_REFS ((PAGE_SIZE - 16) / sizeof(struct bitmap_ref))

struct chunk {                  /* exactly one page */
	uint64_t next;
	uint32_t order;
	uint32_t num_elms;
	struct bitmap_ref refs[CHUNK_REFS];
};
_Static_assert(sizeof(struct chunk) == PAGE_SIZE, "wire format");

static uint64_t bits_in(const struct abi *abi)
{
	return (uint64_t)abi->bitmap_bytes * 8;
}

/* Block number to address; a shift by 64 (one block that is all of the address space) has no meaning in C. */
static uint64_t block_address(uint64_t block, unsigned order)
{
	unsigned shift = order + PAGE_SHIFT;

	return shift < 64 ? block << shift : 0;
}

/* Small bitmaps share a page and are never given back to it. */
static uint64_t new_bitmap(struct kho *k)
{
	unsigned bytes = k->abi->bitmap_bytes;

	if (bytes == PAGE_SIZE)
		return arena_alloc(0);
	if (!k->slab_left) {
		k->slab_next = arena_alloc(0);
		k->slab_left = PAGE_SIZE / bytes;
	}
	k->slab_left--;
	k->slab_next += bytes;
	return k->slab_next - bytes;
}

/* Where the bitmap is in the array, or where it would have to be put. */
static size_t position_of(const struct kho *k, unsigned order, uint64_t index)
{
	size_t low = 0, high = k->nbitmaps;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct bitmap *b = &k->bitmaps[middle];

		if (b->order < order || (b->order == order && b->index < index))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct bitmap *find_bitmap(const struct kho *k, unsigned order, uint64_t index)
{
	size_t at = position_of(k, order, index);

	if (at == k->nbitmaps || k->bitmaps[at].order != order || k->bitmaps[at].index != index)
		return NULL;
	return &k->bitmaps[at];
}

static struct bitmap *add_bitmap(struct kho *k, unsigned order, uint64_t index)
{
	size_t at = position_of(k, order, index);
	uint64_t phys = new_bitmap(k);

	k->bitmaps = xrealloc(k->bitmaps, k->nbitmaps + 1, sizeof(*k->bitmaps));
	memmove(&k->bitmaps[at + 1], &k->bitmaps[at], (k->nbitmaps - at) * sizeof(*k->bitmaps));
	k->nbitmaps++;
	k->bitmaps[at] = (struct bitmap){ order, index, phys };
	return &k->bitmaps[at];
}

void chunks_add(struct kho *k, uint64_t pfn, unsigned order)
{
	uint64_t block = pfn >> order, bits = bits_in(k->abi);
	struct bitmap *b = find_bitmap(k, order, block / bits);
	unsigned long *words;

	if (!b)
		b = add_bitmap(k, order, block / bits);
	words = phys_to_virt(b->phys);
	words[block % bits / BITS_PER_WORD] |= 1UL << block % BITS_PER_WORD;
}

/* False: there is no bitmap. Emptied bitmaps stay where they are. */
bool chunks_del(struct kho *k, uint64_t pfn, unsigned order)
{
	uint64_t block = pfn >> order, bits = bits_in(k->abi);
	struct bitmap *b = find_bitmap(k, order, block / bits);
	unsigned long *words;

	if (!b)
		return false;
	words = phys_to_virt(b->phys);
	words[block % bits / BITS_PER_WORD] &= ~(1UL << block % BITS_PER_WORD);
	return true;
}

/* Lists all bitmaps, each order in chunks of its own; 0 if there is none. */
uint64_t chunks_build(struct kho *k)
{
	struct chunk *chunk = NULL;
	uint64_t first = 0, *link = &first;

	for (size_t i = 0; i < k->nbitmaps; i++) {
		const struct bitmap *b = &k->bitmaps[i];

		if (!chunk || chunk->order != b->order || chunk->num_elms == CHUNK_REFS) {
			*link = arena_alloc(0);
			chunk = phys_to_virt(*link);
			chunk->order = b->order;
			link = &chunk->next;
		}
		chunk->refs[chunk->num_elms++] = (struct bitmap_ref){
			.phys_start = block_address(b->index * bits_in(k->abi), b->order),
			.bitmap = b->phys,
		};
	}
	return first;
}

void chunks_free(uint64_t first)
{
	while (first) {
		const struct chunk *chunk = phys_to_virt(first);
		uint64_t next = chunk->next;

		arena_free(first, 0);
		first = next;
	}
}

/* Nothing is preserved any more. A page that bitmaps share stays with its owner, bytes and all. */
void chunks_forget(struct kho *k)
{
	for (size_t i = 0; k->abi->bitmap_bytes == PAGE_SIZE && i < k->nbitmaps; i++)
		arena_free(k->bitmaps[i].phys, 0);
	k->nbitmaps = 0;
}

/* As the next kernel does it: from the list alone. */
void chunks_walk(const struct abi *abi, uint64_t first, block_fn fn, void *ctx)
{
	const struct chunk *chunk;

	for (uint64_t phys = first; phys; phys = chunk->next) {
		chunk = phys_to_virt(phys);
		for (uint32_t e = 0; e < chunk->num_elms; e++) {
			const unsigned long *words = phys_to_virt(chunk->refs[e].bitmap);

			for (uint64_t bit = 0; bit < bits_in(abi); bit++)
				if (words[bit / BITS_PER_WORD] >> bit % BITS_PER_WORD & 1)
					fn(ctx, chunk->refs[e].phys_start + block_address(bit, chunk->order),
					   (int)chunk->order);
		}
	}
}
