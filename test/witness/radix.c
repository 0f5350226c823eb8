/*
 * The preserved-memory radix tree of kho-v2 and later.
 *
 * One key is one block; the order is hidden in the position of the key's highest bit. Tables are pages
 * of native 64-bit physical addresses, leaves are pages of bits in native `unsigned long` words.
 */
#include "witness.h"

#define TABLE_BITS (PAGE_SHIFT - 3)             /* log2 of the slots in a table */
#define LEAF_BITS (PAGE_SHIFT + 3)              /* log2 of the bits in a leaf */
#define TABLE_SLOTS (UINT64_C(1) << TABLE_BITS)
#define LEAF_WORDS (PAGE_SIZE / sizeof(unsigned long))

/* A single page has this bit as its highest; each order more moves it down by one. */
#define ORDER_0_BIT (64 - PAGE_SHIFT)

uint64_t radix_key(uint64_t phys, unsigned order)
{
	unsigned shift = PAGE_SHIFT + order;

	/* One block that is all of the address space: a shift by 64 has no meaning in C. */
	if (shift >= 64)
		return 1;
	return UINT64_C(1) << (ORDER_0_BIT - order) | phys >> shift;
}

/* The block as the next kernel computes it, nonsense keys included. */
static uint64_t key_to_block(uint64_t key, int *order)
{
	int highest = key ? 63 - __builtin_clzll(key) : -1;
	int shift = 64 - highest;

	*order = ORDER_0_BIT - highest;
	return shift < 64 ? key << shift : 0;   /* the order bit falls off the top */
}

static inline unsigned level_shift(int level)
{
	return LEAF_BITS + (unsigned)(level - 1) * TABLE_BITS;
}

static inline uint64_t slot_of(uint64_t key, int level)
{
	return key >> level_shift(level) & (TABLE_SLOTS - 1);
}

static inline uint64_t bit_of(uint64_t key)
{
	return key & ((UINT64_C(1) << LEAF_BITS) - 1);
}

/* Missing nodes are taken from the top down, the leaf last. */
void radix_add(const struct abi *abi, uint64_t root, uint64_t key)
{
	uint64_t *table = phys_to_virt(root);
	unsigned long *leaf;
	uint64_t bit = bit_of(key);

	for (int level = abi->depth - 1; level > 0; level--) {
		uint64_t *slot = &table[slot_of(key, level)];

		if (!*slot)
			*slot = arena_alloc(0);
		table = phys_to_virt(*slot);
	}
	leaf = (unsigned long *)table;
	leaf[bit / BITS_PER_WORD] |= 1UL << bit % BITS_PER_WORD;
}

/* False: a table on the way is missing. Emptied nodes stay where they are. */
bool radix_del(const struct abi *abi, uint64_t root, uint64_t key)
{
	uint64_t *table = phys_to_virt(root);
	unsigned long *leaf;
	uint64_t bit = bit_of(key);

	for (int level = abi->depth - 1; level > 0; level--) {
		uint64_t next = table[slot_of(key, level)];

		if (!next)
			return false;
		table = phys_to_virt(next);
	}
	leaf = (unsigned long *)table;
	leaf[bit / BITS_PER_WORD] &= ~(1UL << bit % BITS_PER_WORD);
	return true;
}

static void walk_leaf(uint64_t phys, uint64_t prefix, block_fn fn, void *ctx)
{
	const unsigned long *leaf = phys_to_virt(phys);

	for (uint64_t i = 0; i < LEAF_WORDS; i++) {
		for (unsigned long word = leaf[i]; word; word &= word - 1) {
			uint64_t bit = i * BITS_PER_WORD + (unsigned)__builtin_ctzl(word);
			int order;
			uint64_t block = key_to_block(prefix | bit, &order);

			fn(ctx, block, order);
		}
	}
}

static void walk_table(uint64_t phys, int level, uint64_t prefix, block_fn fn, void *ctx)
{
	const uint64_t *table = phys_to_virt(phys);

	for (uint64_t i = 0; i < TABLE_SLOTS; i++) {
		uint64_t below = prefix | i << level_shift(level);

		if (!table[i])
			continue;
		if (level > 1)
			walk_table(table[i], level - 1, below, fn, ctx);
		else
			walk_leaf(table[i], below, fn, ctx);
	}
}

void radix_walk(const struct abi *abi, uint64_t root, block_fn fn, void *ctx)
{
	walk_table(root, abi->depth - 1, 0, fn, ctx);
}
