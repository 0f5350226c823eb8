/* The lines of a scenario that begin with `luo`: LUO itself, its sessions, their files, and FLBs. */
#include <string.h>

#include "parser.h"

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

void parse_luo(struct parser *p)
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
	if (p->plain_luo)
		bad(p, column_of(p, 0), "a second plain `luo`");
	p->plain_luo = true;
	if (p->nwords > 1)
		lines->liveupdate_num = number(p, 1);
}
