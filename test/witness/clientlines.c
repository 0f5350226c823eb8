/*
 * The lines of a scenario that speak of clients. Those that are there from boot on only describe; what is
 * done at a line of its own is put among the operations.
 */
#include <stdlib.h>
#include <string.h>

#include "parser.h"

static char *copy_word(const char *text)
{
	return strcpy(xrealloc(NULL, strlen(text) + 1, 1), text);
}

/* A copy of a word that has to fit a field of `room` bytes, NUL included. */
static char *text_at(const struct parser *p, size_t i, size_t room)
{
	if (strlen(p->words[i].text) >= room)
		bad(p, column_of(p, i), "at most %zu characters", room - 1);
	return copy_word(p->words[i].text);
}

static uint64_t number_up_to(const struct parser *p, size_t i, uint64_t most)
{
	uint64_t value = number(p, i);

	if (value > most)
		bad(p, column_of(p, i), "at most %llu", (unsigned long long)most);
	return value;
}

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

/* ---- LUO ---- */

static bool known(const struct names *n, const char *name)
{
	for (size_t i = 0; i < n->n; i++)
		if (!strcmp(n->name[i], name))
			return true;
	return false;
}

static void add_name(struct names *n, const char *name)
{
	n->name = xrealloc(n->name, n->n + 1, sizeof(*n->name));
	n->name[n->n++] = copy_word(name);
}

/* A session whose name is there already is refused: files go on into the one before. */
static void parse_session(struct parser *p, struct op *op)
{
	check_count(p, 2, 2);
	op->name = text_at(p, 2, 64);
	if (known(&p->sessions, op->name))
		return;
	add_name(&p->sessions, op->name);
	p->ntokens = 0;
}

static void parse_token(struct parser *p, size_t i, struct op *op)
{
	op->a = number(p, i);
	if (!p->sessions.n)
		bad(p, column_of(p, 0), "a file needs a session before it");
	for (size_t t = 0; t < p->ntokens; t++)
		if (p->tokens[t] == op->a)
			bad(p, column_of(p, i), "a second file with this token");
	p->tokens = xrealloc(p->tokens, p->ntokens + 1, sizeof(*p->tokens));
	p->tokens[p->ntokens++] = op->a;
}

/* A word KEY=N: its number goes where `value` says. */
static bool option(const struct parser *p, size_t i, const char *key, uint64_t *value)
{
	size_t length = strlen(key);
	const char *text = p->words[i].text;

	if (strncmp(text, key, length))
		return false;
	*value = number_at(p, text + length, column_of(p, i) + (unsigned)length);
	return true;
}

static void parse_memfd(struct parser *p, struct op *op)
{
	uint64_t index = 0;
	size_t i = 4;

	check_count(p, 3, SIZE_MAX);
	parse_token(p, 2, op);
	op->b = number(p, 3);
	if (i < p->nwords && option(p, i, "pos=", &op->c))
		i++;
	if (i < p->nwords && option(p, i, "seals=", &op->d)) {
		if (op->d > UINT32_MAX)
			bad(p, column_of(p, i), "seals have 32 bits");
		i++;
	}
	for (; i < p->nwords; i++) {
		uint64_t part[4] = { 0 };
		unsigned parts = numbers_in(p, i, part, 4);
		struct folios run = { part[0], part[1], part[2], parts > 3 ? part[3] : index };

		if (parts < 2)
			bad(p, column_of(p, i), "folios are PFN:COUNT[:ORDER[:INDEX]]");
		if (!run.pfn)
			bad(p, column_of(p, i), "a memfd cannot hold page 0");
		if (run.order > 64 - 12)
			bad(p, column_of(p, i), "order %llu is beyond 64 bits", (unsigned long long)run.order);
		check_folios(p, i, &run);
		index = run.index + (run.count << run.order);
		op->folios = xrealloc(op->folios, op->nfolios + 1, sizeof(*op->folios));
		op->folios[op->nfolios++] = run;
	}
}

static void parse_file(struct parser *p, struct op *op)
{
	check_count(p, 4, 4);
	op->name = text_at(p, 2, 48);
	parse_token(p, 3, op);
	op->b = number(p, 4);
}

static void parse_flb(struct parser *p, struct op *op)
{
	check_count(p, 4, 4);
	op->name = text_at(p, 2, 48);
	if (known(&p->flbs, op->name))
		bad(p, column_of(p, 2), "a second FLB of this name");
	add_name(&p->flbs, op->name);
	op->a = number(p, 3);
	op->b = number(p, 4);
	if (p->sc->clients.luo_format)
		p->sc->applies &= p->sc->clients.luo_format->has_flbs;
}

static void parse_luo(struct parser *p)
{
	static const struct {
		const char *name;
		enum op_kind kind;
		void (*parse)(struct parser *p, struct op *op);
	} kinds[] = {
		{ "session", OP_LUO_SESSION, parse_session },
		{ "memfd", OP_LUO_MEMFD, parse_memfd },
		{ "file", OP_LUO_FILE, parse_file },
		{ "flb", OP_LUO_FLB, parse_flb },
	};
	struct client_lines *lines = &p->sc->clients;

	lines->luo = true;
	p->sc->applies &= lines->luo_format != NULL;
	for (size_t i = 0; p->nwords > 1 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct op op = { .kind = kinds[i].kind, .line = p->line };

		if (strcmp(p->words[1].text, kinds[i].name))
			continue;
		op.text = join_words(p);
		kinds[i].parse(p, &op);
		add_operation(p, &op);
		return;
	}
	check_count(p, 0, 1);
	once(p, p->plain_luo);
	p->plain_luo = true;
	if (p->nwords > 1)
		lines->liveupdate_num = number(p, 1);
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
