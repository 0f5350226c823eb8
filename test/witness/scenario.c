/* Reads a scenario file: the set-up lines here, operations in operations.c, clients in clientlines.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

/* One of two words; 0 or 1. */
static unsigned choice(const struct parser *p, const char *zero, const char *one)
{
	if (!strcmp(p->words[1].text, zero))
		return 0;
	if (strcmp(p->words[1].text, one))
		bad(p, column_of(p, 1), "expected %s or %s", zero, one);
	return 1;
}

static void parse_pageshift(struct parser *p)
{
	bool ours = false;

	for (size_t i = 1; i < p->nwords; i++) {
		uint64_t shift = number(p, i);

		if (shift != 12 && shift != 14 && shift != 16)
			bad(p, column_of(p, i), "a page shift is 12, 14 or 16");
		ours |= shift == PAGE_SHIFT;
	}
	p->sc->applies &= ours;
}

/* `only v1` means kho-v1 and everything that is named kho-v1-something. */
static void parse_only(struct parser *p)
{
	bool ours = false;

	for (size_t i = 1; i < p->nwords; i++) {
		const char *version = p->words[i].text, *name = p->abi->name + strlen("kho-");
		size_t length = strlen(version);

		ours |= !strncmp(name, version, length) && (!name[length] || name[length] == '-');
	}
	p->sc->applies &= ours;
}

static bool parse_setup(struct parser *p)
{
	enum { BASE, PAGESHIFT, BYTEORDER, UTS, INIT, NUMA, ONLY, CLIENT, KEYWORDS };
	static const char *const names[KEYWORDS] = {
		"base", "pageshift", "byteorder", "uts", "init", "numa", "only", "client"
	};
	struct scenario *sc = p->sc;
	unsigned i = 0;

	while (i < KEYWORDS && strcmp(p->words[0].text, names[i]))
		i++;
	if (i == KEYWORDS)
		return false;
	if (p->in_operations)
		bad(p, column_of(p, 0), "`%s` must stand before the first operation", names[i]);
	if (i != NUMA && p->seen & 1U << i)
		bad(p, column_of(p, 0), "a second `%s`", names[i]);
	p->seen |= 1U << i;
	if (i == CLIENT)
		check_count(p, 2, 2);
	else
		check_count(p, 1, i == PAGESHIFT || i == ONLY ? SIZE_MAX : 1);

	switch (i) {
	case BASE:
		sc->base = number(p, 1);
		p->base_line = p->line;
		p->base_column = column_of(p, 1);
		break;
	case PAGESHIFT:
		parse_pageshift(p);
		break;
	case BYTEORDER:
		sc->applies &= choice(p, "little", "big") == HOST_BIG_ENDIAN;
		break;
	case UTS:
		if (strlen(p->words[1].text) >= sizeof(sc->uts))
			bad(p, column_of(p, 1), "a release string has at most 64 bytes");
		memset(sc->uts, 0, sizeof(sc->uts));
		strcpy(sc->uts, p->words[1].text);
		break;
	case INIT:
		sc->kernel_init = choice(p, "bare", "kernel");
		break;
	case NUMA:
		sc->numa = xrealloc(sc->numa, sc->nnuma + 1, sizeof(*sc->numa));
		sc->numa[sc->nnuma++] = number(p, 1);
		break;
	case ONLY:
		parse_only(p);
		break;
	case CLIENT:
		parse_client(p);
		break;
	}
	return true;
}

static void end_of_setup(struct parser *p)
{
	p->in_operations = true;
	if (p->sc->applies && p->sc->base % PAGE_SIZE) {
		p->line = p->base_line;
		bad(p, p->base_column, "not a multiple of the page size");
	}
}

void scenario_read(struct scenario *sc, const struct abi *abi, const char *file)
{
	struct parser p = { .sc = sc, .abi = abi };
	FILE *f = open_or_die(file, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	*sc = (struct scenario){ .file = file, .applies = true, .base = UINT64_C(0x100000000), .uts = "oracle" };
	/* A machine that was itself not booted by kexec. */
	sc->clients = (struct client_lines){ .kexec_count = 1, .liveupdate_num = 1, .luo_format = abi->luo };
	while ((length = getline(&line, &size, f)) >= 0) {
		p.line++;
		if (length && line[length - 1] == '\n')
			line[--length] = 0;
		if (strlen(line) != (size_t)length)
			bad(&p, (unsigned)strlen(line) + 1, "a NUL byte");
		split_line(&p, line);
		if (!p.nwords || parse_setup(&p))
			continue;
		if (!p.in_operations)
			end_of_setup(&p);
		if (!parse_client_line(&p))
			parse_operation(&p);
	}
	if (ferror(f))
		die(EXIT_FAULT, "%s: %s", file, strerror(errno));
	if (!p.in_operations)
		end_of_setup(&p);
	fclose(f);
	free(line);
	free(p.words);
	free(p.area_gone);
}
