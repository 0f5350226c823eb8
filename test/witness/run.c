/* Executes a scenario line by line and keeps the log. */
#include <stdlib.h>
#include <string.h>

#include "witness.h"

/* The largest folio the page allocator hands out. */
enum { MAX_PAGE_ORDER = PAGE_SHIFT == 12 ? 10 : PAGE_SHIFT == 14 ? 11 : 13 };

/* Far more than any scenario takes. */
#define SCENARIO_ARENA (UINT64_C(1) << 30)

/* Kernels allocate blobs in this way: zeroed, a power of two of pages, preserved as one folio. */
static int alloc_preserve(struct kho *k, uint64_t size, uint64_t *phys)
{
	unsigned order = 0;

	if (!size)
		return E_INVAL;
	while (order <= MAX_PAGE_ORDER && (uint64_t)PAGE_SIZE << order < size)
		order++;
	if (order > MAX_PAGE_ORDER)
		return E_TOOBIG;

	*phys = arena_folio(order);
	if (preserve_folio(k, *phys >> PAGE_SHIFT, order)) {
		arena_free(*phys, order);
		return E_BUSY;
	}
	return 0;
}

static int boot(struct kho *k)
{
	if (k->abi->map == MAP_RADIX)
		k->root = arena_alloc(0);
	k->fdt = arena_alloc(0);
	/* Else the page is empty until finalize, which also preserves it. */
	if (k->abi->finalize != FINALIZE_ALL) {
		rootfdt_create(k);
		if (k->sc->kernel_init)
			preserve_folio(k, k->fdt >> PAGE_SHIFT, 0);
	}
	return clients_boot(k);
}

static int set_scratch(struct kho *k, const struct op *op)
{
	k->scratch = xrealloc(k->scratch, op->nruns, sizeof(*k->scratch));
	k->nscratch = op->nruns;
	k->scratch_array = op->a;
	for (size_t i = 0; i < op->nruns; i++)
		k->scratch[i] = (struct scratch){ op->runs[i].start, op->runs[i].count };
	return 0;
}

static int execute(struct kho *k, const struct op *op)
{
	uint64_t phys;
	int err;

	switch (op->kind) {
	case OP_PAGE:
		return preserve_folio(k, op->a, (unsigned)op->b);
	case OP_PAGES:
		err = 0;
		for (uint64_t i = 0; !err && i < op->b; i++)
			err = preserve_folio(k, op->a + i * op->c, 0);
		return err;
	case OP_RANGE:
		return preserve_range(k, op->a, op->b);
	case OP_DELPAGE:
		unpreserve_folio(k, op->a, (unsigned)op->b);
		return 0;
	case OP_DELRANGE:
		unpreserve_range(k, op->a, op->b);
		return 0;
	case OP_VMALLOC:
		return vmalloc_preserve(k, op);
	case OP_DELVMALLOC:
		return vmalloc_unpreserve(k, op->a);
	case OP_SUBTREE:
		return subtree_add(k, op->name, op->a, op->b);
	case OP_SUBTREE_ALLOC:
		err = alloc_preserve(k, op->b, &phys);
		return err ? err : subtree_add(k, op->name, phys, op->b);
	case OP_RMSUBTREE:
		return subtree_remove(k, op->a);
	case OP_SCRATCH:
		return set_scratch(k, op);
	case OP_FINALIZE:
		return handover_finalize(k);
	case OP_ABORT:
		return handover_abort(k);
	case OP_LUO_SESSION:
	case OP_LUO_MEMFD:
	case OP_LUO_FILE:
	case OP_LUO_FLB:
		return luo_execute(k, op);
	}
	abort();
}

static void count_block(void *ctx, uint64_t phys, int order)
{
	(void)phys;
	(void)order;
	++*(uint64_t *)ctx;
}

char *run_scenario(struct kho *k)
{
	char *text = NULL;
	size_t size = 0;
	uint64_t blocks = 0;
	bool says_finalize = false;
	FILE *log = open_memstream(&text, &size);

	if (!log)
		die(EXIT_FAULT, "out of memory");
	current_file = k->sc->file;
	arena_open(k->sc->base, SCENARIO_ARENA);
	fprintf(log, "init %s -> %d\n", k->sc->kernel_init ? "kernel" : "bare", boot(k));
	for (size_t i = 0; i < k->sc->nops; i++) {
		const struct op *op = &k->sc->ops[i];
		int result;

		current_line = op->line;
		k->warning = NULL;
		says_finalize |= op->kind == OP_FINALIZE;
		result = execute(k, op);
		fprintf(log, "%u %s -> %d", op->line, op->text, result);
		if (k->warning)
			fprintf(log, " (warning: %s)", k->warning);
		fputc('\n', log);
	}
	clients_end(k);
	if (k->abi->finalize != FINALIZE_NOTHING && !says_finalize)
		fprintf(log, "finalize -> %d\n", handover_finalize(k));
	map_walk(k, count_block, &blocks);
	fprintf(log, "walk -> %llu blocks\n", (unsigned long long)blocks);
	if (fclose(log))
		die(EXIT_FAULT, "out of memory");
	return text;
}
