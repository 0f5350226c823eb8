/*
 * Device trees that clients hand over, written by libfdt's sequential calls.
 *
 * They are made beside the arena: libfdt keeps strings at the end of its buffer until the tree is
 * finished, and such leftovers are no part of the blob.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"

struct tree { void *fdt; size_t room; };

static void must(int err, const char *what)
{
	if (err < 0)
		die(EXIT_LIBFDT, "%s: %s", what, fdt_strerror(err));
}

/* Opens the root node too. `room` is what the kernel gives libfdt to write into. */
struct tree *tree_begin(size_t room)
{
	struct tree *t = xrealloc(NULL, 1, sizeof(*t));

	t->room = room;
	t->fdt = xrealloc(NULL, room, 1);
	memset(t->fdt, 0, room);        /* libfdt leaves padding as it finds it */
	must(fdt_create(t->fdt, (int)room), "fdt_create");
	must(fdt_finish_reservemap(t->fdt), "fdt_finish_reservemap");
	tree_node(t, "");
	return t;
}

void tree_node(struct tree *t, const char *name)
{
	must(fdt_begin_node(t->fdt, name), name);
}

void tree_node_end(struct tree *t)
{
	must(fdt_end_node(t->fdt), "fdt_end_node");
}

void tree_string(struct tree *t, const char *name, const char *value)
{
	must(fdt_property_string(t->fdt, name, value), name);
}

/* Native memory, not the big endian cells of libfdt's helpers for numbers. */
void tree_bytes(struct tree *t, const char *name, const void *value, size_t size)
{
	must(fdt_property(t->fdt, name, value, (int)size), name);
}

/* Closes the root node and puts the tree where it belongs. Returns its totalsize. */
uint64_t tree_end(struct tree *t, uint64_t phys)
{
	uint64_t size;

	tree_node_end(t);
	must(fdt_finish(t->fdt), "fdt_finish");
	size = fdt_totalsize(t->fdt);
	memset(phys_to_virt(phys), 0, t->room);
	memcpy(phys_to_virt(phys), t->fdt, size);
	free(t->fdt);
	free(t);
	return size;
}
