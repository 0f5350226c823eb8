/*
 * The lines of a scenario that speak of clients. Those that are there from boot on only describe; what is
 * done at a line of its own is put among the operations.
 */
#include <stdlib.h>
#include <string.h>

#include "parser.h"

static void once(const struct parser *p, bool seen)
{
	if (seen)
		bad(p, column_of(p, 0), "a second `%s`", p->words[0].text);
}

/* ---- set-up ---- */

/* Another format of LUO than the release's own; no LUO stays no LUO. */
void parse_client(struct parser *p)
{
	static const char *const formats[] = { "luo-v2", "luo-v3", "luo-v4" };
	size_t i = 0;

	if (strcmp(p->words[1].text, "luo"))
		bad(p, column_of(p, 1), "only `client luo` can be chosen");
	while (i < 3 && strcmp(p->words[2].text, formats[i]))
		i++;
	if (i == 3)
		bad(p, column_of(p, 2), "expected luo-v2, luo-v3 or luo-v4");
	if (p->abi->luo)
		p->sc->clients.luo_format = luo_format_find(formats[i]);
}

/* ---- from boot on ---- */

static void parse_metadata(struct parser *p)
{
	struct client_lines *lines = &p->sc->clients;
	char *release = text_at(p, 1, sizeof(p->sc->uts));

	once(p, lines->metadata);
	lines->metadata = true;
	lines->kexec_count = (uint32_t)number_up_to(p, 2, UINT32_MAX);
	memset(p->sc->uts, 0, sizeof(p->sc->uts));
	strcpy(p->sc->uts, release);
	free(release);
	p->sc->applies &= p->abi->has_metadata;
}

static void parse_test(struct parser *p)
{
	struct client_lines *lines = &p->sc->clients;

	once(p, lines->ntest);
	lines->ntest = p->nwords - 1;
	lines->test_orders = xrealloc(NULL, lines->ntest, sizeof(*lines->test_orders));
	for (size_t i = 0; i < lines->ntest; i++)
		lines->test_orders[i] = (unsigned)number_up_to(p, i + 1, 10);
	p->sc->applies &= p->abi->selftest != SELFTEST_NONE;
}

static void parse_memblock(struct parser *p)
{
	struct client_lines *lines = &p->sc->clients;
	struct region r = { .name = text_at(p, 1, 16), .phys = number(p, 2), .size = number(p, 3) };

	if (lines->nregions == MAX_REGIONS)
		bad(p, column_of(p, 0), "at most %d regions", MAX_REGIONS);
	for (size_t i = 0; i < lines->nregions; i++)
		if (!strcmp(lines->regions[i].name, r.name))
			bad(p, column_of(p, 1), "a second region of this name");
	if (p->sc->applies && r.phys % PAGE_SIZE)
		bad(p, column_of(p, 2), "not a multiple of the page size");
	if (!r.size)
		bad(p, column_of(p, 3), "a region has a size");
	if (r.phys > UINT64_MAX - (r.size - 1))
		bad(p, column_of(p, 2), "the region ends beyond 64 bits");
	lines->regions[lines->nregions++] = r;
}

/* False: the line is no client's. */
bool parse_client_line(struct parser *p)
{
	static const struct {
		const char *name;
		size_t min, max;
		void (*parse)(struct parser *p);
	} lines[] = {
		{ "metadata", 2, 2, parse_metadata },
		{ "kho-test", 1, SIZE_MAX, parse_test },
		{ "memblock", 3, 3, parse_memblock },
		{ "luo", 0, SIZE_MAX, parse_luo },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strcmp(p->words[0].text, lines[i].name))
			continue;
		check_count(p, lines[i].min, lines[i].max);
		lines[i].parse(p);
		return true;
	}
	return false;
}
