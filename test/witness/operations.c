/*
 * The operation lines of a scenario.
 *
 * What depends on the page size (alignment, the end of the address space) is judged only if the
 * scenario is meant for this target: set-up lines come first, so that is known in time.
 */
#include <string.h>

#include "parser.h"

/* ---- what can be expressed on this page size ---- */

static void check_order(const struct parser *p, size_t i, uint64_t order)
{
	if (order > 64 - PAGE_SHIFT)
		bad(p, column_of(p, i), "order %s is beyond 64 bits", p->words[i].text);
}

static void check_folio(const struct parser *p, size_t i, uint64_t pfn, uint64_t order)
{
	uint64_t pages = UINT64_C(1) << order;

	if (pfn & (pages - 1))
		bad(p, column_of(p, i), "not a multiple of the folio's size");
	if (pfn > PFN_LIMIT - pages)
		bad(p, column_of(p, i), "the folio ends beyond 64 bits");
}

static void check_pages(const struct parser *p, unsigned column, uint64_t pfn, uint64_t nr)
{
	if (nr && (nr > PFN_LIMIT || pfn > PFN_LIMIT - nr))
		bad(p, column, "the pages end beyond 64 bits");
}

static uint64_t to_pages(const struct parser *p, size_t i, uint64_t bytes)
{
	if (p->sc->applies && bytes % PAGE_SIZE)
		bad(p, column_of(p, i), "not a multiple of the page size");
	return bytes >> PAGE_SHIFT;
}

/* COUNT blocks of `pages` pages, the first at START, each STEP pages behind the one before. */
static void check_run(const struct parser *p, unsigned column, const struct run *run, uint64_t pages)
{
	uint64_t last;

	if (!run->count)
		return;
	if (__builtin_mul_overflow(run->count - 1, run->step, &last) ||
	    __builtin_add_overflow(last, run->start, &last))
		bad(p, column, "the pages end beyond 64 bits");
	check_pages(p, column, last, pages);
}

void check_folios(const struct parser *p, size_t i, const struct folios *run)
{
	if (!p->sc->applies)
		return;
	check_order(p, i, run->order);
	check_folio(p, i, run->pfn, run->order);
	check_run(p, column_of(p, i), &(struct run){ run->pfn, run->count, UINT64_C(1) << run->order },
		  UINT64_C(1) << run->order);
}

/* ---- operations ---- */

void add_operation(struct parser *p, const struct op *op)
{
	p->sc->ops = xrealloc(p->sc->ops, p->sc->nops + 1, sizeof(*p->sc->ops));
	p->sc->ops[p->sc->nops++] = *op;
}

static void add_runs(struct op *op, struct run run)
{
	op->runs = xrealloc(op->runs, op->nruns + 1, sizeof(*op->runs));
	op->runs[op->nruns++] = run;
}

static void parse_vmalloc(struct parser *p, struct op *op)
{
	static const uint64_t plain[] = { 0, VM_FLAG_ALLOC, VM_FLAG_HUGE, VM_FLAG_ALLOC | VM_FLAG_HUGE };
	const char *flags = p->words[2].text;
	uint64_t heads = 0, value;

	op->a = number(p, 1);
	if (op->a > 31)
		bad(p, column_of(p, 1), "an area counts its pages in 32 bits");
	if (!strncmp(flags, "raw:", 4)) {
		op->b = number_at(p, flags + 4, column_of(p, 2) + 4);
	} else {
		value = number(p, 2);
		if (value > 3)
			bad(p, column_of(p, 2), "flags are 0 to 3 or raw:VMFLAGS");
		op->b = plain[value];
	}

	for (size_t i = 3; i < p->nwords; i++) {
		uint64_t part[3];
		unsigned parts = numbers_in(p, i, part, 3);
		struct run run = { part[0], parts > 1 ? part[1] : 1, parts > 2 ? part[2] : UINT64_C(1) << op->a };

		/* An entry of 0 would end the list; no kernel maps page 0 there. */
		if (run.count && !run.start)
			bad(p, column_of(p, i), "a vmalloc area cannot hold page 0");
		if (p->sc->applies)
			check_run(p, column_of(p, i), &run, UINT64_C(1) << op->a);
		if (__builtin_add_overflow(heads, run.count, &heads) || heads > UINT32_MAX >> op->a)
			bad(p, column_of(p, i), "an area counts its pages in 32 bits");
		add_runs(op, run);
	}
	p->area_gone = xrealloc(p->area_gone, p->nareas + 1, sizeof(*p->area_gone));
	p->area_gone[p->nareas++] = false;
}

static void parse_delvmalloc(struct parser *p, struct op *op)
{
	op->a = number(p, 1);
	if (op->a >= p->nareas)
		bad(p, column_of(p, 1), "there is no vmalloc area %s yet", p->words[1].text);
	if (p->area_gone[op->a])
		bad(p, column_of(p, 1), "vmalloc area %s is gone already", p->words[1].text);
	p->area_gone[op->a] = true;
}

static void parse_scratch(struct parser *p, struct op *op)
{
	uint64_t bytes = (p->nwords - 2) * 16;
	bool inside = false;

	op->a = number(p, 1);
	if (op->a % 0x10000)
		bad(p, column_of(p, 1), "the scratch array is 64 KiB aligned");
	for (size_t i = 0; i < p->sc->nops; i++)
		if (p->sc->ops[i].kind == OP_SCRATCH)
			bad(p, column_of(p, 0), "the scratch areas are described already");
	for (size_t i = 2; i < p->nwords; i++) {
		uint64_t part[3];

		if (numbers_in(p, i, part, 3) != 2)
			bad(p, column_of(p, i), "an area is AREA:SIZE");
		/* The last byte, not the end, must have an address. */
		if (part[1] && part[0] > UINT64_MAX - (part[1] - 1))
			bad(p, column_of(p, i), "the area ends beyond 64 bits");
		inside |= op->a >= part[0] && part[1] >= bytes && op->a - part[0] <= part[1] - bytes;
		add_runs(op, (struct run){ part[0], part[1], 0 });
	}
	if (!inside)
		bad(p, column_of(p, 1), "the scratch array is in none of the areas");
}

static const struct {
	const char *name;
	enum op_kind kind;
	size_t min, max;                /* words behind the name */
	bool by_address;
} operations[] = {
	{ "page", OP_PAGE, 2, 2, false },
	{ "ppage", OP_PAGE, 2, 2, true },
	{ "pages", OP_PAGES, 2, 3, false },
	{ "range", OP_RANGE, 2, 2, false },
	{ "prange", OP_RANGE, 2, 2, true },
	{ "delpage", OP_DELPAGE, 2, 2, false },
	{ "delrange", OP_DELRANGE, 2, 2, false },
	{ "vmalloc", OP_VMALLOC, 3, SIZE_MAX, false },
	{ "delvmalloc", OP_DELVMALLOC, 1, 1, false },
	{ "subtree", OP_SUBTREE, 3, 3, false },
	{ "rmsubtree", OP_RMSUBTREE, 1, 1, false },
	{ "scratch", OP_SCRATCH, 2, SIZE_MAX, false },
	{ "finalize", OP_FINALIZE, 0, 0, false },
	{ "abort", OP_ABORT, 0, 0, false },
};

#define NOPERATIONS (sizeof(operations) / sizeof(operations[0]))

void parse_operation(struct parser *p)
{
	bool check = p->sc->applies, by_address;
	struct op op = { .line = p->line };
	size_t i = 0;

	while (i < NOPERATIONS && strcmp(p->words[0].text, operations[i].name))
		i++;
	if (i == NOPERATIONS)
		bad(p, column_of(p, 0), "unknown operation `%s`", p->words[0].text);
	check_count(p, operations[i].min, operations[i].max);
	op.text = join_words(p);
	op.kind = operations[i].kind;
	by_address = operations[i].by_address;

	switch (op.kind) {
	case OP_PAGE:
	case OP_DELPAGE:
		op.a = number(p, 1);
		op.b = number(p, 2);
		if (by_address)
			op.a = to_pages(p, 1, op.a);
		if (check) {
			check_order(p, 2, op.b);
			check_folio(p, 1, op.a, op.b);
		}
		break;
	case OP_PAGES:
		op.a = number(p, 1);
		op.b = number(p, 2);
		op.c = p->nwords > 3 ? number(p, 3) : 1;
		if (check)
			check_run(p, column_of(p, 1), &(struct run){ op.a, op.b, op.c }, 1);
		break;
	case OP_RANGE:
	case OP_DELRANGE:
		op.a = number(p, 1);
		op.b = number(p, 2);
		if (by_address) {
			op.a = to_pages(p, 1, op.a);
			op.b = to_pages(p, 2, op.b);
		}
		if (check)
			check_pages(p, column_of(p, 1), op.a, op.b);
		break;
	case OP_SUBTREE:
	case OP_SUBTREE_ALLOC:
		op.name = copy_word(p->words[1].text);
		if (!strcmp(p->words[2].text, "alloc"))
			op.kind = OP_SUBTREE_ALLOC;
		else
			op.a = number(p, 2);
		op.b = number(p, 3);
		break;
	case OP_VMALLOC:
		p->sc->applies &= p->abi->has_vmalloc;
		parse_vmalloc(p, &op);
		break;
	case OP_DELVMALLOC:
		parse_delvmalloc(p, &op);
		break;
	case OP_SCRATCH:
		parse_scratch(p, &op);
		break;
	case OP_RMSUBTREE:
		op.a = number(p, 1);
		break;
	case OP_FINALIZE:
	case OP_ABORT:
	case OP_LUO_SESSION:            /* from here on not in the table: luolines.c reads them */
	case OP_LUO_MEMFD:
	case OP_LUO_FILE:
	case OP_LUO_FLB:
		break;
	}
	add_operation(p, &op);
}
