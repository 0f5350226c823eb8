/* The lines of /expect: see README.md. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define MAX_TEXT (64 * 1024)

static bool number(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return end != text && !*end && !errno;
}

static bool key(struct item *item, char *word)
{
	static const struct {
		const char *name;
		enum item_key bit;
		size_t at;
	} keys[] = {
		{ "size", KEY_SIZE, offsetof(struct item, size) },
		{ "pos", KEY_POS, offsetof(struct item, pos) },
		{ "seals", KEY_SEALS, offsetof(struct item, seals) },
		{ "crc", KEY_CRC, offsetof(struct item, crc) },
		{ "fill", KEY_FILL, offsetof(struct item, fill) },
	};
	char *value = strchr(word, '=');

	if (!value)
		return false;
	*value++ = 0;
	for (size_t at = 0; at < sizeof(keys) / sizeof(keys[0]); at++) {
		if (strcmp(word, keys[at].name))
			continue;
		item->keys |= keys[at].bit;
		return number(value, (uint64_t *)((char *)item + keys[at].at));
	}
	return false;
}

static bool line_read(struct item *item, char *line)
{
	static const char *const kinds[] = { "session", "file", "finish", "memory", "debugfs" };
	char *save;
	char *word = strtok_r(line, " ", &save);
	size_t kind = 0;

	memset(item, 0, sizeof(*item));
	while (kind < 5 && strcmp(word, kinds[kind]))
		kind++;
	if (kind == 5)
		return false;
	item->kind = kind;
	if (kind == ITEM_FINISH)
		return !strtok_r(NULL, " ", &save);
	word = strtok_r(NULL, " ", &save);
	if (!word)
		return false;
	if (kind == ITEM_FILE || kind == ITEM_MEMORY) {
		if (!number(word, &item->number))
			return false;
	} else {
		if (strlen(word) >= sizeof(item->name))
			return false;
		strcpy(item->name, word);
	}
	while ((word = strtok_r(NULL, " ", &save)))
		if (!key(item, word))
			return false;
	return kind != ITEM_MEMORY || item->keys & KEY_SIZE;
}

struct item *expect_read(const char *path, size_t *count)
{
	static char text[MAX_TEXT + 1];
	struct item *items = NULL;
	size_t length = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*count = 0;
	if (fd < 0)
		return NULL;
	while (length < MAX_TEXT && (got = read(fd, text + length, MAX_TEXT - length)) > 0)
		length += got;
	close(fd);
	text[length] = 0;
	for (char *line = text, *next; line; line = next) {
		char *comment;

		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		comment = strchr(line, '#');
		if (comment)
			*comment = 0;
		if (!line[strspn(line, " ")])
			continue;
		items = realloc(items, (*count + 1) * sizeof(*items));
		if (!items) {
			say("out of memory");
			exit(1);
		}
		if (line_read(&items[*count], line))
			(*count)++;
		else
			verdict(false, "expect", "bad line: %s", line);
	}
	return items;
}
