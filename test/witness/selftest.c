/* kho_test: the kernel's self-test preserves some folios, a list of them and a checksum over all. */
#include <stdlib.h>
#include <string.h>

#include "clients.h"

#define MAGIC UINT32_C(0x4b484f21)

/* Whether csum_partial is the one of x86_64, or the plain C one that stands for all other machines. */
#define X86_CHECKSUM (!HOST_BIG_ENDIAN && PAGE_SHIFT == 12)

/* Addition in ones' complement: what overflows comes back at the low end. */
static uint32_t add_around(uint32_t a, uint32_t b)
{
	uint32_t sum;

	return __builtin_add_overflow(a, b, &sum) ? sum + 1 : sum;
}

/* Results of the two differ, but not once they are folded to 16 bits. */
static uint32_t csum_partial(const uint32_t *words, uint64_t bytes, uint32_t old)
{
	uint32_t sum = X86_CHECKSUM ? old : 0;

	for (uint64_t i = 0; i < bytes / sizeof(*words); i++)
		sum = add_around(sum, words[i]);
	if (X86_CHECKSUM)
		return sum;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return add_around(old, sum);
}

static uint64_t list_bytes(const struct kho *k)
{
	return k->sc->clients.ntest * sizeof(uint64_t);
}

static uint64_t list_pages(const struct kho *k)
{
	return (list_bytes(k) + PAGE_SIZE - 1) / PAGE_SIZE;
}

/* Takes everything; of it only the tree is preserved, and that only where boot registers it. */
void selftest_boot(struct kho *k)
{
	const struct client_lines *lines = &k->sc->clients;
	unsigned order = 0;

	while ((uint64_t)PAGE_SIZE << order < list_bytes(k) + PAGE_SIZE)
		order++;
	k->test.tree_order = order;
	k->test.tree = k->abi->finalize == FINALIZE_ALL ? arena_folio(order) : take_and_preserve(k, order);

	if (k->abi->selftest == SELFTEST_VMALLOC) {
		k->test.list = arena_alloc(0);
		for (uint64_t i = 1; i < list_pages(k); i++)
			arena_alloc(0);
	}

	k->test.folios = xrealloc(NULL, lines->ntest, sizeof(*k->test.folios));
	for (size_t i = 0; i < lines->ntest; i++) {
		uint64_t folio = arena_folio(lines->test_orders[i]);

		k->test.folios[i] = folio;
		for (uint64_t page = 0; page < UINT64_C(1) << lines->test_orders[i]; page++) {
			uint64_t phys = folio + page * PAGE_SIZE;

			*(uint64_t *)phys_to_virt(phys) = phys;
		}
	}
}

int selftest_register(struct kho *k)
{
	const unsigned *orders = k->sc->clients.test_orders;
	size_t n = k->sc->clients.ntest;
	uint32_t magic = MAGIC, nr_folios = (uint32_t)n, csum = 0;
	bool in_area = k->abi->selftest == SELFTEST_VMALLOC;
	struct vmalloc_desc desc;
	struct tree *tree;
	uint64_t *list;
	int err = 0;

	for (size_t i = 0; !err && i < n; i++)
		err = preserve_folio(k, k->test.folios[i] >> PAGE_SHIFT, orders[i]);
	if (!err && in_area)
		err = vmalloc_preserve_own(k, k->test.list, list_pages(k), &desc);
	if (err)
		return err;

	list = in_area ? phys_to_virt(k->test.list) : xrealloc(NULL, n, sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		list[i] = k->test.folios[i] | orders[i];
		csum = csum_partial(phys_to_virt(k->test.folios[i]), (uint64_t)PAGE_SIZE << orders[i], csum);
	}

	tree = tree_begin(PAGE_SIZE << k->test.tree_order);
	tree_string(tree, "compatible", "kho-test-v1");
	tree_value(tree, "magic", magic);
	tree_node(tree, "data");
	tree_value(tree, "nr_folios", nr_folios);
	if (in_area)
		tree_value(tree, "folios_info", desc);
	else
		tree_bytes(tree, "folios_info", list, list_bytes(k));
	tree_value(tree, "csum", csum);
	tree_node_end(tree);
	if (!in_area)
		free(list);
	return client_register(k, "kho_test", k->test.tree, tree_end(tree, k->test.tree));
}

int selftest_finalize(struct kho *k)
{
	int err = preserve_folio(k, k->test.tree >> PAGE_SHIFT, k->test.tree_order);

	return err ? err : selftest_register(k);
}
