/* Shared by the files that read a scenario. A fault in it ends the program with code 2. */
#ifndef PARSER_H
#define PARSER_H

#include "witness.h"

struct word { char *text; unsigned column; };
struct names { char **name; size_t n; };

struct parser {
	struct scenario *sc;
	const struct abi *abi;
	unsigned line;
	struct word *words;
	size_t nwords;
	unsigned end;                   /* column behind the last word */
	unsigned seen;                  /* set-up keywords met, one bit each */
	unsigned base_line;             /* where the base was given: it is judged after the set-up */
	unsigned base_column;
	bool in_operations;
	bool *area_gone;                /* for each vmalloc line: unpreserved already */
	size_t nareas;
	bool plain_luo;
	struct names sessions, flbs;    /* that were there before this line */
	uint64_t *tokens;               /* of the last session */
	size_t ntokens;
};

/* words.c; words are counted from 0, the name of the line */
_Noreturn void bad(const struct parser *p, unsigned column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void split_line(struct parser *p, char *line);
char *join_words(const struct parser *p);
unsigned column_of(const struct parser *p, size_t i);
uint64_t number_at(const struct parser *p, const char *text, unsigned column);
uint64_t number(const struct parser *p, size_t i);
unsigned numbers_in(const struct parser *p, size_t i, uint64_t *value, unsigned most);
void check_count(const struct parser *p, size_t min, size_t max);
char *copy_word(const char *text);
char *text_at(const struct parser *p, size_t i, size_t room);
uint64_t number_up_to(const struct parser *p, size_t i, uint64_t most);

/* operations.c */
void parse_operation(struct parser *p);
void add_operation(struct parser *p, const struct op *op);
void check_folios(const struct parser *p, size_t i, const struct folios *run);

/* clientlines.c */
void parse_client(struct parser *p);
bool parse_client_line(struct parser *p);

/* luolines.c */
void parse_luo(struct parser *p);

#endif
