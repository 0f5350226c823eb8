/* Lines into words, words into numbers; every complaint names line and column. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"

void bad(const struct parser *p, unsigned column, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	die(EXIT_SCENARIO, "%s:%u:%u: %s", p->sc->file, p->line, column, text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void split_line(struct parser *p, char *line)
{
	char *at = line, *comment = strchr(line, '#');

	if (comment)
		*comment = 0;
	p->nwords = 0;
	for (;;) {
		while (is_blank(*at))
			at++;
		if (!*at)
			return;
		p->words = xrealloc(p->words, p->nwords + 1, sizeof(*p->words));
		p->words[p->nwords++] = (struct word){ at, (unsigned)(at - line) + 1 };
		while (*at && !is_blank(*at))
			at++;
		p->end = (unsigned)(at - line) + 1;
		if (*at)
			*at++ = 0;
	}
}

char *join_words(const struct parser *p)
{
	size_t size = 0;
	char *text, *at;

	for (size_t i = 0; i < p->nwords; i++)
		size += strlen(p->words[i].text) + 1;
	at = text = xrealloc(NULL, size, 1);
	for (size_t i = 0; i < p->nwords; i++)
		at += sprintf(at, "%s%s", i ? " " : "", p->words[i].text);
	return text;
}

/* strtoull would let signs, blanks and overflow pass. */
uint64_t number_at(const struct parser *p, const char *text, unsigned column)
{
	unsigned radix = 10;
	uint64_t value = 0;
	const char *s = text;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		radix = 16;
		s += 2;
	} else if (s[0] == '0' && s[1]) {
		radix = 8;
		s++;
	}
	if (!*s)
		bad(p, column, "`%s` is not a number", text);
	for (; *s; s++) {
		unsigned digit = *s >= '0' && *s <= '9' ? (unsigned)(*s - '0') :
				 *s >= 'a' && *s <= 'f' ? (unsigned)(*s - 'a') + 10 :
				 *s >= 'A' && *s <= 'F' ? (unsigned)(*s - 'A') + 10 : 16;

		if (digit >= radix)
			bad(p, column, "`%s` is not a number", text);
		if (__builtin_mul_overflow(value, radix, &value) || __builtin_add_overflow(value, digit, &value))
			bad(p, column, "`%s` does not fit 64 bits", text);
	}
	return value;
}

uint64_t number(const struct parser *p, size_t i)
{
	return number_at(p, p->words[i].text, p->words[i].column);
}

unsigned column_of(const struct parser *p, size_t i)
{
	return p->words[i].column;
}

/* A word of the form A:B[:C...] with at most `most` parts; returns how many there are. */
unsigned numbers_in(const struct parser *p, size_t i, uint64_t *value, unsigned most)
{
	char *text = p->words[i].text;
	unsigned column = column_of(p, i), n = 0;

	for (char *colon; ; text = colon + 1) {
		if (n == most)
			bad(p, column, "too many parts");
		colon = strchr(text, ':');
		if (colon)
			*colon = 0;
		value[n++] = number_at(p, text, column);
		if (!colon)
			return n;
		column += (unsigned)(colon - text) + 1;
	}
}

void check_count(const struct parser *p, size_t min, size_t max)
{
	if (p->nwords - 1 < min)
		bad(p, p->end, "`%s` needs more words", p->words[0].text);
	if (p->nwords - 1 > max)
		bad(p, column_of(p, max + 1), "too many words");
}

char *copy_word(const char *text)
{
	return strcpy(xrealloc(NULL, strlen(text) + 1, 1), text);
}

/* A copy of a word that has to fit a field of `room` bytes, NUL included. */
char *text_at(const struct parser *p, size_t i, size_t room)
{
	if (strlen(p->words[i].text) >= room)
		bad(p, column_of(p, i), "at most %zu characters", room - 1);
	return copy_word(p->words[i].text);
}

uint64_t number_up_to(const struct parser *p, size_t i, uint64_t most)
{
	uint64_t value = number(p, i);

	if (value > most)
		bad(p, column_of(p, i), "at most %llu", (unsigned long long)most);
	return value;
}
